"""What the ledger adds up to: the sums that reports are made of, each one statement that the database answers.

Money is added in whole hundredths, so that a sum is exact on SQLite too, where an amount is a floating-point number.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Float,
    and_,
    case,
    cast,
    func,
    literal_column,
    select,
)
from sqlmodel import col

from regulars.ledger.tables import Conversion, Message, Referral

ARMS = ("treated", "holdout")
"""The arms of a campaign. `shop-holdout` is nobody's arm: these people hear from no campaign."""


class Entries(NamedTuple):
    """All entries of one arm of one campaign, and what they did within their conversion windows, credited or not."""

    campaign: str
    arm: str
    entries: int
    people: int
    converted: int
    """People with at least one order in one of their windows."""
    orders: int
    revenue: Decimal
    since: datetime
    """When the first of them entered."""


class Messages(NamedTuple):
    """How many messages of one name, channel and state a campaign has."""

    campaign: str
    name: str
    channel: str
    state: str
    messages: int
    due: datetime
    """When the first of them was due."""


class Wordings(NamedTuple):
    """What the people did to whom a message was sent as one of its variants, credited or not."""

    campaign: str
    name: str
    variant: str
    sent: int
    clicked: int
    converted: int
    """Entries with an order within the conversion window."""
    revenue: Decimal
    """Of all their orders within it."""


class Credits(NamedTuple):
    """Orders credited to the messages of one name by one kind of evidence, in one currency."""

    campaign: str
    message: str
    """Empty where the message is no longer in the ledger."""
    evidence: str
    currency: str
    orders: float
    """A whole number, unless orders are shared out."""
    revenue: Decimal


class Codes(NamedTuple):
    """Codes that people of a campaign were given: all ever issued, and those that would still be taken.

    A shared code counts once for everybody who has it.
    """

    campaign: str
    issued: int
    open: int
    redeemed: int
    """Those that an order has used while they were good."""


def credits_given(connection: Connection) -> list[Credits]:
    """Credited orders by campaign, message name, evidence and currency: each order is in exactly one of the sums."""
    name = func.coalesce(col(Message.name), "")
    kind = (col(Conversion.campaign), name, col(Conversion.evidence), col(Conversion.currency))
    statement = (
        select(*kind, func.count(), hundredths(col(Conversion.amount)))
        .select_from(Conversion)
        .join(Message, col(Message.id) == col(Conversion.message_id), isouter=True)
        .group_by(*kind)
    )
    return [
        Credits(campaign, message, evidence, currency, orders, money(revenue))
        for campaign, message, evidence, currency, orders, revenue in connection.execute(statement)
    ]


class Friends(NamedTuple):
    """Friends of one state, and of one reason where they are refused."""

    state: str
    reason: str
    friends: int
    revenue: Decimal
    """What their first orders brought."""
    given: int
    """Rewards that advocates were given."""
    spent: int
    """Of these: used in an order."""
    cost: Decimal
    """What the used ones were worth: amounts, and per cent of the order; not gifts and free deliveries."""
    discount: Decimal
    """What the friends had off their first orders, counted alike; known of those that are paid."""


def friends(connection: Connection) -> list[Friends]:
    """Friends who came with somebody's code, by what became of them."""
    row = Referral
    given = col(row.reward_code) != ""
    spent = and_(given, col(row.spent_at).is_not(None))
    cost = case((spent, _off(col(row.reward_kind), col(row.reward_value), col(row.spent_amount))), else_=0)
    kind = (col(row.state), col(row.reason))
    statement = select(
        *kind,
        func.count(),
        hundredths(col(row.amount)),
        func.count(case((given, 1))),
        func.count(case((spent, 1))),
        hundredths(cost),
        hundredths(_off(col(row.friend_kind), col(row.friend_value), col(row.amount))),
    ).group_by(*kind)
    return [
        Friends(state, reason, number, money(revenue), out, used, money(cost), money(discount))
        for state, reason, number, revenue, out, used, cost, discount in connection.execute(statement)
    ]


def _off(kind: Any, value: Any, paid: Any) -> ColumnElement[Any]:
    """What a reduction took off an order of which `paid` was left: `paid` is what remains after p per cent."""
    value, paid = cast(value, Float), cast(paid, Float)
    # All of it off leaves nothing to tell how much it was.
    percent = func.coalesce(paid * value / func.nullif(100 - value, 0), 0.0)
    return case((kind == "percent", percent), (kind == "amount", value), else_=0.0)


def hundredths(amount: Any) -> ColumnElement[int]:
    """The sum of amounts in whole hundredths; 0 over none."""
    whole = cast(func.round(amount * literal_column("100")), BigInteger)
    return func.coalesce(func.sum(whole), literal_column("0"))


def money(hundredths: Any) -> Decimal:
    """The amount that so many hundredths are."""
    return Decimal(int(hundredths)).scaleb(-2)
