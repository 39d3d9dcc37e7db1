"""What waits in the outbox, and how well the database keeps it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import col

from regulars.ledger.outbox import PLANNED
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Message


def due(ledger: Ledger, before: datetime) -> dict[str, tuple[int, datetime]]:
    """Messages that were due before a moment and still wait: channel → how many, and since when the first does."""
    statement = (
        select(col(Message.channel), func.count(), func.min(col(Message.not_before)))
        .where(col(Message.state) == PLANNED, col(Message.not_before) < before)
        .group_by(col(Message.channel))
    )
    with ledger.reading() as connection:
        return {channel: (number, oldest) for channel, number, oldest in connection.execute(statement)}


def durability(ledger: Ledger) -> str:
    """How the database keeps what is committed, in its own words."""
    asked = ("fsync", "synchronous_commit") if ledger.dialect == "postgresql" else ("journal_mode", "synchronous")
    verb = "SHOW" if ledger.dialect == "postgresql" else "PRAGMA"
    with ledger.reading() as connection:
        told = [str(connection.exec_driver_sql(f"{verb} {name}").scalar()) for name in asked]
    if ledger.dialect == "sqlite":
        told[1] = {"0": "off", "1": "normal", "2": "full", "3": "extra"}.get(told[1], told[1])
    return ", ".join(f"{name} {value}" for name, value in zip(asked, told, strict=True))
