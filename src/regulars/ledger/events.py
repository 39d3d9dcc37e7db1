"""What providers tell about messages. States only ever rise, so repeated and disordered news change nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa
from sqlalchemy import Connection, String, func, select, update
from sqlmodel import col

from regulars.ledger import bulk, crossing, moves
from regulars.ledger.columns import Moment
from regulars.ledger.moves import Change
from regulars.ledger.tables import Attempt, Event, Message

RANKS = {
    "sending": 0,
    "ambiguous": 0,
    "unsent": 0,
    "accepted": 10,
    "delivered": 30,
    "opened": 40,
    "clicked": 50,
    "dropped": 60,
    "failed": 61,
    "bounced": 62,
}
"""A message moves to a state that ranks higher than its own. One that never left (`planned`, `expired` …) is moved only
by an event of an attempt that is known to have carried it."""

PROVES = {
    "accepted": "accepted",
    "deferred": "accepted",
    "delivered": "delivered",
    "opened": "opened",
    "clicked": "clicked",
    "dropped": "dropped",
    "failed": "failed",
    "bounced": "bounced",
    "complained": "delivered",
    "unsubscribed": "delivered",
    "resubscribed": "delivered",
}
"""The state that an event of a kind proves. What is not here moves nothing."""

UNJUDGED = "unjudged"
"""Verdict of a click that may still turn out a scanner's (`ledger.clicks`); meanwhile it counts as a machine's."""


class News(NamedTuple):
    """One event of a provider. `kind` is a word of `PROVES`, or one that moves nothing."""

    key: str
    """The same for every delivery of the same event."""
    provider: str
    message_id: str
    """Empty where it is about an address alone."""
    kind: str
    at: datetime
    detail: str = ""
    attempt_id: str = ""
    machine: bool = False
    """A scanner's doing: kept, and proves no more than that the message arrived."""
    verdict: str = ""
    """What it says of the address (`ledger.verdicts`), or `UNJUDGED`."""
    link: str = ""
    provider_id: str = ""
    received_at: datetime | None = None
    """None: the moment at which it is recorded."""
    address_hash: str = ""
    ledger_id: str = ""
    same: str = ""

    @property
    def proves(self) -> str:
        """The state it proves, or empty."""
        return "delivered" if self.machine and self.kind in ("opened", "clicked") else PROVES.get(self.kind, "")


class Known(NamedTuple):
    """A message that events are about, as it is found, and held until the transaction ends."""

    id: str
    state: str
    attempt_id: str
    provider_id: str
    address_hash: str
    campaign: str
    channel: str
    customer_id: str


def record(connection: Connection, news: Sequence[News], received_at: datetime) -> int:
    """Write down events of messages that are known, and raise their states; how many events are new."""
    if not news:
        return 0
    new = write(connection, unheard(connection, news), received_at)
    rise(connection, news, messages(connection, {item.message_id for item in news}), {}, received_at)
    return new


def unheard(connection: Connection, news: Iterable[News]) -> list[News]:
    """Those that the ledger has not got, each once."""
    each = {item.key: item for item in news}
    heard = set(bulk.existing(connection, Event, "key", pa.array(list(each), pa.string())).to_pylist())
    return [item for key, item in each.items() if key not in heard]


def write(connection: Connection, news: Sequence[News], received_at: datetime) -> int:
    """A row in `event` for each that has none yet; how many."""
    texts = ("key", "provider", "message_id", "kind", "detail", "attempt_id", "verdict", "link")
    rows = {name: pa.array([getattr(item, name) for item in news], pa.string()) for name in texts}
    rows["machine"] = pa.array([item.machine for item in news], pa.bool_())
    rows["at"] = pa.array([item.at for item in news], crossing.MOMENT)
    rows["received_at"] = pa.array([item.received_at or received_at for item in news], crossing.MOMENT)
    return bulk.insert(connection, Event, pa.table(rows), skip_existing=True)


def messages(connection: Connection, message_ids: Iterable[str]) -> dict[str, Known]:
    """The messages of these ids that the ledger knows, held (a row lock, or SQLite's write lock)."""
    statement = (
        select(*(col(getattr(Message, name)) for name in Known._fields))
        .where(bulk.among(connection, col(Message.id), "ids"))
        .order_by(col(Message.id))
        .with_for_update()
    )
    bound = {"ids": bulk.listed(connection, sorted(message_ids))}
    return {row[0]: Known(*row) for row in connection.execute(statement, bound)}


def rise(
    connection: Connection,
    news: Iterable[News],
    known: Mapping[str, Known],
    carried: Mapping[str, str],
    at: datetime,
) -> int:
    """Raise the states of `known` messages to what `news` prove; how many rose.

    `carried`: message → an attempt that carried it, by our own records, and that `news` tell of.
    """
    best: dict[str, tuple[int, News]] = {}
    for item in news:
        rank = RANKS.get(item.proves, -1)
        if rank >= 0 and (item.message_id not in best or rank > best[item.message_id][0]):
            best[item.message_id] = rank, item
    changes = []
    for message_id, (rank, item) in best.items():
        found = known.get(message_id)
        if found is None or rank <= RANKS.get(found.state, -1):
            continue
        if found.state in RANKS or message_id in carried:
            changes.append(_change(item, found, carried.get(message_id) or found.attempt_id))
    moves.leave(connection, changes, at, "event")
    _left_after_all(connection, [change for change in changes if change.before not in RANKS])
    return len(changes)


def _change(item: News, found: Known, attempt_id: str) -> Change:
    lost = item.provider_id if not found.provider_id else None
    return Change(found.id, found.state, item.proves, item.detail, attempt_id, provider_id=lost or None)


def _left_after_all(connection: Connection, changes: Sequence[Change]) -> None:
    """What was planned again, and had left: it has its attempt and its hour back, so that it counts as contact."""
    if not changes:
        return
    new = bulk.rowset(connection, "left", {"id": String(), "attempt_id": String()})
    began = select(col(Attempt.started_at)).where(col(Attempt.id) == new.c.attempt_id).scalar_subquery()
    statement = (
        update(Message)
        .where(col(Message.id) == new.c.id)
        .values(attempt_id=new.c.attempt_id, sent_at=func.coalesce(col(Message.sent_at), began, type_=Moment()))
    )
    rows = [{"id": change.message_id, "attempt_id": change.attempt_id} for change in changes]
    connection.execute(statement, {"left": bulk.json_of(connection, rows)})
