"""What providers tell about messages. States only ever rise, so repeated and disordered news change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from sqlalchemy import Connection, select
from sqlmodel import col

from regulars.ledger import bulk, crossing, moves
from regulars.ledger.moves import Change
from regulars.ledger.tables import Event, Message

RANKS = {
    "sending": 0,
    "ambiguous": 0,
    "accepted": 10,
    "delivered": 30,
    "opened": 40,
    "clicked": 50,
    "dropped": 60,
    "bounced": 60,
    "failed": 60,
}
"""A message moves to the state an event names only where that ranks higher. What never left is not moved."""


@dataclass(frozen=True, slots=True)
class News:
    """One event of a provider. `kind` is a state of `RANKS`, or a word that moves nothing, such as `complained`."""

    key: str
    """The same for every delivery of the same event."""
    provider: str
    message_id: str
    kind: str
    at: datetime
    detail: str = ""
    machine: bool = False
    """A scanner's doing: kept, and moves nothing."""


def record(connection: Connection, news: Sequence[News], received_at: datetime) -> int:
    """Write down events, and raise the states of the messages they are about; how many events are new."""
    if not news:
        return 0
    rows = {
        "key": pa.array([item.key for item in news], pa.string()),
        "provider": pa.array([item.provider for item in news], pa.string()),
        "message_id": pa.array([item.message_id for item in news], pa.string()),
        "kind": pa.array([item.kind for item in news], pa.string()),
        "at": pa.array([item.at for item in news], crossing.MOMENT),
        "received_at": pa.repeat(pa.scalar(received_at, crossing.MOMENT), len(news)),
        "detail": pa.array([item.detail for item in news], pa.string()),
        "machine": pa.array([item.machine for item in news], pa.bool_()),
    }
    new = bulk.insert(connection, Event, pa.table(rows), skip_existing=True)
    moves.leave(connection, _risen(connection, news), received_at, "event")
    return new


def _risen(connection: Connection, news: Sequence[News]) -> list[Change]:
    highest: dict[str, str] = {}
    for item in news:
        if not item.machine and RANKS.get(item.kind, -1) > RANKS.get(highest.get(item.message_id, ""), -1):
            highest[item.message_id] = item.kind
    statement = (
        select(col(Message.id), col(Message.state), col(Message.attempt_id))
        .where(bulk.among(connection, col(Message.id), "ids"))
        .order_by(col(Message.id))
        .with_for_update()
    )
    bound = {"ids": bulk.listed(connection, list(highest))}
    return [
        Change(row.id, row.state, highest[row.id], attempt_id=row.attempt_id)
        for row in connection.execute(statement, bound)
        if row.state in RANKS and RANKS[highest[row.id]] > RANKS[row.state]
    ]
