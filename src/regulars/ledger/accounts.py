"""What the ledger adds up to: the sums that reports are made of, each one statement that the database answers.

Money is added in whole hundredths, so that a sum is exact on SQLite too, where an amount is a floating-point number.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    distinct,
    false,
    func,
    literal_column,
    or_,
    select,
)
from sqlmodel import col

from regulars.ledger.tables import Code, Conversion, Enrolment, Message, Outcome, Referral

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


class FirstEntries(NamedTuple):
    """The first entry of each person into a campaign, by the arm it fell into."""

    campaign: str
    arm: str
    people: int
    converted: int
    revenue: Decimal
    squares: float
    """The sum of each person's revenue squared, for the variance."""
    open: int
    """How many of these windows are not over yet."""


class Messages(NamedTuple):
    """How many messages of one name, channel and state a campaign has."""

    campaign: str
    name: str
    channel: str
    state: str
    messages: int
    due: datetime
    """When the first of them was due."""


class Credits(NamedTuple):
    """Orders credited to the messages of one name by one kind of evidence, in one currency."""

    campaign: str
    message: str
    """Empty where the message is no longer in the ledger."""
    evidence: str
    currency: str
    orders: int
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
            _hundredths(col(Outcome.revenue)),
            func.min(col(Enrolment.entered_at)),
        )
        .join(Outcome, col(Outcome.enrolment_id) == col(Enrolment.id), isouter=True)
        .group_by(col(Enrolment.campaign), col(Enrolment.arm))
    )
    return [
        Entries(campaign, arm, number, people, converted, int(orders), _money(revenue), since)
        for campaign, arm, number, people, converted, orders, revenue, since in connection.execute(statement)
    ]


def first_entries(connection: Connection, closed_before: Mapping[str, datetime]) -> list[FirstEntries]:
    """First entries by campaign and arm of the campaign.

    `closed_before` gives for a campaign the moment before which an entry's window is over by now; the windows of a
    campaign that is not in it count as over.
    """
    place = func.row_number().over(
        partition_by=[col(Enrolment.campaign), col(Enrolment.customer_id)],
        order_by=[col(Enrolment.entered_at), col(Enrolment.id)],
    )
    entry = (
        select(
            col(Enrolment.id),
            col(Enrolment.campaign),
            col(Enrolment.arm),
            col(Enrolment.entered_at),
            place.label("place"),
        )
        .where(col(Enrolment.arm).in_(ARMS))
        .subquery()
    )
    still_open = or_(
        false(),
        *(and_(entry.c.campaign == name, entry.c.entered_at > moment) for name, moment in closed_before.items()),
    )
    revenue = cast(col(Outcome.revenue), Float)
    statement = (
        select(
            entry.c.campaign,
            entry.c.arm,
            func.count(),
            func.count(case((col(Outcome.orders) > 0, 1))),
            _hundredths(col(Outcome.revenue)),
            func.coalesce(func.sum(revenue * revenue), 0.0),
            func.count(case((still_open, 1))),
        )
        .select_from(entry)
        .join(Outcome, col(Outcome.enrolment_id) == entry.c.id, isouter=True)
        .where(entry.c.place == 1)
        .group_by(entry.c.campaign, entry.c.arm)
    )
    return [
        FirstEntries(campaign, arm, people, converted, _money(total), float(squares), unfinished)
        for campaign, arm, people, converted, total, squares, unfinished in connection.execute(statement)
    ]


def messages(connection: Connection) -> list[Messages]:
    """Messages by campaign, name, channel and state."""
    kind = (col(Message.campaign), col(Message.name), col(Message.channel), col(Message.state))
    statement = select(*kind, func.count(), func.min(col(Message.due_at))).group_by(*kind)
    return [Messages(*row) for row in connection.execute(statement)]


def credits_given(connection: Connection) -> list[Credits]:
    """Credited orders by campaign, message name, evidence and currency: each order is in exactly one of the sums."""
    name = func.coalesce(col(Message.name), "")
    kind = (col(Conversion.campaign), name, col(Conversion.evidence), col(Conversion.currency))
    statement = (
        select(*kind, func.count(), _hundredths(col(Conversion.amount)))
        .select_from(Conversion)
        .join(Message, col(Message.id) == col(Conversion.message_id), isouter=True)
        .group_by(*kind)
    )
    return [
        Credits(campaign, message, evidence, currency, orders, _money(revenue))
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
        _hundredths(col(row.amount)),
        func.count(case((given, 1))),
        func.count(case((spent, 1))),
        _hundredths(cost),
        _hundredths(_off(col(row.friend_kind), col(row.friend_value), col(row.amount))),
    ).group_by(*kind)
    return [
        Friends(state, reason, number, _money(revenue), out, used, _money(cost), _money(discount))
        for state, reason, number, revenue, out, used, cost, discount in connection.execute(statement)
    ]


def _off(kind: Any, value: Any, paid: Any) -> ColumnElement[Any]:
    """What a reduction took off an order of which `paid` was left: `paid` is what remains after p per cent."""
    value, paid = cast(value, Float), cast(paid, Float)
    # All of it off leaves nothing to tell how much it was.
    percent = func.coalesce(paid * value / func.nullif(100 - value, 0), 0.0)
    return case((kind == "percent", percent), (kind == "amount", value), else_=0.0)


def _hundredths(amount: Any) -> ColumnElement[int]:
    whole = cast(func.round(amount * literal_column("100")), BigInteger)
    return func.coalesce(func.sum(whole), literal_column("0"))


def _money(hundredths: Any) -> Decimal:
    return Decimal(int(hundredths)).scaleb(-2)
