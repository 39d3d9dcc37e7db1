"""What the arms of a campaign did, by intention to treat: whoever fell into an arm counts in it, whatever was sent.

Each person counts once, with their first entry: whether they enter again depends on what they did after the first. And
only since somebody was held out first: who entered before that had no lot to be held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import pyarrow as pa
from sqlalchemy import Connection, delete, func, literal_column, select
from sqlmodel import col

from regulars.ledger import bulk
from regulars.ledger.cohorts.spent import Spent, packed, unpacked
from regulars.ledger.crossing import MOMENT
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Enrolment, ShopArm

ASKED = pa.schema([("customer_id", pa.string()), ("arm", pa.string()), ("entered_at", MOMENT)])
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
    before: tuple[float, float, float]
    """What they spent in the year before, cut like their revenue: the sum, that of its squares, and that of its
    products with the capped revenue."""


class OfShop(NamedTuple):
    """One arm of the shop's own holdout, `treated` or `holdout`: what its people did from their first entry on."""

    arm: str
    as_of: datetime
    people: int
    converted: int
    """How many ordered."""
    orders: int
    order_squares: int
    since: datetime
    spent: Spent
    """In the year before, and since."""


def of_shop(ledger: Ledger) -> list[OfShop]:
    """Both arms, as they were counted last; none where they never were."""
    statement = select(ShopArm.__table__).order_by(col(ShopArm.arm))  # type: ignore[attr-defined]  # SQLModel adds it to table classes
    with ledger.reading() as connection:
        rows = [row._asdict() for row in connection.execute(statement)]
    return [OfShop(**row | {"spent": unpacked([row["spent"]])}) for row in rows]


def keep_of_shop(connection: Connection, found: Sequence[OfShop]) -> None:
    """Let these be what is known of the shop's holdout."""
    connection.execute(delete(ShopArm))
    rows = [one._asdict() | {"spent": packed(one.spent)} for one in found]
    if rows:
        bulk.insert(connection, ShopArm, pa.Table.from_pylist(rows))


_HELD_OUT = col(Enrolment.arm) == literal_column(f"'{SHOP_HOLDOUT}'")
"""Written out, not bound: the index holds only these, and the databases must see it."""


def held_out_by_shop(ledger: Ledger) -> set[str]:
    """The campaigns that the shop's holdout would have heard of."""
    with ledger.reading() as connection:
        return set(connection.execute(select(col(Enrolment.campaign)).where(_HELD_OUT).distinct()).scalars())


def asked(ledger: Ledger, campaigns: Sequence[str]) -> pa.Table:
    """Everybody who entered one of `campaigns` since the shop held somebody out of one: columns of `ASKED`.

    A row for each person, with the first such entry.
    """
    with ledger.reading() as connection:
        these = bulk.among(connection, col(Enrolment.campaign), "campaigns")
        bound = {"campaigns": bulk.listed(connection, campaigns)}
        began = connection.execute(select(func.min(col(Enrolment.entered_at))).where(_HELD_OUT, these), bound).scalar()
        if began is None:
            return ASKED.empty_table()
        own = col(Enrolment.customer_id), col(Enrolment.arm)
        statement = select(*own, func.min(col(Enrolment.entered_at))).where(these, col(Enrolment.entered_at) >= began)
        rows = bulk.read(connection, statement.group_by(*own), bound, schema=ASKED)
    rows = rows.sort_by([("entered_at", "ascending")])
    first = rows.group_by("customer_id", use_threads=False).aggregate([("arm", "first"), ("entered_at", "first")])
    return first.rename_columns([name.removesuffix("_first") for name in first.column_names]).select(ASKED.names)
