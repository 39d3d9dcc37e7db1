"""What a rehearsal writes instead of sending: messages count as accepted, and nobody was asked to carry them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, literal_column, select, update
from sqlmodel import col

from regulars.ledger import bulk, entries
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Message


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


def _due(at: datetime) -> tuple[ColumnElement[bool], ...]:
    # Written out, not bound: the index of due messages holds only these.
    return col(Message.state) == literal_column("'planned'"), col(Message.not_before) <= at
