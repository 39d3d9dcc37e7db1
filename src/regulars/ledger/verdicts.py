"""What events say of addresses: whom to write to no more, and who said yes again.

Everything here is worked out from the whole set of events that are known of an address, never from the order in which
they came, so that repeated and disordered news end in the same suppression.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, SQLColumnExpression, and_, case, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from regulars.ledger import bulk, consent, crossing
from regulars.ledger.events import Known, News
from regulars.ledger.tables import ConsentRecord, Event, Message, Suppression

COMPLAINT, BOUNCED, UNUSABLE, OPTED_OUT = "complaint", "bounced", "unusable", "opted-out"
OPTED_IN, SOFT = "opted-in", "soft"
STRENGTH = {COMPLAINT: 4, BOUNCED: 3, UNUSABLE: 2, OPTED_OUT: 1}
"""A suppression gives way to a stronger reason. One that is not here, written by somebody else, stays."""
SOFTS, WITHIN = 3, timedelta(days=30)
"""So many messages that did not arrive, within so long, and an address is as good as unusable."""
SAID_AT = "provider"
"""Source of a consent record that a provider's event made."""


class Closed(NamedTuple):
    """An address that is to be suppressed, or opened again (`opted-in`)."""

    address_hash: str
    channel: str
    reason: str
    at: datetime


def matter(news: Iterable[News]) -> bool:
    """Whether any of these says something of an address: then `consent.speak` comes first."""
    return any(item.verdict in (*STRENGTH, SOFT, OPTED_IN) for item in news)


def carry_out(connection: Connection, news: Sequence[News], known: Mapping[str, Known]) -> int:
    """Suppress, or open again, the addresses that `news` (recorded already) speak of; how many were spoken of."""
    closed = {
        Closed(item.address_hash, known[item.message_id].channel, item.verdict, item.at)
        for item in news
        if item.verdict in (COMPLAINT, BOUNCED, UNUSABLE)
    }
    closed |= _silent(connection, [known[item.message_id] for item in news if item.verdict == SOFT])
    # A text message to us is about no message of ours; such come in the order in which they were written.
    words = [item for item in news if item.verdict in (OPTED_OUT, OPTED_IN)]
    closed |= {Closed(item.address_hash, "sms", item.verdict, item.at) for item in words if not item.message_id}
    closed |= _said(connection, [known[item.message_id] for item in words if item.message_id])
    _suppress(connection, [row for row in closed if row.reason != OPTED_IN])
    _open(connection, [row for row in closed if row.reason == OPTED_IN])
    return len({row[:2] for row in closed})


def _silent(connection: Connection, messages: Sequence[Known]) -> set[Closed]:
    """Addresses at which three messages within 30 days did not arrive."""
    found = set()
    for (address, channel), told in _told_of(connection, messages, (SOFT,)):
        first: dict[str, datetime] = {}
        for event in told:
            first.setdefault(event.message_id, event.at)
        times = sorted(first.values())
        thirds = [last for earlier, last in zip(times, times[SOFTS - 1 :], strict=False) if last - earlier <= WITHIN]
        if thirds:
            found.add(Closed(address, channel, UNUSABLE, thirds[0]))
    return found


def _said(connection: Connection, messages: Sequence[Known]) -> set[Closed]:
    """What the owners of addresses said last at the provider's, with each word written down as one of consent."""
    found: set[Closed] = set()
    records: list[ConsentRecord] = []
    for (address, channel), told in _told_of(connection, messages, (OPTED_OUT, OPTED_IN)):
        # At the same second no stands over yes.
        words = sorted(told, key=lambda event: (event.at, event.verdict == OPTED_OUT))
        found.add(Closed(address, channel, words[-1].verdict, words[-1].at))
        noes = [event for event in words if event.verdict == OPTED_OUT]
        first = noes[0].at if noes else None
        records += [
            _record(event, channel)
            for event in words
            if event.kind == "unsubscribed" or (event.kind == "resubscribed" and first and event.at > first)
        ]
    _write_down(connection, records)
    return found


class _Word(NamedTuple):
    key: str
    kind: str
    verdict: str
    at: datetime
    provider: str
    message_id: str
    customer_id: str
    address_hash: str
    channel: str


def _told_of(
    connection: Connection, messages: Sequence[Known], verdicts: Sequence[str]
) -> Iterable[tuple[tuple[str, str], list[_Word]]]:
    """All events with one of `verdicts` about the addresses of `messages`, by address and channel, in their order."""
    if not messages:
        return
    event, message = Event, Message
    statement = (
        select(
            *(col(event.key), col(event.kind), col(event.verdict), col(event.at), col(event.provider)),
            *(col(message.id), col(message.customer_id), col(message.address_hash), col(message.channel)),
        )
        .join(message, col(message.id) == col(event.message_id))
        .where(
            bulk.among(connection, col(message.customer_id), "customers"),
            bulk.among(connection, col(message.address_hash), "addresses"),
            col(event.verdict).in_(verdicts),
        )
        .order_by(col(message.address_hash), col(message.channel), col(event.at), col(event.key))
    )
    bound = {
        "customers": bulk.listed(connection, sorted({known.customer_id for known in messages})),
        "addresses": bulk.listed(connection, sorted({known.address_hash for known in messages})),
    }
    rows = [_Word(*row) for row in connection.execute(statement, bound)]
    for address, told in groupby(rows, key=lambda word: (word.address_hash, word.channel)):
        yield address, list(told)


def _record(word: _Word, channel: str) -> ConsentRecord:
    return ConsentRecord(
        id=word.key[:32], customer_id=word.customer_id, channel=channel, given=word.kind == "resubscribed",
        source=f"{SAID_AT}: {word.provider}", at=word.at,
    )  # fmt: skip


def _write_down(connection: Connection, records: Sequence[ConsentRecord]) -> None:
    if records:
        rows = pa.Table.from_pylist([record.model_dump() for record in records], crossing.schema(ConsentRecord))
        bulk.insert(connection, ConsentRecord, rows, skip_existing=True)


def _suppress(connection: Connection, closed: Sequence[Closed]) -> None:
    if not closed:
        return
    consent.speak(connection)
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(Suppression)
    new, old = insert.excluded, Suppression
    later = and_(new.reason == OPTED_OUT, new.at > col(old.at))
    earlier = and_(new.reason != OPTED_OUT, new.at < col(old.at))
    stronger = _strength(new.reason) > _strength(col(old.reason))
    statement = insert.on_conflict_do_update(
        index_elements=["address_hash", "channel"],
        set_={"reason": new.reason, "at": new.at},
        where=or_(stronger, and_(new.reason == col(old.reason), or_(later, earlier))),
    )
    connection.execute(statement, [row._asdict() for row in sorted(closed)])


def _open(connection: Connection, opened: Sequence[Closed]) -> None:
    """Take back what its owner said, and nothing else: a complaint or a bounce stays."""
    for row in sorted(opened):
        consent.speak(connection)
        theirs = (col(Suppression.address_hash) == row.address_hash, col(Suppression.channel) == row.channel)
        statement = delete(Suppression).where(
            *theirs, col(Suppression.reason) == OPTED_OUT, col(Suppression.at) < row.at
        )
        connection.execute(statement)


def _strength(reason: SQLColumnExpression[str]) -> ColumnElement[int]:
    return case(*((reason == name, strength) for name, strength in STRENGTH.items()), else_=9)
