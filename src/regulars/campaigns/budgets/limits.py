"""Which budgets concern a campaign, and in which of their periods a moment falls."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from regulars.campaigns.desk import Desk
from regulars.lang.budget import Allowance, Budget, Span
from regulars.lang.model import Offer
from regulars.ledger.budgets import SHOP, Limit

COUNTED = ("percent", "amount")
"""Kinds of offers whose worth in money is known."""


class Written(NamedTuple):
    """A budget as a file has it, and as the ledger keeps it now."""

    limit: Limit
    allowance: Allowance


def of_campaign(desk: Desk, name: str, at: datetime) -> list[Written]:
    """Every budget that codes of campaign `name` count against at `at`: its own, and the shop's."""
    former = tuple(dict.fromkeys(desk.names_of(name)))
    own = _periods(desk.campaign(name).budget, f"campaign {name}", at, desk.zone, former)
    return [*own, *of_shop(desk, at)]


def of_shop(desk: Desk, at: datetime) -> list[Written]:
    """The budgets of all campaigns together."""
    return _periods(desk.rules.guards.budget, SHOP, at, desk.zone, ())


def concerning(desk: Desk, name: str, offers: Iterable[Offer], at: datetime) -> list[Limit]:
    """The limits that codes of any of `offers` count against; none where they take nothing off that can be counted."""
    if not any(offer.kind in COUNTED for offer in offers):
        return []
    return [one.limit for one in of_campaign(desk, name, at)]


def _periods(budget: Budget | None, scope: str, at: datetime, zone: str, campaigns: tuple[str, ...]) -> list[Written]:
    if budget is None:
        return []
    found = []
    if budget.discount is not None:
        name, begins = period(budget.discount.span, at, zone)
        amount = int(budget.discount.value * 100)
        found.append(Written(Limit(scope, "discount", name, begins, amount, campaigns), budget.discount))
    if budget.redeemed is not None:
        name, begins = period(budget.redeemed.span, at, zone)
        amount = int(budget.redeemed.value * 100)
        found.append(Written(Limit(scope, "redeemed", name, begins, amount, campaigns), budget.redeemed))
    return found


def period(span: Span, at: datetime, zone: str) -> tuple[str, datetime | None]:
    """The name of the period that `at` falls into, by the calendar of `zone`, and its first moment.

    2026-08-27, 2026-W35 (from Monday), 2026-08, 2026, or all, which has no beginning.
    """
    if span == "all":
        return "all", None
    today = at.astimezone(ZoneInfo(zone)).date()
    first = {
        "day": today,
        "week": today - timedelta(days=today.weekday()),
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
    }[span]
    year, week, _ = first.isocalendar()
    name = {"day": f"{first}", "week": f"{year}-W{week:02}", "month": f"{first:%Y-%m}", "year": f"{first:%Y}"}[span]
    return name, datetime.combine(first, time(0), ZoneInfo(zone))


def next_period(span: Span, at: datetime, zone: str) -> datetime | None:
    """The first moment of the period after that of `at`; None: there is none."""
    _, begins = period(span, at, zone)
    if begins is None:
        return None
    # Past the end of the longest one of its kind, and then back to where that one begins.
    beyond = {"day": 1, "week": 7, "month": 31, "year": 366}[span]
    inside = datetime.combine(begins.date() + timedelta(days=beyond), time(12), ZoneInfo(zone))
    return period(span, inside, zone)[1]
