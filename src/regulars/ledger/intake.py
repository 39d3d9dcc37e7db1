"""A chunk of news taken into the ledger, in the caller's transaction: events, states, addresses, tallies, halts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa
from sqlalchemy import Connection, select, update
from sqlmodel import col

from regulars.ledger import bulk, consent, events, halts, strays, tallies, verdicts
from regulars.ledger.events import News
from regulars.ledger.tables import Cursor

CONFIG = "config"
"""Verdict of an event that says that the account or the sender is not fit to send."""


@dataclass(slots=True)
class Taken:
    """What became of a chunk."""

    new: int = 0
    """Events that the ledger had not got."""
    risen: int = 0
    """Messages whose state rose."""
    strays: int = 0
    addresses: int = 0
    """Addresses of which something was said."""
    halted: list[str] = field(default_factory=list)
    """Scopes that were halted by it."""
    warnings: list[str] = field(default_factory=list)


def take(connection: Connection, news: Sequence[News], own: str, at: datetime) -> Taken:
    """Take `news` in. `own` is this ledger's id. Taken twice they change nothing."""
    each = list({item.key: item for item in news}.values())
    if verdicts.matter(each):
        consent.speak(connection)
    known = events.messages(connection, {item.message_id for item in each if item.message_id})
    found = strays.sort(connection, each, known, own)
    taken = Taken(strays=strays.park(connection, found.strays, at))
    fresh = events.unheard(connection, found.placed)
    risen = tallies.count(connection, fresh, known)
    taken.new = events.write(connection, fresh, at) if fresh else 0
    taken.risen = events.rise(connection, found.placed, known, found.carried, at)
    # What an inbound message says counts once: told again later, it must not take back what was said since.
    said = [item for item in found.placed if item.message_id] + [item for item in fresh if not item.message_id]
    taken.addresses = verdicts.carry_out(connection, said, known)
    _halt(connection, taken, found, fresh, risen, known, at)
    return taken


def _halt(
    connection: Connection,
    taken: Taken,
    found: strays.Sorted,
    fresh: Sequence[News],
    risen: set[str],
    known: dict[str, events.Known],
    at: datetime,
) -> None:
    before = halts.in_force(connection)
    for rate in tallies.stop(connection, risen, at) if risen else ():
        if not rate.stops:
            taken.warnings.append(f"{rate.campaign}: {rate.sentence}")
    for item in fresh:
        if item.verdict == CONFIG:
            halts.raise_halt(connection, halts.channel(known[item.message_id].channel), item.detail, at)
    if found.forgotten:
        strays.remember(connection, found.forgotten, at)
    taken.halted = [scope for scope in halts.in_force(connection) if scope not in before]


def position(connection: Connection, name: str) -> int:
    """How far something was read; 0 where it never was."""
    statement = select(col(Cursor.position)).where(col(Cursor.name) == name)
    return int(connection.execute(statement).scalar() or 0)


def advance(connection: Connection, name: str, before: int, after: int) -> bool:
    """Move a cursor from `before` to `after`; False where somebody else has moved it meanwhile."""
    row = {"name": [name], "position": [0]}
    if not before:
        bulk.insert(connection, Cursor, pa.table(row), skip_existing=True)
    statement = update(Cursor).where(col(Cursor.name) == name, col(Cursor.position) == before).values(position=after)
    return connection.execute(statement).rowcount == 1
