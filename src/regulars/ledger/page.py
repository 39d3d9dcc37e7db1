"""One customer's page of the ledger: their rows alone, copied into memory, as they stood at a moment.

Whoever asks about one person asks this page what they would ask the ledger, and a million others cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, or_, select
from sqlmodel import SQLModel, col

from regulars.ledger import engine
from regulars.ledger.store import Ledger
from regulars.ledger.tables import (
    Answer,
    Code,
    ConsentRecord,
    Conversion,
    Edition,
    Enrolment,
    Event,
    Membership,
    Message,
    Outcome,
    Referral,
    ReferralCode,
    Run,
    Salt,
    Stage,
    Suppression,
    Transition,
)

Row = dict[str, Any]
RUNS = 6
"""How many runs of each campaign come along: what selecting looks back at, and one more."""
KNOWN_AT: dict[type[SQLModel], str] = {
    ConsentRecord: "at",
    Suppression: "at",
    Event: "received_at",
    Answer: "at",
    Conversion: "recorded_at",
    Outcome: "first_at",
    Referral: "recorded_at",
    ReferralCode: "created_at",
    Membership: "since",
    Run: "started_at",
}
"""What is known from a moment on, and does not change after."""


@dataclass
class _Rows:
    """The rows of a page, by table, on their way from one ledger to the other."""

    connection: Connection
    found: dict[type[SQLModel], list[Row]] = field(default_factory=dict)

    def read(self, table: type[SQLModel], *where: ColumnElement[bool]) -> list[Row]:
        """Copy the rows of `table` of which `where` is true."""
        statement = select(*table.__table__.columns).where(*where)  # type: ignore[attr-defined]  # SQLModel sets it
        rows = [dict(row) for row in self.connection.execute(statement).mappings()]
        self.found[table] = rows
        return rows


def page_of(ledger: Ledger, customer: str, address_hashes: Sequence[str], until: datetime | None = None) -> Ledger:
    """A ledger in memory, to look at, with what `ledger` holds of `customer`: as it stood just before `until`, or now.

    `address_hashes` are those of the customer's addresses (`consent.address_hash`): whether they are suppressed.
    """
    with ledger.reading() as connection:
        rows = _read(_Rows(connection), customer, address_hashes)
    if until is not None:
        _as_it_stood(rows, until.astimezone(UTC))
    memory = engine.empty()
    with memory.begin() as connection:
        SQLModel.metadata.create_all(connection)
        for table, found in rows.items():
            if found:
                connection.execute(insert(table), found)
    return Ledger(ledger.url, ledger.folder, memory, looking=True, exists=ledger.exists)


def _read(rows: _Rows, customer: str, address_hashes: Sequence[str]) -> dict[type[SQLModel], list[Row]]:
    for table in (Enrolment, Message, Answer, Code, Conversion, ConsentRecord, Membership, ReferralCode, Stage):
        rows.read(table, col(table.customer_id) == customer)
    rows.read(Referral, or_(col(Referral.advocate_id) == customer, col(Referral.friend_id) == customer))
    messages, entries = _ids(rows.found[Message]), _ids(rows.found[Enrolment])
    rows.read(Event, col(Event.message_id).in_(messages))
    rows.read(Transition, col(Transition.message_id).in_(messages))
    rows.read(Outcome, col(Outcome.enrolment_id).in_(entries))
    rows.read(Suppression, col(Suppression.address_hash).in_(address_hashes))
    rows.read(Salt)
    runs: list[Row] = []
    for campaign in rows.connection.execute(select(col(Run.campaign)).distinct()).scalars().all():
        last = select(col(Run.id)).where(col(Run.campaign) == campaign).order_by(col(Run.started_at).desc()).limit(RUNS)
        runs += rows.read(Run, col(Run.id).in_(rows.connection.execute(last).scalars().all()))
    rows.found[Run] = runs
    rows.read(Edition, col(Edition.fingerprint).in_({row["fingerprint"] for row in runs}))
    return rows.found


def _ids(rows: Iterable[Row]) -> list[str]:
    return [row["id"] for row in rows]


def _as_it_stood(rows: dict[type[SQLModel], list[Row]], until: datetime) -> None:
    """Take back whatever happened at `until` or later."""
    for table, moment in KNOWN_AT.items():
        rows[table] = [row for row in rows[table] if row[moment] < until]
    _keep(rows, Enrolment, lambda row: row["entered_at"] < until)
    entries = set(_ids(rows[Enrolment]))
    _keep(rows, Message, lambda row: row["enrolment_id"] in entries and written(row["id"]) < until)
    _keep(rows, Code, lambda row: row["enrolment_id"] in entries and row["issued_at"] < until)
    _keep(rows, Outcome, lambda row: row["enrolment_id"] in entries)
    for row in rows[Enrolment]:
        if row["ended_at"] is not None and row["ended_at"] >= until:
            row.update(ended_at=None, end_reason="")
    for row in rows[Code]:
        if row["ended_at"] is not None and row["ended_at"] >= until:
            row["ended_at"] = None
    for row in rows[Message]:
        _take_back(row, [one for one in rows[Transition] if one["message_id"] == row["id"]], until)
    _keep(rows, Transition, lambda row: row["at"] < until)


def _take_back(message: Row, transitions: Sequence[Row], until: datetime) -> None:
    later = sorted((one for one in transitions if one["at"] >= until), key=lambda one: (one["at"], one["id"]))
    if later:
        message.update(state=later[0]["before"] or "planned", reason="")
    if message["sent_at"] is not None and message["sent_at"] >= until:
        message["sent_at"] = None


def _keep(rows: dict[type[SQLModel], list[Row]], table: type[SQLModel], holds: Callable[[Row], bool]) -> None:
    rows[table] = [row for row in rows[table] if holds(row)]


def written(message_id: str) -> datetime:
    """When a row with this id (UUIDv7) was written; its first 48 bits say so."""
    return datetime.fromtimestamp(int(message_id[:12], 16) / 1000, UTC)
