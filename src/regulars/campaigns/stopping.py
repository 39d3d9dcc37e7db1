"""What stops a run before anything happens, and what a plan says would."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from regulars.campaigns import approval, calendar, dated, formerly, offers, pool_codes, unusual
from regulars.campaigns.desk import Desk
from regulars.campaigns.select import expected


def reason(desk: Desk, campaign: str, at: datetime, table: str, counts: dict[str, Any]) -> str:
    """Why a run of `campaign` stops, in one sentence; empty where it does not.

    `table` has its decisions, `counts` what `summary` makes of them.
    """
    return (
        _ended(desk, campaign, at)
        or formerly.unsaid(desk, campaign)
        or dated.missing(desk, campaign, at)
        or expected(desk.campaign(campaign), counts)
        or unusual.audience(desk, campaign, counts)
        or _offer_over(desk, campaign, at)
        or pool_codes.too_few(desk, campaign, table)
        or approval.waits(desk, campaign, counts)
    )


def _ended(desk: Desk, campaign: str, at: datetime) -> str:
    described = desk.campaign(campaign)
    if not calendar.has_ended(described, at, desk.zone):
        return ""
    return f"its last day was {described.ends} (`ends`); those inside go on, and nobody enters any more."


def _offer_over(desk: Desk, campaign: str, at: datetime) -> str:
    described = desk.campaign(campaign)
    ended = offers.first_over(described.offers_of(described.messages[0]), desk.zone, at)
    return f"what its first message gives ended on {ended}." if ended else ""
