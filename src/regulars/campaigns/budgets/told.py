"""What is left of the budgets, for whoever looks: `plan`, `why`, `report`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypedDict
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns.budgets import worth
from regulars.campaigns.budgets.fitting import used
from regulars.campaigns.budgets.limits import Written, concerning, next_period, of_campaign, of_shop
from regulars.campaigns.desk import Desk
from regulars.ledger.budgets import COLUMNS, SHOP, Kind

_SPANS = {"day": "today", "week": "this week", "month": "this month", "year": "this year", "all": "all time"}


class Left(TypedDict):
    """One budget in its period. Money is a decimal text in the shop's currency."""

    scope: str
    """`campaign NAME` or `shop`."""
    kind: Kind
    period: str
    """`2026-08`; see `ledger.budgets`."""
    says: str
    """`this month's 20,000`, `the shop's 50,000 for this month`, `the 5,000 in all`."""
    amount: str
    counted: str
    left: str
    """0 where more was counted than there is: the budget was made smaller, or more was used than was to be expected."""
    given: str
    """What a plan would give of it; 0 where nothing is planned."""


def left(desk: Desk, name: str, at: datetime, codes: pa.Table | None = None) -> list[Left]:
    """What is left of every budget that codes of campaign `name` count against; none where it gives nothing counted.

    `codes`: what a plan would give (columns of the ledger's table), of which nothing is counted yet.
    """
    if not concerns(desk, name, at):
        return []
    return _left(desk, name, of_campaign(desk, name, at), at, codes)


def _left(desk: Desk, name: str, budgets: list[Written], at: datetime, codes: pa.Table | None = None) -> list[Left]:
    taken = used(desk, name, [one.limit for one in budgets], at)
    return [_told(one, taken[one.limit], codes) for one in budgets]


def budgets_left(desk: Desk, at: datetime) -> dict[str, list[Left]]:
    """What is left, by campaign of its own budgets, and under "" of the shop's."""
    giving = [name for name in desk.project.campaigns if concerns(desk, name, at)]
    found: dict[str, list[Left]] = {}
    for name in giving:
        if own := [one for one in of_campaign(desk, name, at) if one.limit.scope != SHOP]:
            found[name] = _left(desk, name, own, at)
    if giving and (shops := of_shop(desk, at)):
        found[""] = _left(desk, giving[0], shops, at)
    return found


def concerns(desk: Desk, name: str, at: datetime) -> bool:
    """Whether anything that campaign `name` gives counts against a budget."""
    return bool(concerning(desk, name, (offer for offer, _ in desk.campaign(name).offers), at))


def again(desk: Desk, name: str, at: datetime, exhausted: Sequence[Left]) -> date | None:
    """The first day (the shop's) on which all `exhausted` budgets begin anew; None: one of them never does."""
    keys = {(one["scope"], one["kind"]) for one in exhausted}
    spans = [one.allowance.span for one in of_campaign(desk, name, at) if one.limit.key[:2] in keys]
    begins = [next_period(span, at, desk.zone) for span in spans]
    days = [moment.astimezone(ZoneInfo(desk.zone)).date() for moment in begins if moment is not None]
    return max(days) if days and len(days) == len(begins) else None


def scarce(desk: Desk, name: str, at: datetime, codes: pa.Table | None = None) -> list[Left]:
    """Those of the budgets that stand in the way: the one of which the smallest part would be left."""
    found = left(desk, name, at, codes)
    return [min(found, key=lambda one: Decimal(one["left"]) - Decimal(one["given"]))] if found else []


def _told(budget: Written, counted: int, codes: pa.Table | None) -> Left:
    limit, allowance = budget
    column = COLUMNS[limit.kind]
    given = pc.sum(codes[column]).as_py() or 0 if codes is not None and column in codes.column_names else 0
    return {
        "scope": limit.scope,
        "kind": limit.kind,
        "period": limit.period,
        "says": said(limit.scope, allowance.span, allowance.value),
        "amount": money(limit.amount),
        "counted": money(counted),
        "left": money(max(limit.amount - counted, 0)),
        "given": money(given),
    }


def said(scope: str, span: str, amount: Decimal) -> str:
    """`this month's 20,000`, `the shop's 50,000 for this month`, `the 5,000 in all`."""
    number = f"{amount:,.2f}".removesuffix(".00")
    if scope == SHOP:
        return f"the shop's {number} {'in all' if span == 'all' else f'for {_SPANS[span]}'}"
    return f"the {number} in all" if span == "all" else f"{_SPANS[span]}'s {number}"


def money(hundredths: int) -> str:
    """Hundredths as a decimal text."""
    return f"{Decimal(hundredths).scaleb(-2):.2f}"


def foreseen(desk: Desk, name: str, at: datetime, codes: pa.Table) -> None:
    """Remember what a plan gives, so that campaigns planned after it find so much less."""
    if worth.EXPECTED not in codes.column_names:
        return
    for limit, _ in of_campaign(desk, name, at):
        more = pc.sum(codes[COLUMNS[limit.kind]]).as_py() or 0
        desk.foresight.given[limit.key] = desk.foresight.given.get(limit.key, 0) + more
