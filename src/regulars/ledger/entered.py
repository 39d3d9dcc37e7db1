"""Entries of one customer, told with what became of them: their messages, codes and orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import col

from regulars.ledger.editions import LastRun
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Answer, Code, ConsentRecord, Conversion, Enrolment, Message, Run, Suppression


@dataclass(frozen=True)
class Letter:
    """One message of an entry. `code` and what it gave are empty where it brought none."""

    name: str
    channel: str
    template: str
    language: str
    state: str
    reason: str
    due_at: datetime
    sent_at: datetime | None
    address: str
    variant: str = ""
    survey: str = ""
    answer: float | None = None
    """What was answered to its survey; the mean of several questions."""
    told: str = ""
    """Whether the shop was told of that: `told`, `perhaps`, or empty."""
    code: str = ""
    kind: str = ""
    value: Decimal = Decimal(0)
    gift: str = ""


@dataclass(frozen=True)
class Entry:
    """Somebody entered a campaign. Moments are aware."""

    id: str
    campaign: str
    occasion: str
    arm: str
    run_id: str
    entered_at: datetime
    due_at: datetime
    ended_at: datetime | None
    end_reason: str
    offer_step: int
    row_ids: str = ""
    letters: list[Letter] = field(default_factory=list)
    orders: list[tuple[str, Decimal, datetime]] = field(default_factory=list)
    """(id, amount, when) of the orders that are credited to it."""


@dataclass(frozen=True)
class Word:
    """What a customer said about a channel; `topic` is empty where it is about everything."""

    channel: str
    given: bool
    source: str
    at: datetime
    topic: str = ""


def entries_of(ledger: Ledger, customer: str) -> list[Entry]:
    """All entries of a customer in the order they were made, each with its messages in the order they were due."""
    with ledger.reading() as connection:
        said = _answers(connection, customer)
        codes = {(row.enrolment_id, row.message_name): row for row in _rows(connection, Code, customer)}
        letters: dict[str, list[Letter]] = {}
        for row in sorted(_rows(connection, Message, customer), key=lambda row: (row.due_at, row.id)):
            letters.setdefault(row.enrolment_id, []).append(
                _letter(row, codes.get((row.enrolment_id, row.name)), said.get(row.id))
            )
        orders: dict[str, list[tuple[str, Decimal, datetime]]] = {}
        for row in sorted(_rows(connection, Conversion, customer), key=lambda row: row.at):
            orders.setdefault(row.enrolment_id, []).append((row.order_id, row.amount, row.at))
        entered = sorted(_rows(connection, Enrolment, customer), key=lambda row: (row.entered_at, row.id))
    names = [name for name in Entry.__dataclass_fields__ if name not in ("letters", "orders")]
    return [
        Entry(
            **{name: getattr(row, name) for name in names},
            letters=letters.get(row.id, []),
            orders=orders.get(row.id, []),
        )
        for row in entered
    ]


def words_of(ledger: Ledger, customer: str) -> list[Word]:
    """Everything the customer said about being written to, the latest last."""
    with ledger.reading() as connection:
        said = sorted(_rows(connection, ConsentRecord, customer), key=lambda row: (row.at, row.id))
    return [Word(row.channel, row.given, row.source, row.at, row.topic) for row in said]


def suppressed(ledger: Ledger, address_hash: str, channel: str) -> tuple[str, datetime] | None:
    """(reason, since when) of an address that must not be written to; None for one that may."""
    with ledger.reading() as connection:
        statement = select(col(Suppression.reason), col(Suppression.at)).where(
            col(Suppression.address_hash) == address_hash, col(Suppression.channel) == channel
        )
        row = connection.execute(statement).one_or_none()
    return (str(row.reason), row.at) if row else None


def _answers(connection: Connection, customer: str) -> dict[str, dict[str, Any]]:
    """Message → its survey, what the customer answered, and whether the shop was told."""
    given: dict[str, list[Any]] = {}
    for row in _rows(connection, Answer, customer):
        if not row.machine:
            given.setdefault(row.message_id, []).append(row)
    return {
        message: {
            "survey": rows[0].survey,
            "answer": sum(row.score for row in rows) / len(rows),
            "told": _told({told for row in rows for told in (row.told, row.told_webhook)}),
        }
        for message, rows in given.items()
    }


def _told(ways: set[str]) -> str:
    if "accepted" in ways:
        return "told"
    return "perhaps" if ways & {"intent", "ambiguous"} else ""


def _letter(row: Any, code: Any, said: dict[str, Any] | None) -> Letter:
    own = ("code", "kind", "value", "gift", "survey", "answer", "told")
    names = [name for name in Letter.__dataclass_fields__ if name not in own]
    gave = {"code": code.code, "kind": code.kind, "value": code.value, "gift": code.gift} if code else {}
    return Letter(**{name: getattr(row, name) for name in names}, **gave, **(said or {}))


def _rows(connection: Connection, table: Any, customer: str) -> list[Any]:
    return list(connection.execute(select(*table.__table__.columns).where(table.customer_id == customer)).all())


def runs_of(ledger: Ledger, campaigns: Sequence[str], since: datetime, until: datetime) -> list[LastRun]:
    """The runs of a campaign, by all its names, that took it to be a moment from `since` on and before `until`."""
    columns = (Run.id, Run.as_of, Run.audience, Run.fingerprint, Run.snapshot)
    statement = select(*(col(column) for column in columns)).where(
        col(Run.campaign).in_(campaigns), col(Run.as_of) >= since, col(Run.as_of) < until
    )
    with ledger.reading() as connection:
        return [LastRun(*row) for row in connection.execute(statement.order_by(col(Run.as_of), col(Run.id)))]
