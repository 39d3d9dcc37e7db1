"""What could stop a run, and whether it does: `expect`, approvals, the last day, pools."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

from regulars.campaigns import approval, calendar
from regulars.campaigns.desk import Desk
from regulars.lang.model import Limits
from regulars.ledger import approvals


class Limit(TypedDict):
    """One limit: `expect at most 2,000 in the audience`, and whether it is kept."""

    says: str
    kept: bool


def limits(desk: Desk, name: str, at: datetime, counts: dict[str, Any]) -> list[Limit]:
    """The limits that the campaign and the shop set. `counts` as `select.summary` gives them."""
    campaign = desk.campaign(name)
    people = sum(counts["send"].values())
    found = [
        *_of(campaign.expect.audience, counts["audience"], "in the audience"),
        *_of(campaign.expect.send, people, "who get it"),
    ]
    if campaign.ends is not None:
        over = calendar.has_ended(campaign, at, desk.zone)
        found.append({"says": f"{'ended' if over else 'ends'} {campaign.ends.on:%a %d %b %Y}", "kept": not over})
    limit = desk.rules.guards.approval
    if limit is not None:
        needed = approval.reached(counts) > limit.people
        had = approvals.approved(desk.ledger, desk.project.fingerprint, name) if needed else 0
        given = f"given for {had:,}" if had else "needed" if needed else "not needed"
        kept = not approval.waits(desk, name, counts)
        found.append({"says": f"approval over {limit.people:,}: {given}", "kept": kept})
    return found


def _of(limit: Limits | None, people: int, what: str) -> list[Limit]:
    if limit is None:
        return []
    bounds = (("at most", limit.max, limit.max is not None and people <= limit.max),
              ("at least", limit.min, limit.min is not None and people >= limit.min))  # fmt: skip
    return [
        {"says": f"expect {word} {bound:,} {what}", "kept": kept} for word, bound, kept in bounds if bound is not None
    ]
