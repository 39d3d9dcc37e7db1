"""Which clicks a scanner made. Told a while after they came, when what else is known of their message has come too.

A scanner follows links as soon as the letter is there, and all of them. Judging by one click what only its neighbours
show would make the end depend on the order of events, and states never fall again; so a click waits a little.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, literal_column, or_, select, update
from sqlmodel import col

from regulars.ledger import bulk, events
from regulars.ledger.events import UNJUDGED, News
from regulars.ledger.tables import Event

GRACE = timedelta(seconds=60)
"""How long a click waits; SendGrid posts what it has every 30 seconds."""
TOO_SOON = timedelta(seconds=10)
"""After the delivery nobody has read so far."""
TOGETHER, LINKS = timedelta(seconds=5), 3
"""Nobody follows so many links of one letter within so long."""
AT_ONCE = 5_000
# Written out, not bound: the index holds only these, and the databases must see it.
_UNJUDGED: ColumnElement[str] = literal_column(f"'{UNJUDGED}'")


class Click(NamedTuple):
    """One of a message."""

    key: str
    at: datetime
    link: str
    verdict: str


def waiting(connection: Connection, at: datetime) -> list[str]:
    """Messages with clicks that have waited long enough; at most 5,000."""
    statement = (
        select(col(Event.message_id))
        .where(col(Event.verdict) == _UNJUDGED, col(Event.received_at) <= at - GRACE)
        .order_by(col(Event.received_at))
        .limit(AT_ONCE)
    )
    return sorted(set(connection.execute(statement).scalars()))


def judge(connection: Connection, message_ids: Sequence[str], at: datetime) -> int:
    """Settle the clicks of these messages; how many were people's."""
    known = events.messages(connection, message_ids)
    statement = (
        select(*(col(getattr(Event, name)) for name in ("message_id", "kind", "at", "key", "link", "verdict")))
        .where(
            bulk.among(connection, col(Event.message_id), "ids"),
            or_(col(Event.kind) == "delivered", col(Event.kind) == "clicked"),
        )
        .order_by(col(Event.message_id), col(Event.at), col(Event.key))
    )
    settled, human = [], []
    rows = connection.execute(statement, {"ids": bulk.listed(connection, list(message_ids))})
    for message_id, told in groupby(rows, key=lambda row: row.message_id):
        each = list(told)
        delivered = next((row.at for row in each if row.kind == "delivered"), None)
        clicks = [Click(row.key, row.at, row.link, row.verdict) for row in each if row.kind == "clicked"]
        machine = machines(clicks, delivered)
        open_ones = [click for click in clicks if click.verdict == UNJUDGED]
        settled += [click.key for click in open_ones]
        human += [
            News(click.key, "", message_id, "clicked", click.at) for click in open_ones if click.key not in machine
        ]
    _settle(connection, settled, machine=True)
    _settle(connection, [item.key for item in human], machine=False)
    events.rise(connection, human, known, {}, at)
    return len(human)


def machines(clicks: Sequence[Click], delivered: datetime | None) -> set[str]:
    """The keys of those clicks of one message, in the order of their times, that no person made."""
    soon = {click.key for click in clicks if delivered is not None and click.at < delivered + TOO_SOON}
    for start, first in enumerate(clicks):
        near = [click for click in clicks[start:] if click.at - first.at <= TOGETHER]
        if len({click.link for click in near}) >= LINKS:
            soon |= {click.key for click in near}
    return soon


def _settle(connection: Connection, keys: Iterable[str], *, machine: bool) -> None:
    values: Mapping[str, object] = {"verdict": "", "machine": machine}
    statement = update(Event).where(bulk.among(connection, col(Event.key), "keys")).values(**values)
    connection.execute(statement, {"keys": bulk.listed(connection, list(keys))})
