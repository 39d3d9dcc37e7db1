"""What a rehearsal writes instead of sending: messages count as accepted, and nobody was asked to carry them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import pyarrow as pa
from sqlalchemy import ColumnElement, literal_column, select, update
from sqlmodel import col

from regulars.ledger import bulk, entries, ids
from regulars.ledger.crossing import MOMENT
from regulars.ledger.store import Ledger
from regulars.ledger.tables import SENT, Answer, Message


def waiting(ledger: Ledger, at: datetime) -> list[str]:
    """The channels by which a message is due at `at`."""
    with ledger.reading() as connection:
        return sorted(connection.execute(select(col(Message.channel)).where(*_due(at)).distinct()).scalars())


def accept(ledger: Ledger, campaigns: Collection[str], single: Collection[str], at: datetime) -> None:
    """Take every message of `campaigns` that is due by `at` as accepted at that moment, with what follows from it.

    `single`: those of them that have one message, whose entries are over with it; in the others a message that brings
    a code ends the older ones.
    """
    with ledger.reading() as connection:
        mine = bulk.among(connection, col(Message.campaign), "campaigns")
        bound = {"campaigns": bulk.listed(connection, sorted(campaigns))}
        own = (col(Message.id), col(Message.enrolment_id), col(Message.campaign))
        due = connection.execute(select(*own).where(*_due(at), mine), bound).all()
    if not due:
        return
    with ledger.writing() as connection:
        statement = update(Message).where(bulk.among(connection, col(Message.id), "ids"))
        bound = {"ids": bulk.listed(connection, [row.id for row in due])}
        connection.execute(statement.values(state="accepted", sent_at=at, tries=1), bound)
        entries.end_replaced_codes(connection, [row.id for row in due if row.campaign not in single], at)
        over = [row.enrolment_id for row in due if row.campaign in single]
        if over:
            entries.end_settled(connection, over, at)


SENT_MESSAGES = pa.schema(
    [(name, pa.string()) for name in ("id", "enrolment_id", "customer_id", "campaign", "name", "local_day")]
    + [("sent_at", MOMENT)]
)


def sent(ledger: Ledger, since: datetime, until: datetime) -> pa.Table:
    """Messages that went out after `since` and up to `until`: columns of `SENT_MESSAGES`."""
    statement = select(*(col(getattr(Message, name)) for name in SENT_MESSAGES.names))
    window = col(Message.sent_at) > since, col(Message.sent_at) <= until, col(Message.state).in_(SENT)
    return ledger.arrow(statement.where(*window), schema=SENT_MESSAGES)


def answer(ledger: Ledger, given: pa.Table) -> int:
    """Write down answers, as columns of `Answer` without id and comment; how many."""
    own = {"id": ids.draw(given.num_rows), "comment": pa.array([""] * given.num_rows, pa.string())}
    for name, column in own.items():
        given = given.append_column(name, column)
    with ledger.writing() as connection:
        return bulk.insert(connection, Answer, given)


def _due(at: datetime) -> tuple[ColumnElement[bool], ...]:
    # Written out, not bound: the index of due messages holds only these.
    return col(Message.state) == literal_column("'planned'"), col(Message.not_before) <= at
