"""What a few customers were sent: the last look before sending, and the story `why` tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import pyarrow as pa
from sqlalchemy import Connection, String, select, text, update
from sqlmodel import col

from regulars.ledger import bulk
from regulars.ledger.crossing import MOMENT
from regulars.ledger.store import Ledger
from regulars.ledger.tables import SENT, Message

SENT_TO = pa.schema(
    [
        ("customer_id", pa.string()),
        ("channel", pa.string()),
        ("local_day", pa.string()),
        ("campaign", pa.string()),
        ("name", pa.string()),
        ("state", pa.string()),
        ("sent_at", MOMENT),
    ]
)


def sent_to(ledger: Ledger, customers: Sequence[str], since: date) -> pa.Table:
    """Messages that reached, or may have reached, these customers on their calendar days from `since` on.

    customer_id, channel, local_day (ISO), campaign, name, state (texts), sent_at (moment); in the order they were sent.
    """
    with ledger.reading() as connection:
        return seen_by(connection, customers, since)


def seen_by(connection: Connection, customers: Sequence[str], since: date) -> pa.Table:
    """The same inside a transaction."""
    own = (getattr(Message, name) for name in SENT_TO.names)
    statement = select(*(col(column) for column in own)).where(
        bulk.among(connection, col(Message.customer_id), "customers"),
        col(Message.local_day) >= since.isoformat(),
        col(Message.state).in_(SENT),
    )
    listed = bulk.listed(connection, sorted(set(customers)))
    return bulk.read(connection, statement.order_by(col(Message.sent_at)), {"customers": listed}, schema=SENT_TO)


def message_at(connection: Connection, customer: str, campaign: str, name: str, moment: datetime) -> str:
    """The id of the message `name` of a campaign that went to a customer at `moment`; raises where there is none."""
    own = {"customer_id": customer, "campaign": campaign, "name": name, "sent_at": moment}
    statement = select(col(Message.id)).where(
        *(col(getattr(Message, column)) == value for column, value in own.items())
    )
    return str(connection.execute(statement).scalar_one())


def alone(connection: Connection) -> None:
    """Until this transaction ends nobody else decides what frequency caps let through.

    On SQLite one transaction writes at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('regulars.frequency'))"))


def count_on(connection: Connection, days: Mapping[str, str]) -> None:
    """Let messages (id → calendar day of their customer, ISO) count against the day on which they are really sent."""
    if days:
        new = bulk.rowset(connection, "days", {"id": String(), "local_day": String()})
        statement = update(Message).where(col(Message.id) == new.c.id).values(local_day=new.c.local_day)
        rows = [{"id": message_id, "local_day": day} for message_id, day in days.items()]
        connection.execute(statement, {"days": bulk.json_of(connection, rows)})


LEFT_OUT = pa.schema([(name, pa.string()) for name in ("customer_id", "campaign", "name", "reason")])


def left_out(ledger: Ledger) -> pa.Table:
    """Messages that were settled without being sent: customer_id, campaign, name, reason (texts)."""
    own = (Message.customer_id, Message.campaign, Message.name, Message.reason)
    states = ("suppressed", "expired", "skipped", "dead")
    return ledger.arrow(select(*(col(column) for column in own)).where(col(Message.state).in_(states)), schema=LEFT_OUT)
