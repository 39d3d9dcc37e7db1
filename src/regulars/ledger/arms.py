"""What the arms of a campaign did, by intention to treat: whoever fell into an arm counts in it, whatever was sent.

Each person counts once, with their first entry: whether they enter again depends on what they did after the first. And
only since somebody was held out first: who entered before that had no lot to be held out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import pyarrow as pa
from sqlalchemy import CTE, Connection, Float, Subquery, and_, case, cast, false, func, or_, select
from sqlmodel import col

from regulars.ledger import bulk
from regulars.ledger.accounts import ARMS, hundredths, money
from regulars.ledger.crossing import MOMENT, MONEY
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Enrolment, Outcome

ENTERED = pa.schema(
    [
        ("id", pa.string()),
        ("campaign", pa.string()),
        ("arm", pa.string()),
        ("customer_id", pa.string()),
        ("entered_at", MOMENT),
        ("orders", pa.int64()),
        ("revenue", MONEY),
    ]
)
SHOP_HOLDOUT = "shop-holdout"


class FirstEntries(NamedTuple):
    """The first entries of one arm of one campaign, and what these people did in their windows."""

    campaign: str
    arm: str
    people: int
    converted: int
    """How many ordered."""
    orders: int
    order_squares: int
    """The sum of each person's number of orders squared, for the variance."""
    revenue: Decimal
    squares: float
    """The sum of each person's revenue squared."""
    ceiling: float | None
    """What 99 % of the people with any revenue, of both arms, do not exceed; None where nobody has any."""
    capped: float
    """The sum of each person's revenue, counted up to the ceiling."""
    capped_squares: float
    open: int
    """How many of these windows are not over yet."""
    since: datetime
    """When the first of them entered."""


def first_entries(connection: Connection, closed_before: Mapping[str, datetime]) -> list[FirstEntries]:
    """First entries by campaign and arm of the campaign.

    `closed_before` gives for a campaign the moment before which an entry's window is over by now; the windows of a
    campaign that is not in it count as over.
    """
    did = _did()
    top = _ceilings(did)
    still_open = or_(
        false(), *(and_(did.c.campaign == name, did.c.entered_at > moment) for name, moment in closed_before.items())
    )
    revenue = func.coalesce(did.c.amount, 0.0)
    capped = case((revenue > top.c.ceiling, top.c.ceiling), else_=revenue)
    statement = (
        select(
            did.c.campaign,
            did.c.arm,
            func.count(),
            func.count(case((did.c.orders > 0, 1))),
            func.coalesce(func.sum(did.c.orders), 0),
            func.coalesce(func.sum(did.c.orders * did.c.orders), 0),
            hundredths(did.c.revenue),
            func.sum(revenue * revenue),
            func.min(top.c.ceiling),
            func.sum(capped),
            func.sum(capped * capped),
            func.count(case((still_open, 1))),
            func.min(did.c.entered_at),
        )
        .select_from(did)
        .join(top, top.c.campaign == did.c.campaign, isouter=True)
        .group_by(did.c.campaign, did.c.arm)
    )
    return [
        FirstEntries(name, arm, people, converted, int(orders), int(often), money(total), *rest)
        for name, arm, people, converted, orders, often, total, *rest in connection.execute(statement)
    ]


def _first() -> Subquery:
    """Entries with their place among those of the same person, and when the campaign first held somebody out."""
    own = (Enrolment.id, Enrolment.campaign, Enrolment.arm, Enrolment.customer_id, Enrolment.entered_at)
    place = func.row_number().over(
        partition_by=[col(Enrolment.campaign), col(Enrolment.customer_id)],
        order_by=[col(Enrolment.entered_at), col(Enrolment.id)],
    )
    held_out = case((col(Enrolment.arm) == "holdout", col(Enrolment.entered_at)))
    began = func.min(held_out).over(partition_by=[col(Enrolment.campaign)])
    return (
        select(*(col(one) for one in own), place.label("place"), began.label("began"))
        .where(col(Enrolment.arm).in_(ARMS))
        .subquery()
    )


def _did() -> CTE:
    """Each person's first entry with what they did; `amount` is their revenue as a floating-point number."""
    first = _first()
    return (
        select(
            first.c.campaign,
            first.c.arm,
            first.c.entered_at,
            col(Outcome.orders).label("orders"),
            col(Outcome.revenue).label("revenue"),
            cast(col(Outcome.revenue), Float).label("amount"),
        )
        .select_from(first)
        .join(Outcome, col(Outcome.enrolment_id) == first.c.id, isouter=True)
        .where(first.c.place == 1, or_(first.c.began.is_(None), first.c.entered_at >= first.c.began))
        .cte("did")
    )


def _ceilings(did: CTE) -> Subquery:
    """Of each campaign the smallest revenue that 99 % of those with any, of both arms, do not exceed."""
    by_campaign = [did.c.campaign]
    ranked = (
        select(
            did.c.campaign,
            did.c.amount,
            func.row_number().over(partition_by=by_campaign, order_by=[did.c.amount]).label("nth"),
            func.count().over(partition_by=by_campaign).label("buyers"),
        )
        .where(did.c.amount != 0)
        .subquery()
    )
    return (
        select(ranked.c.campaign, func.min(ranked.c.amount).label("ceiling"))
        .where(ranked.c.nth * 100 >= ranked.c.buyers * 99)
        .group_by(ranked.c.campaign)
        .subquery()
    )


def entered(ledger: Ledger, campaigns: Sequence[str]) -> pa.Table:
    """All entries of `campaigns`, whichever arm, with what they did in their windows (null: nothing): `ENTERED`."""
    own = (Enrolment.id, Enrolment.campaign, Enrolment.arm, Enrolment.customer_id, Enrolment.entered_at)
    did = (Outcome.orders, Outcome.revenue)
    with ledger.reading() as connection:
        statement = (
            select(*(col(one) for one in own), *(col(one) for one in did))
            .select_from(Enrolment)
            .join(Outcome, col(Outcome.enrolment_id) == col(Enrolment.id), isouter=True)
            .where(bulk.among(connection, col(Enrolment.campaign), "campaigns"))
        )
        listed = {"campaigns": bulk.listed(connection, list(campaigns))}
        return bulk.read(connection, statement, listed, schema=ENTERED)
