"""Who may get the credit for an order, and the credit that was given: rows in bulk for `campaigns.convert`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Select, String, and_, cast, delete, func, literal, null, select, union
from sqlmodel import col

from regulars.ledger import bulk, forgotten
from regulars.ledger.columns import Moment
from regulars.ledger.crossing import MOMENT, MONEY
from regulars.ledger.store import Ledger
from regulars.ledger.tables import (
    SENT,
    Code,
    Conversion,
    Enrolment,
    Message,
    Outcome,
    Referral,
    ReferralCode,
)

_TEXT = pa.string()
ENTRIES = pa.schema(
    [("id", _TEXT), ("campaign", _TEXT), ("customer_id", _TEXT), ("arm", _TEXT), ("entered_at", MOMENT)]
)
SENT_MESSAGES = pa.schema(
    [
        ("message_id", _TEXT),
        ("enrolment_id", _TEXT),
        ("campaign", _TEXT),
        ("name", _TEXT),
        ("customer_id", _TEXT),
        ("sent_at", MOMENT),
        ("entered_at", MOMENT),
    ]
)
ISSUED = pa.schema(
    [
        ("code", _TEXT),
        ("enrolment_id", _TEXT),
        ("message_name", _TEXT),
        ("campaign", _TEXT),
        ("customer_id", _TEXT),
        ("shared", pa.bool_()),
    ]
)
PROMISES = pa.schema(
    [
        ("customer_id", _TEXT),
        ("campaign", _TEXT),
        ("arm", _TEXT),
        ("sent_at", MOMENT),
        ("code", _TEXT),
        ("kind", _TEXT),
        ("value", _TEXT),
        ("valid_until", MOMENT),
    ]
)
ORDER_IDS = pa.schema([("order_id", _TEXT)])
OUTCOMES = pa.schema(
    [
        ("enrolment_id", _TEXT),
        ("orders", pa.int64()),
        ("revenue", MONEY),
        ("first_at", MOMENT),
        ("updated_at", MOMENT),
    ]
)
OWN = pa.schema([("code", _TEXT), ("customer_id", _TEXT), ("created_at", MOMENT)])


def first_entry(ledger: Ledger) -> datetime | None:
    """When somebody first entered a campaign; None while nobody has."""
    with ledger.reading() as connection:
        earliest: datetime | None = connection.execute(
            select(func.min(col(Enrolment.entered_at), type_=Moment()))
        ).scalar()
    return earliest


def entries(ledger: Ledger) -> pa.Table:
    """All entries of all arms: id, campaign, customer_id, arm, entered_at."""
    own = (Enrolment.id, Enrolment.campaign, Enrolment.customer_id, Enrolment.arm, Enrolment.entered_at)
    return ledger.arrow(select(*(col(column) for column in own)), schema=ENTRIES)


def sent_messages(ledger: Ledger, customers: Sequence[str] | None = None) -> pa.Table:
    """Messages that reached, or may have reached, somebody; or one of some `customers`.

    message_id, enrolment_id, campaign, name, customer_id (texts), sent_at, entered_at (moments).
    """
    own = (
        Message.id,
        Message.enrolment_id,
        Message.campaign,
        Message.name,
        Message.customer_id,
        Message.sent_at,
        Enrolment.entered_at,
    )
    statement = (
        select(*(col(column) for column in own))
        .join(Enrolment, col(Enrolment.id) == col(Message.enrolment_id))
        .where(col(Message.state).in_(SENT))
    )
    return _of(ledger, statement, col(Message.customer_id), customers, SENT_MESSAGES)


def issued_codes(ledger: Ledger, customers: Sequence[str] | None = None) -> pa.Table:
    """Codes of messages, to anybody or to some `customers`.

    code, enrolment_id, message_name, campaign, customer_id, shared (bool).
    """
    own = (Code.code, Code.enrolment_id, Code.message_name, Code.campaign, Code.customer_id, Code.shared)
    statement = select(*(col(column) for column in own))
    return _of(ledger, statement, col(Code.customer_id), customers, ISSUED)


def _of(
    ledger: Ledger, statement: Select[Any], whose: Any, customers: Sequence[str] | None, schema: pa.Schema
) -> pa.Table:
    if customers is None:
        return ledger.arrow(statement, schema=schema)
    with ledger.reading() as connection:
        named = statement.where(bulk.among(connection, whose, "customers"))
        return bulk.read(connection, named, {"customers": bulk.listed(connection, customers)}, schema=schema)


def promises(ledger: Ledger) -> pa.Table:
    """Messages with the code each gave, and entries that were held out.

    customer_id, campaign, arm, sent_at (of an entry held out: when it entered), code, kind, value, valid_until (null
    without a code).
    """
    sent = (
        select(
            col(Message.customer_id),
            col(Message.campaign),
            literal("treated"),
            col(Message.sent_at),
            col(Code.code),
            col(Code.kind),
            cast(col(Code.value), String),
            col(Code.valid_until),
        )
        .outerjoin(
            Code, and_(col(Code.enrolment_id) == col(Message.enrolment_id), col(Code.message_name) == col(Message.name))
        )
        .where(col(Message.state).in_(SENT))
    )
    held = select(
        col(Enrolment.customer_id),
        col(Enrolment.campaign),
        col(Enrolment.arm),
        col(Enrolment.entered_at),
        null(),
        null(),
        null(),
        null(),
    ).where(col(Enrolment.arm) != "treated")
    return pa.concat_tables([ledger.arrow(sent, schema=PROMISES), ledger.arrow(held, schema=PROMISES)])


def referral_codes(ledger: Ledger) -> pa.Table:
    """Advocates' own codes: code, customer_id, created_at."""
    return ledger.arrow(
        select(col(ReferralCode.code), col(ReferralCode.customer_id), col(ReferralCode.created_at)), schema=OWN
    )


