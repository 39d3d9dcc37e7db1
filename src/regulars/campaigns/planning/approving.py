"""Somebody of the team lets a plan go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from regulars.campaigns.desk import Desk
from regulars.campaigns.planning.plan import plan
from regulars.campaigns.team import of_the_team
from regulars.errors import ProjectError
from regulars.ledger import approvals


class Approved(NamedTuple):
    """What somebody let go."""

    campaign: str
    people: int
    needed: bool
    """Whether it would have waited."""


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
