"""Trials: the variants of a message, tried on some before the others get the best. Each is settled once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa
from sqlalchemy import Connection, case, func, select, update
from sqlmodel import col

from regulars.ledger import bulk
from regulars.ledger.store import Ledger
from regulars.ledger.tables import SENT, Message, Outcome, Trial


class Tried(NamedTuple):
    """What the people of one variant did so far."""

    people: int
    """To whom it was sent."""
    did: int
    """Of these, how many did what it is judged by."""


class Kept(NamedTuple):
    """A trial as the ledger has it."""

    started_at: datetime
    ended_at: datetime | None
    """None while it runs."""
    winner: str
    counts: dict[str, Tried]
    """What was known when it was settled."""
    sentence: str


def named(variants: Iterable[str]) -> str:
    """The key of a trial of these variants, in whatever order they are written."""
    return ",".join(sorted(variants))


def begin(connection: Connection, campaign: str, message: str, variants: Iterable[str], at: datetime) -> None:
    """A message of it is due at `at`: it begins, unless it has begun before."""
    row = {"campaign": [campaign], "message": [message], "variants": [named(variants)], "started_at": [at]}
    bulk.insert(connection, Trial, pa.table(row), skip_existing=True)


def found(ledger: Ledger, campaigns: Sequence[str], message: str, variants: Iterable[str]) -> Kept | None:
    """The trial of these variants of a message, under the first of its campaign's names that has one."""
    statement = select(Trial.__table__).where(  # type: ignore[attr-defined]  # SQLModel adds it to table classes
        col(Trial.campaign).in_(campaigns), col(Trial.message) == message, col(Trial.variants) == named(variants)
    )
    with ledger.reading() as connection:
        rows = {row.campaign: row for row in connection.execute(statement)}
    return next((_kept(rows[name]) for name in campaigns if name in rows), None)


def latest(connection: Connection) -> dict[tuple[str, str], Kept]:
    """(campaign, message) → its last trial, running or settled."""
    statement = select(Trial.__table__).order_by(col(Trial.started_at))  # type: ignore[attr-defined]  # as above
    return {(row.campaign, row.message): _kept(row) for row in connection.execute(statement)}


def tried(
    ledger: Ledger, campaign: str, message: str, variants: Sequence[str], since: datetime, *, by_clicks: bool
) -> dict[str, Tried]:
    """What the people of each variant did whose message was due at `since` or later: clicked, or converted."""
    did = col(Message.state) == "clicked" if by_clicks else col(Outcome.orders) > 0
    statement = (
        select(col(Message.variant), func.count(), func.count(case((did, 1))))
        .join(Outcome, col(Outcome.enrolment_id) == col(Message.enrolment_id), isouter=True)
        .where(col(Message.campaign) == campaign, col(Message.name) == message, col(Message.state).in_(SENT))
        .where(col(Message.due_at) >= since, col(Message.variant).in_(variants))
        .group_by(col(Message.variant))
    )
    with ledger.reading() as connection:
        counted = {variant: Tried(people, did) for variant, people, did in connection.execute(statement)}
    return {variant: counted.get(variant, Tried(0, 0)) for variant in variants}


def settle(
    connection: Connection,
    campaign: str,
    message: str,
    counts: Mapping[str, Tried],
    ended_at: datetime,
    winner: str,
    sentence: str,
) -> bool:
    """It is over, and this is what came of it; False where somebody else settled it before: theirs stands."""
    key = (col(Trial.campaign) == campaign, col(Trial.message) == message, col(Trial.variants) == named(counts))
    told = json.dumps(counts)
    over = update(Trial).where(*key, col(Trial.ended_at).is_(None))
    values = over.values(ended_at=ended_at, winner=winner, counts=told, sentence=sentence)
    return connection.execute(values).rowcount == 1


def _kept(row: Any) -> Kept:
    counts = {variant: Tried(*pair) for variant, pair in json.loads(row.counts).items()}
    return Kept(row.started_at, row.ended_at, row.winner, counts, row.sentence)
