"""Approvals: a plan that would reach more people than `guards.approval` waits until somebody of the team lets it go.

What is approved is a campaign as the files have it (their fingerprint) and a number of people. It holds for every run
of the same files that reaches at most that many, and a tenth more: people come and go between a plan and its run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regulars.campaigns.desk import Desk
from regulars.ledger import approvals

GROWTH = 10
"""Per cent by which a run may outgrow what was approved."""


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