def record(connection: Connection, rows: pa.Table) -> list[str]:
    """Give the credit for orders (columns of `conversion`), each order once; the ids of the orders that are new."""
    if rows.num_rows == 0:
        return []
    known = set(bulk.existing(connection, Conversion, "order_id", rows["order_id"].combine_chunks()).to_pylist())
    bulk.insert(connection, Conversion, rows, skip_existing=True)
    return [order for order in rows["order_id"].to_pylist() if order not in known]


def credited_orders(ledger: Ledger) -> list[str]:
    """The ids of all orders that somebody got the credit for, or brought a friend with; not those of the forgotten."""
    orders = union(
        select(col(Conversion.order_id)).where(~_gone(Conversion.customer_id)),
        select(col(Referral.order_id)).where(~_gone(Referral.friend_id), col(Referral.state) != "taken_back"),
    )
    found: list[str] = ledger.arrow(orders, schema=ORDER_IDS)["order_id"].to_pylist()
    return found


def recorded_referrals(ledger: Ledger) -> pa.Table:
    """The orders that count as a friend's first: order_id. Where one of the two was forgotten it stays so."""
    known = ~_gone(Referral.friend_id), ~_gone(Referral.advocate_id), col(Referral.state).in_(("pending", "paid"))
    return ledger.arrow(select(col(Referral.order_id)).where(*known), schema=ORDER_IDS)


def withdraw(connection: Connection, order_ids: Sequence[str]) -> int:
    """Take back the credit for these orders; how many credits that were."""
    withdrawn = 0
    for start in range(0, len(order_ids), bulk.SLICE):
        listed = {"orders": bulk.listed(connection, list(order_ids[start : start + bulk.SLICE]))}
        statement = delete(Conversion).where(bulk.among(connection, col(Conversion.order_id), "orders"))
        withdrawn += connection.execute(statement, listed).rowcount
    return withdrawn


def outcomes(ledger: Ledger) -> pa.Table:
    """What entries did in their windows, as it is known: enrolment_id, orders, revenue, first_at, updated_at.

    Not of people who were forgotten: what they did stands as it was.
    """
    own = (Outcome.enrolment_id, Outcome.orders, Outcome.revenue, Outcome.first_at, Outcome.updated_at)
    gone = select(col(Enrolment.id)).where(_gone(Enrolment.customer_id))
    return ledger.arrow(
        select(*(col(one) for one in own)).where(col(Outcome.enrolment_id).not_in(gone)), schema=OUTCOMES
    )


def _gone(customer: Any) -> ColumnElement[bool]:
    return col(customer).startswith(forgotten.PSEUDONYM, autoescape=True)


def replace_outcomes(connection: Connection, stale: pa.Array, rows: pa.Table) -> None:
    """Forget what the entries `stale` (ids) did, and write down `rows` (columns of `outcome`)."""
    for start in range(0, len(stale), bulk.SLICE):
        ids = bulk.listed(connection, stale.slice(start, bulk.SLICE).to_pylist())
        connection.execute(
            delete(Outcome).where(bulk.among(connection, col(Outcome.enrolment_id), "ids")), {"ids": ids}
        )
    # Another run at the same moment may have written what this one has found as well.
    bulk.insert(connection, Outcome, rows, skip_existing=True)
