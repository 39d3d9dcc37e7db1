"""Counting up what reports tell, once orders are matched: the sums of cohorts, and the shop's own holdout."""

from __future__ import annotations

from datetime import datetime

from regulars.campaigns import cohorts, shop_arms
from regulars.campaigns.desk import Desk


def count(desk: Desk, at: datetime) -> None:
    """Keep the sums of all that changed up to `at`, so that a report need not count it."""
    cohorts.count(desk, at)
    shop_arms.keep(desk, at)
