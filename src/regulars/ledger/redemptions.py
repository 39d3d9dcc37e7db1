"""Codes that orders carried: the terms they are held against, and what became of them, in bulk."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from sqlalchemy import Connection, case, delete, select
from sqlmodel import col

from regulars.ledger import bulk, crossing, forgotten
from regulars.ledger.cohorts import changes
from regulars.ledger.crossing import MOMENT, MONEY
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Code, Message, Redemption

_TEXT = pa.string()
TERMS = pa.schema(
    [
        ("code", _TEXT),
        ("enrolment_id", _TEXT),
        ("message_name", _TEXT),
        ("campaign", _TEXT),
        ("customer_id", _TEXT),
        ("kind", _TEXT),
        ("value", MONEY),
        ("shared", pa.bool_()),
        ("holder_only", pa.bool_()),
        ("issued_at", MOMENT),
        ("sent_at", MOMENT),
        ("valid_until", MOMENT),
        ("ended_at", MOMENT),
    ]
)
REDEMPTIONS = crossing.schema(Redemption)


def terms(ledger: Ledger) -> pa.Table:
    """Every code of a message that was given to anybody: whose it is, what it gives, and from when until when.

    `sent_at` is null where its message has not gone out. A code that no message carries (a reward for friends) is its
    holder's from when it was given.
    """
    own = (Code.code, Code.enrolment_id, Code.message_name, Code.campaign, Code.customer_id, Code.kind, Code.value)
    since = case((col(Message.id).is_(None), col(Code.issued_at)), else_=col(Message.sent_at))
    rest = (Code.shared, Code.holder_only, Code.issued_at), (Code.valid_until, Code.ended_at)
    carrier = col(Message.enrolment_id) == col(Code.enrolment_id), col(Message.name) == col(Code.message_name)
    statement = select(
        *(col(column) for column in (*own, *rest[0])), since, *(col(column) for column in rest[1])
    ).outerjoin(Message, carrier[0] & carrier[1])
    return ledger.arrow(statement, schema=TERMS)


def known(ledger: Ledger) -> pa.Table:
    """The redemptions that are written down: all columns. Not those of people who were forgotten: they stay as is."""
    gone = (col(Redemption.customer_id), col(Redemption.code))
    kept = (~one.startswith(forgotten.PSEUDONYM, autoescape=True) for one in gone)
    return ledger.arrow(select(*crossing.columns(Redemption)).where(*kept), schema=REDEMPTIONS)


def replace(connection: Connection, stale: Sequence[str], rows: pa.Table) -> None:
    """Take out the redemptions by the orders `stale` (ids), and write down `rows` (columns of `redemption`)."""
    for start in range(0, len(stale), bulk.SLICE):
        orders = bulk.listed(connection, stale[start : start + bulk.SLICE])
        statement = delete(Redemption).where(bulk.among(connection, col(Redemption.order_id), "orders"))
        theirs = connection.execute(statement.returning(col(Redemption.enrolment_id)), {"orders": orders}).scalars()
        changes.changed(connection, theirs)
    bulk.insert(connection, Redemption, rows)
    changes.changed(connection, rows["enrolment_id"].to_pylist())
