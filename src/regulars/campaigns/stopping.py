"""What stops a run before anything happens, and what a plan says would."""

from __future__ import annotations

from typing import Any

from regulars.campaigns import approval, pool_codes
from regulars.campaigns.desk import Desk
from regulars.campaigns.select import expected


def reason(desk: Desk, campaign: str, table: str, counts: dict[str, Any]) -> str:
    """Why a run of `campaign` stops, in one sentence; empty where it does not.

    `table` has its decisions, `counts` what `summary` makes of them.
    """
    return (
        expected(desk.campaign(campaign), counts)
        or pool_codes.too_few(desk, campaign, table)
        or approval.waits(desk, campaign, counts)
    )
