"""What the ledger adds up to: the sums that reports are made of, each one statement that the database answers.

Money is added in whole hundredths, so that a sum is exact on SQLite too, where an amount is a floating-point number.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Float,
    and_,
    case,
    cast,
    distinct,
    exists,
    func,
    literal_column,
    select,
    union_all,
)
from sqlmodel import col

from regulars.ledger.tables import SENT, Code, Conversion, Enrolment, Message, Outcome, Referral, Touch

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


def entries(connection: Connection) -> list[Entries]:
    """Entries by campaign and arm, `shop-holdout` included. An order in the windows of two entries counts in both."""
    ordered = col(Outcome.orders) > 0
    statement = (
        select(
            col(Enrolment.campaign),
            col(Enrolment.arm),
            func.count(),
            func.count(distinct(col(Enrolment.customer_id))),
            func.count(distinct(case((ordered, col(Enrolment.customer_id))))),
            func.coalesce(func.sum(col(Outcome.orders)), 0),
            hundredths(col(Outcome.revenue)),
            func.min(col(Enrolment.entered_at)),
        )
        .join(Outcome, col(Outcome.enrolment_id) == col(Enrolment.id), isouter=True)
        .group_by(col(Enrolment.campaign), col(Enrolment.arm))
    )
    return [
        Entries(campaign, arm, number, people, converted, int(orders), money(revenue), since)
        for campaign, arm, number, people, converted, orders, revenue, since in connection.execute(statement)
    ]


def messages(connection: Connection) -> list[Messages]:
    """Messages by campaign, name, channel and state."""
    kind = (col(Message.campaign), col(Message.name), col(Message.channel), col(Message.state))
    statement = select(*kind, func.count(), func.min(col(Message.due_at))).group_by(*kind)
    return [Messages(*row) for row in connection.execute(statement)]


def wordings(connection: Connection) -> list[Wordings]:
    """What was sent in several wordings, by campaign, message name and variant."""
    kind = (col(Message.campaign), col(Message.name), col(Message.variant))
    statement = (
        select(
            *kind,
            func.count(),
            func.count(case((col(Message.state) == "clicked", 1))),
            func.count(case((col(Outcome.orders) > 0, 1))),
            hundredths(col(Outcome.revenue)),
        )
        .join(Outcome, col(Outcome.enrolment_id) == col(Message.enrolment_id), isouter=True)
        # Written out, not bound: the index of variants holds only these, and the databases must see it.
        .where(col(Message.variant) != literal_column("''"), col(Message.state).in_(SENT))
        .group_by(*kind)
        .order_by(*kind)
    )
    return [
        Wordings(campaign, name, variant, sent, clicked, converted, money(revenue))
        for campaign, name, variant, sent, clicked, converted, revenue in connection.execute(statement)
    ]


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


def credits_to(connection: Connection, credit: Literal["last", "first", "linear"]) -> list[Credits]:
    """Credited orders: to the last touch of each, to the first, or shared by all."""
    return credits_given(connection) if credit == "last" else credits_shared(connection, first=credit == "first")


def credits_shared(connection: Connection, *, first: bool = False) -> list[Credits]:
    """The same orders as `credits_given`, otherwise: each shared out equally among the messages that touched it.

    `first`: whole, to the message that was sent first of them. An order's shares are hundredths that add up to it.
    Where nothing is known of the touches, the message with the credit was the only one.
    """
    place = func.row_number().over(
        partition_by=col(Touch.order_id), order_by=[col(Touch.sent_at), col(Touch.message_id)]
    )
    among = literal_column("1") if first else func.count().over(partition_by=col(Touch.order_id))
    kind = ("campaign", "message_id", "evidence", "currency", "amount")
    touched = select(*(getattr(Touch, name) for name in kind), place.label("place"), among.label("among"))
    one = literal_column("1", BigInteger)
    alone = select(*(getattr(Conversion, name) for name in kind), one.label("place"), one.label("among")).where(
        ~exists().where(col(Touch.order_id) == col(Conversion.order_id))
    )
    shares = union_all(touched, alone).subquery()
    whole = cast(func.round(shares.c.amount * literal_column("100")), BigInteger)
    # What rounding leaves goes to the next one, so that nothing is lost.
    share = whole * shares.c.place // shares.c.among - whole * (shares.c.place - 1) // shares.c.among
    name = func.coalesce(col(Message.name), "")
    groups = (shares.c.campaign, name, shares.c.evidence, shares.c.currency)
    statement = (
        select(*groups, func.sum(literal_column("1.0") / shares.c.among), func.sum(share))
        .select_from(shares)
        .join(Message, col(Message.id) == shares.c.message_id, isouter=True)
        .where(shares.c.place <= shares.c.among)
        .group_by(*groups)
    )
    return [
        Credits(campaign, message, evidence, currency, float(orders), money(revenue))
        for campaign, message, evidence, currency, orders, revenue in connection.execute(statement)
    ]


def codes(connection: Connection, at: datetime) -> list[Codes]:
    """Codes by campaign; open are those neither replaced nor past their last moment at `at`."""
    usable = and_(col(Code.ended_at).is_(None), col(Code.valid_until) >= at)
    statement = select(col(Code.campaign), func.count(), func.count(case((usable, 1)))).group_by(col(Code.campaign))
    return [Codes(*row) for row in connection.execute(statement)]


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
