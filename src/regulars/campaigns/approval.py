"""Approvals: a plan that would reach more people than `guards.approval` waits until somebody of the team lets it go.

What is approved is a campaign as the files have it (their fingerprint) and a number of people. It holds for every run
of the same files that reaches at most that many, and a tenth more: people come and go between a plan and its run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from regulars.campaigns.desk import Desk
from regulars.campaigns.team import of_the_team
from regulars.errors import ProjectError
from regulars.ledger import approvals

GROWTH = 10
"""Per cent by which a run may outgrow what was approved."""


class Approved(NamedTuple):
    """What somebody let go."""

    campaign: str
    people: int
    needed: bool
    """Whether it would have waited."""


def reached(counts: Mapping[str, Any]) -> int:
    """Whom a run reaches: who is sent to, and who enters now and is written to later."""
    return int(sum(counts["send"].values()) + counts.get("later", 0))


def waits(desk: Desk, campaign: str, counts: Mapping[str, Any]) -> str:
    """Why a run waits that would do what `counts` says (see `select.summary`); empty where it does not."""
    limit, people = desk.rules.guards.approval, reached(counts)
    if limit is None or people <= limit.people:
        return ""
    fingerprint = desk.project.fingerprint
    approved = approvals.approved(desk.ledger, fingerprint, campaign)
    if people * 100 <= approved * (100 + GROWTH):
        return ""
    had = f" (approved: {approved:,})" if approved else ""
    whose = next(iter(desk.rules.shop.team), "NAME")
    return (
        f"{people:,} people, and more than {limit.people:,} need an approval{had}: "
        f"regulars approve {fingerprint} --as {whose}"
    )


def approve(desk: Desk, fingerprint: str, name: str, campaigns: Sequence[str], at: datetime) -> list[Approved]:
    """Let go what `campaigns` would send as they are planned at `at`; without names every live one that waits.

    Raises ProjectError where the files are not those of `fingerprint`, WrongUse for a name that is not of the team.
    """
    of_the_team(desk, name)
    if fingerprint != desk.project.fingerprint:
        raise ProjectError(
            f"The files are not those of plan {fingerprint} any more; theirs is {desk.project.fingerprint}. "
            "Somebody edited them since.",
            "Look again, and approve what you have seen: regulars plan",
        )
    from regulars.campaigns.planning.plan import plan

    limit = desk.rules.guards.approval
    live = [one for one, campaign in desk.project.campaigns.items() if campaign.status == "live"]
    planned = plan(desk, list(dict.fromkeys(campaigns)) or live, at)["campaigns"]
    numbers = [(one["campaign"], sum(one["would_send"].values()) + one["waiting"]) for one in planned]
    let_go = [Approved(one, people, limit is not None and people > limit.people) for one, people in numbers]
    if not campaigns:
        let_go = [one for one in let_go if one.needed]
    with desk.ledger.writing() as connection:
        for one in let_go:
            approvals.record(connection, fingerprint, one.campaign, name, one.people, at)
    return let_go
