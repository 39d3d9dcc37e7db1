"""Verbs of who operates: reconcile, doctor."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from regulars.cli.app import FormatOption, ProjectOption, answer, answer_json, app, root_of
from regulars.cli.layout import row
from regulars.errors import MessagesFailed, WrongUse

SIGNS = {"ok": "✓", "warning": "!", "error": "✗"}


@app.command()
def reconcile(
    project: ProjectOption = None,
    format: FormatOption = "text",  # noqa: A002  # the option's name
    lift: Annotated[
        str, typer.Option("--lift", metavar="SCOPE", help="Let what was halted go on: 'campaign winback'.")
    ] = "",
    *,
    requeue: Annotated[
        bool, typer.Option("--requeue", help="Send again what is proven unsent, if it is still in time.")
    ] = False,
    recovered: Annotated[
        bool, typer.Option("--recovered", help="This older copy of the ledger may send again: I have looked.")
    ] = False,
) -> None:
    """Settle messages in doubt by what the providers know; tell what is left, and what is halted."""
    from regulars import clock
    from regulars.campaigns import reconcile as reconciling
    from regulars.campaigns.desk import Desk
    from regulars.ledger import doubt, halts

    with Desk.open(root_of(project)) as desk:
        at = clock.now()
        settled = reconciling.settle(desk, at)
        if recovered:
            settled = reconciling.recover(desk, at)
        if requeue:
            settled.requeued += reconciling.requeue(desk, at)
        if lift:
            if not reconciling.lift(desk, lift, at):
                raise WrongUse(f"`{lift}` is not halted.", "`regulars doctor` tells what is.")
            settled.lifted.append(lift)
        left = doubt.counted(desk.ledger).to_pylist()
        with desk.ledger.reading() as connection:
            stopped = halts.in_force(connection)
    if format == "json":
        answer_json({"settled": asdict(settled), "in_doubt": left, "halted": stopped})
        return
    for line in _told(settled):
        answer(line)
    for one in left:
        since = one["since"]
        answer(row(one["state"], f"{_of(one)}{f', since {_moment(since)}' if since else ''}", f"{one['messages']:,}"))
    for scope, reason in stopped.items():
        answer(row("halted", f"{scope}: {reason}"))
    if not left and not stopped:
        answer("Nothing is in doubt, and nothing is halted.")


def _told(settled: Any) -> list[str]:
    words = {
        "accepted": "the provider has them",
        "unsent": "proven not sent",
        "requeued": "planned again",
        "doubted": "may have been sent since this copy was made; they are not sent before that is known",
    }
    lines = [row("settled", words[name], f"{getattr(settled, name):,}") for name in words if getattr(settled, name)]
    return lines + [row("goes on", scope) for scope in settled.lifted]


def _of(one: dict[str, Any]) -> str:
    return f"{one['channel']} of {one['campaign']}: {one['reason']}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


@app.command()
def doctor(
    project: ProjectOption = None,
    format: FormatOption = "text",  # noqa: A002  # the option's name
    *,
    ledger: Annotated[
        bool, typer.Option("--ledger", help="Look through the whole ledger for what must never be; may take minutes.")
    ] = False,
) -> None:
    """Look whether this installation is fit to send: settings, ledger, providers, what waits and what is in doubt."""
    from regulars import clock
    from regulars.campaigns import checkup
    from regulars.campaigns.desk import Desk
    from regulars.ledger import checks

    with Desk.open(root_of(project), looking=True) as desk:
        found = checkup.examine(desk, clock.now())
        broken = checks.violations(desk.ledger) if ledger and desk.ledger.exists else []
    if format == "json":
        answer_json({"findings": [asdict(one) for one in found], "violations": [asdict(one) for one in broken]})
    else:
        for one in found:
            answer(row(f"{SIGNS[one.level]} {one.about}", one.sentence + (f" → {one.way_out}" if one.way_out else "")))
        for violation in broken:
            answer(row("✗ ledger", str(violation)))
        if ledger and not broken:
            answer(row("✓ ledger", "everything that must always hold does (I1–I9)"))
    if broken or any(one.level == "error" for one in found):
        raise MessagesFailed("Something is not as it must be.", "The lines marked ✗ say what, and what to do.")
