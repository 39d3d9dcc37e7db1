"""What providers have told about messages that this ledger believes unsent: looked up before anything is sent.

Normally there is nothing to find. There is where an old copy of the ledger was put back, and people entered again whom
it had forgotten: their messages have other ids now and are the same messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection, select
from sqlmodel import col

from regulars.ledger import bulk, same
from regulars.ledger.moves import Change
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Stray

SENT_BEFORE = "the provider told that it went out before"
UNSENT_KINDS = ("dropped", "deferred")
"""Events that do not tell that somebody got it."""


class Held(Protocol):
    """A message in a worker's hands (`outbox.ClaimedMessage`)."""

    @property
    def id(self) -> str: ...
    @property
    def campaign(self) -> str: ...
    @property
    def customer_id(self) -> str: ...
    @property
    def occasion(self) -> str: ...
    @property
    def name(self) -> str: ...


def sent_before(ledger: Ledger, connection: Connection, rows: Sequence[Held]) -> list[Change]:
    """Those of the claimed messages that went out already, by events nobody could place; they become `accepted`."""
    if not rows or connection.execute(select(col(Stray.key)).limit(1)).first() is None:
        return []
    asked = [(row.campaign, row.customer_id, row.occasion, row.name) for row in rows]
    keys = dict(zip(same.keys(ledger, asked), (row.id for row in rows), strict=True))
    told = col(Stray.kind).not_in(UNSENT_KINDS)
    by_key = select(col(Stray.same)).where(bulk.among(connection, col(Stray.same), "keys"), told).distinct()
    by_id = select(col(Stray.message_id)).where(bulk.among(connection, col(Stray.message_id), "ids"), told).distinct()
    found = {keys[key] for key in connection.execute(by_key, {"keys": bulk.listed(connection, list(keys))}).scalars()}
    mine = bulk.listed(connection, [row.id for row in rows])
    found |= set(connection.execute(by_id, {"ids": mine}).scalars())
    return [Change(row.id, "claimed", "accepted", SENT_BEFORE) for row in rows if row.id in found]
