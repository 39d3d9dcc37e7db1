"""Who may get the credit for an order, and what entries did: rows in bulk for `campaigns.convert`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    delete,
    func,
    literal,
    literal_column,
    null,
    select,
)
from sqlmodel import col

from regulars.ledger import bulk, forgotten
from regulars.ledger.cohorts import changes
from regulars.ledger.columns import Moment
from regulars.ledger.crossing import MOMENT, MONEY
from regulars.ledger.events import UNJUDGED
from regulars.ledger.store import Ledger
from regulars.ledger.tables import (
    SENT,
    Code,
    Enrolment,
    Event,
    Message,
    Outcome,
    Referral,
    ReferralCode,
    Run,
)

_TEXT = pa.string()
ENTRIES = pa.schema(
    [
        *((name, _TEXT) for name in ("enrolment_id", "campaign", "customer_id", "arm")),
        ("entered_at", MOMENT),
        ("run_id", _TEXT),
    ]
)
SENT_MESSAGES = pa.schema(
    [*((name, _TEXT) for name in ("message_id", "enrolment_id", "name", "state")), ("sent_at", MOMENT)]
)
CLICKS = pa.schema([("message_id", _TEXT), ("at", MOMENT)])
WINDOWS = pa.schema([("run_id", _TEXT), ("of", _TEXT), ("seconds", pa.int64())])
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
RECORDED = pa.schema([("order_id", _TEXT), ("at", MOMENT)])
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


def entries(ledger: Ledger, customers: Sequence[str] | None = None) -> pa.Table:
    """All entries of all arms, or those of some `customers`: columns of `ENTRIES`."""
    own = (
        Enrolment.id,
        Enrolment.campaign,
        Enrolment.customer_id,
        Enrolment.arm,
        Enrolment.entered_at,
        Enrolment.run_id,
    )
    return _of(ledger, select(*(col(column) for column in own)), col(Enrolment.customer_id), customers, ENTRIES)


def windows(ledger: Ledger) -> pa.Table:
    """What counted as success when each run was made, where it noted it: run_id, of (texts), seconds after entering."""
    own = (Run.id, Run.converts_of, Run.converts_within)
    return ledger.arrow(select(*(col(one) for one in own)).where(col(Run.converts_within) > 0), schema=WINDOWS)


def sent_messages(ledger: Ledger, customers: Sequence[str] | None = None) -> pa.Table:
    """Messages that reached, or may have reached, somebody; or one of some `customers`: columns of `SENT_MESSAGES`."""
    own = (Message.id, Message.enrolment_id, Message.name, Message.state, Message.sent_at)
    statement = select(*(col(column) for column in own)).where(
        col(Message.state).in_(SENT), col(Message.sent_at).is_not(None)
    )
    return _of(ledger, statement, col(Message.customer_id), customers, SENT_MESSAGES)


def clicks(ledger: Ledger) -> pa.Table:
    """Clicks that people made, as far as they are judged (`ledger.clicks`): message_id, at."""
    # Written out, not bound: the index holds only these, and the databases must see it.
    clicked: ColumnElement[str] = literal_column("'clicked'")
    statement = select(col(Event.message_id), col(Event.at)).where(
        col(Event.kind) == clicked, col(Event.machine).is_(False), col(Event.verdict) != UNJUDGED
    )
    return ledger.arrow(statement, schema=CLICKS)


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


def recorded_referrals(ledger: Ledger) -> pa.Table:
    """Orders recorded as a friend's first, and not taken back: order_id, at. Where one was forgotten it stays so."""
    known = ~is_gone(Referral.friend_id), ~is_gone(Referral.advocate_id), col(Referral.state) != "taken_back"
    return ledger.arrow(select(col(Referral.order_id), col(Referral.at)).where(*known), schema=RECORDED)


def outcomes(ledger: Ledger) -> pa.Table:
    """What entries did in their windows, as it is known: enrolment_id, orders, revenue, first_at, updated_at.

    Not of people who were forgotten: what they did stands as it was.
    """
    own = (Outcome.enrolment_id, Outcome.orders, Outcome.revenue, Outcome.first_at, Outcome.updated_at)
    gone = select(col(Enrolment.id)).where(is_gone(Enrolment.customer_id))
    return ledger.arrow(
        select(*(col(one) for one in own)).where(col(Outcome.enrolment_id).not_in(gone)), schema=OUTCOMES
    )


def is_gone(customer: Any) -> ColumnElement[bool]:
    """Whether the customer in this column was forgotten."""
    return col(customer).startswith(forgotten.PSEUDONYM, autoescape=True)


def replace_outcomes(ledger: Ledger, stale: pa.Array, rows: pa.Table) -> None:
    """Forget what the entries `stale` (ids) did, and write down `rows` (columns of `outcome`); a slice at a time."""
    ids = rows["enrolment_id"].combine_chunks()
    for start in range(0, len(stale), bulk.SLICE):
        mine = stale.slice(start, bulk.SLICE)
        with ledger.writing() as connection:
            named = bulk.among(connection, col(Outcome.enrolment_id), "ids")
            connection.execute(delete(Outcome).where(named), {"ids": bulk.listed(connection, mine.to_pylist())})
            changes.changed(connection, mine.to_pylist())
            bulk.insert(connection, Outcome, rows.filter(pc.is_in(ids, value_set=mine)))
    new = rows.filter(pc.invert(pc.is_in(ids, value_set=stale)))
    for start in range(0, new.num_rows, bulk.SLICE):
        with ledger.writing() as connection:
            fresh = new.slice(start, bulk.SLICE)
            bulk.insert(connection, Outcome, fresh, skip_existing=True)
            changes.changed(connection, fresh["enrolment_id"].to_pylist())
