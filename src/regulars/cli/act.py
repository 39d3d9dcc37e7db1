"""Verbs that act: run, deliver, conversions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regulars.cli.app import (
    AsOfOption,
    CampaignsArgument,
    FormatOption,
    ProjectOption,
    answer,
    answer_json,
    app,
    moment,
    root_of,
    tell,
)
from regulars.cli.layout import of_run, wrapped
from regulars.errors import MessagesFailed, ProjectError, WrongUse

if TYPE_CHECKING:
    from regulars.serving.running import Outcome


@app.command()
def run(
    campaigns: CampaignsArgument = None,
    project: ProjectOption = None,
    as_of: AsOfOption = "",
    plan: Annotated[
        str, typer.Option("--plan", metavar="FINGERPRINT", help="Only if the files are still those of this plan.")
    ] = "",
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the number in a terminal.")] = False,
) -> None:
    """Run campaigns through Prefect: decide, enrol, deliver. Without a name, those that are due today."""
    from regulars.campaigns import running
    from regulars.campaigns.desk import Desk
    from regulars.serving.running import run_campaigns

    root = root_of(project)
    with Desk.open(root) as desk:
        at = moment(as_of, desk.zone)
        if plan and plan != desk.project.fingerprint:
            raise ProjectError(
                f"The files are not those of plan {plan} any more; theirs is {desk.project.fingerprint}.",
                "Look again: regulars plan",
            )
        for name in campaigns or []:
            desk.campaign(name)
        names = campaigns or running.due(desk, at)
        _ = desk.ledger.salt("arms"), desk.vocabulary
    if not names:
        answer("No campaign is due today. Nothing was sent.")
        return
    if not yes:
        _ask_for_the_number(root, names, at)
    outcomes = run_campaigns(root, names, at if as_of else None)
    widest = max(len(outcome.name) for outcome in outcomes)
    for outcome in outcomes:
        did = of_run(outcome.figures) if outcome.error is None else str(outcome.error)
        answer(wrapped(f"{outcome.name:<{widest}}  ", did))
    _leave(outcomes)


def _ask_for_the_number(root: Path, names: list[str], at: datetime) -> None:
    """In a terminal, show the plan and let somebody type how many people it reaches."""
    import sys

    if not sys.stdin.isatty():
        return
    from regulars.campaigns.desk import Desk
    from regulars.campaigns.planning.plan import plan as planned
    from regulars.cli.plan_text import of_plan, to_type

    with Desk.open(root, looking=True) as desk:
        foreseen = planned(desk, names, at)
        tell(of_plan(foreseen, desk, asked=True))
    number = to_type(foreseen, named=True)
    if not number:
        return
    typed = typer.prompt(f"\nType {number:,} to send, anything else to stop", err=True, default="", show_default=False)
    if typed.strip().replace(",", "") != str(number):
        raise ProjectError("The number was not typed. Nothing was sent.", "Run it again when you are sure.")


def _leave(told: Sequence[Outcome]) -> None:
    """Leave with the code that says what happened."""
    worst = max((outcome.error.exit_code for outcome in told if outcome.error), default=0)
    if worst:
        raise typer.Exit(worst)
    _raise_for_failed(sum((Counter(outcome.figures) for outcome in told), Counter()))


def _raise_for_failed(states: Counter[str]) -> None:
    failed = sum(states[state] for state in ("dead", "failed", "ambiguous"))
    if failed:
        raise MessagesFailed(
            f"{failed:,} messages did not go out, or may not have.",
            "The others did. `regulars report` counts them by state.",
        )


@app.command()
def deliver(
    project: ProjectOption = None,
    as_of: AsOfOption = "",
    *,
    here: Annotated[
        bool, typer.Option("--here", help="Only send what is due, in this process and without Prefect.")
    ] = False,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="The same, until SIGTERM: one of several workers on one ledger.")
    ] = False,
) -> None:
    """Write the follow-ups that fell due and send everything that waits in the outbox."""
    if here or keep_going:
        _deliver_here(root_of(project), as_of, keep_going=keep_going)
        return
    from regulars.campaigns.desk import Desk
    from regulars.serving.running import run_advance

    root = root_of(project)
    with Desk.open(root) as desk:
        at = moment(as_of, desk.zone)
    outcome = run_advance(root, at if as_of else None)
    answer(of_run(outcome.figures) if outcome.error is None else str(outcome.error))
    _leave([outcome])


def _deliver_here(root: Path, as_of: str, *, keep_going: bool) -> None:
    from contextlib import nullcontext

    from regulars import clock
    from regulars.campaigns.desk import Desk
    from regulars.campaigns.draining import work
    from regulars.campaigns.signals import stopping

    if keep_going and as_of:
        raise WrongUse("`--keep-going` sends as time goes by, and `--as-of` stops it.", "Take one of them.")
    with Desk.open(root) as desk:
        at = moment(as_of, desk.zone)
    with clock.frozen(at) if as_of else nullcontext(), stopping() as stop:
        states = work(root, stop, keep_going=keep_going, told=tell)
    answer(of_run(states))
    _raise_for_failed(Counter(states))


@app.command()
def conversions(project: ProjectOption = None, as_of: AsOfOption = "", format: FormatOption = "text") -> None:  # noqa: A002  # the option's name
    """Match new orders to the messages that earned them, each order once."""
    from regulars import clock
    from regulars.campaigns.convert import convert
    from regulars.campaigns.desk import Desk

    with Desk.open(root_of(project)) as desk:
        at = moment(as_of, desk.zone)
        with clock.frozen(at):
            found = convert(desk, at)
        if format == "json":
            answer_json(
                {
                    "orders": found.orders,
                    "by_evidence": found.by_evidence,
                    "referrals": found.referrals,
                    "friends": asdict(found.friends),
                    "revenue": f"{found.revenue:.2f}",
                    "withdrawn": found.withdrawn,
                    "by_strangers": found.by_strangers,
                }
            )
            return
        evidence = ", ".join(f"{number:,} by {what}" for what, number in sorted(found.by_evidence.items()))
        strangers = f"; {found.by_strangers:,} orders carried a shared code that nobody gave to their customer"
        taken_back = f"; {found.withdrawn:,} credits taken back, their orders do not count any more"
        answer(
            f"{found.orders:,} new orders credited{f' ({evidence})' if evidence else ''}, "
            f"{found.revenue:,.2f} {desk.rules.shop.currency}; {found.referrals:,} friends brought"
            + (f", {found.friends.paid:,} paid for" if found.friends.paid else "")
            + (f", {sum(found.friends.refused.values()):,} refused" if found.friends.refused else "")
            + (taken_back if found.withdrawn else "")
            + (strangers if found.by_strangers else "")
        )
