"""The report's figures, gathered from the ledger, the orders and the day's snapshot."""

from __future__ import annotations

from datetime import datetime

from regulars.campaigns import shop_arms
from regulars.campaigns.budgets.told import budgets_left
from regulars.campaigns.census import census
from regulars.campaigns.cohorts import Before
from regulars.campaigns.desk import Desk
from regulars.measure.figures import figures
from regulars.measure.loyalty import OrderTotals, goals
from regulars.measure.loyalty.gathering import gather
from regulars.measure.shapes import CreditTo, Figures


def figures_of(
    desk: Desk,
    at: datetime,
    campaign: str | None = None,
    credit: CreditTo = "last",
    segment: str = "",
    period: tuple[str, str] = ("", ""),
) -> Figures:
    """Everything `report` tells, for all campaigns or one; loyalty by month of everybody, or of a `segment`.

    `period`: see `measure.figures`.
    """
    counted = census(desk, at)
    totals = desk.order_totals(at)
    told = figures(
        desk.ledger,
        currency=str(desk.rules.shop.currency),
        now=at,
        campaigns=desk.project.campaigns,
        only=campaign,
        orders=OrderTotals(totals.customers, totals.buyers, totals.repeaters, totals.orders, totals.revenue),
        segments=counted["segments"],
        before=Before(desk, at),
        shop_arms=shop_arms.known(desk, at),
        shop_holdout=desk.rules.guards.holdout.fraction,
        budgets=budgets_left(desk, at),
        timezone=desk.zone,
        shop=str(desk.rules.shop.name),
        credit=credit,
        period=period,
    )
    told["loyalty"] |= gather(desk, at, segment)
    if desk.rules.goals and not segment:
        told["loyalty"]["goals"] = goals.standings(desk, told["loyalty"]["months"], desk.day(at))
    return told
