"""Who must not be written to: what people said to us, and addresses that are suppressed, kept as hashes.

A word may be about everything, or about one topic. Of a topic the last word about it by name counts when it was a no,
or when it came after the last general word: a later general yes opens no topic that somebody closed by its name, and a
later general no closes them all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, insert, select, text
from sqlmodel import col

from regulars.ledger import bulk, crossing, forgotten, ids
from regulars.ledger.store import Ledger
from regulars.ledger.tables import ConsentRecord, Message, Suppression

WITHDRAWN = "no consent"

SUPPRESSIONS = pa.schema([("address_hash", pa.string()), ("channel", pa.string()), ("reason", pa.string())])
WORDS = pa.schema(
    [("customer_id", pa.string()), ("channel", pa.string()), ("given", pa.bool_()), ("at", crossing.MOMENT)]
)

# PostgreSQL alone: on SQLite one transaction writes at a time anyway. Who is about to send shares the lock; who
# withdraws consent takes it alone. So no message is sent after the commit of a word against it.
_HOLD_STILL = "SELECT pg_advisory_xact_lock_shared(hashtext('regulars.consent'))"
_SPEAK = "SELECT pg_advisory_xact_lock(hashtext('regulars.consent'))"


def address_hash(salt: str, address: str) -> str:
    """How an address is remembered: SHA-256 of a salt of the ledger, a bar, and the address in small letters."""
    return hashlib.sha256(f"{salt}|{address.strip().lower()}".encode()).hexdigest()


def suppressions(ledger: Ledger) -> pa.Table:
    """All suppressed addresses: address_hash, channel, reason (texts)."""
    statement = select(col(Suppression.address_hash), col(Suppression.channel), col(Suppression.reason))
    return ledger.arrow(statement, schema=SUPPRESSIONS)


def words(ledger: Ledger, topic: str = "") -> pa.Table:
    """What counts of what each customer said about each channel: customer_id, channel, given (bool), at (moment).

    `topic` is what the asker's messages are about; empty: no topic, so that only general words count.
    """
    return ledger.arrow(_words(topic), schema=WORDS)


def words_of(ledger: Ledger, customers: Sequence[str], topic: str = "") -> pa.Table:
    """The same of a few customers."""
    said = col(ConsentRecord.customer_id)
    with ledger.reading() as connection:
        statement = _words(topic, bulk.among(connection, said, "customers"))
        return bulk.read(connection, statement, {"customers": bulk.listed(connection, customers)}, schema=WORDS)


def _words(topic: str, whose: ColumnElement[bool] | None = None) -> Select[Any]:
    said = ConsentRecord
    key = (col(said.customer_id), col(said.channel))
    latest = (col(said.at).desc(), col(said.id).desc())
    last = func.row_number().over(partition_by=[*key, col(said.topic)], order_by=latest)
    columns = (*key, col(said.given), col(said.at), col(said.id), col(said.topic), last.label("place"))
    asked = [col(said.topic).in_(["", topic])] + ([] if whose is None else [whose])
    each = select(*columns).where(*asked).subquery("each")
    counts = func.row_number().over(
        partition_by=[each.c.customer_id, each.c.channel],
        order_by=[_by_name(each.c.topic, each.c.given), each.c.at.desc(), each.c.id.desc()],
    )
    best = select(*each.c, counts.label("rank")).where(each.c.place == 1).subquery("best")
    return select(best.c.customer_id, best.c.channel, best.c.given, best.c.at).where(best.c.rank == 1)


def suppress(connection: Connection, address_hash: str, channel: str, reason: str, at: datetime) -> bool:
    """Never write to an address on a channel again; whether that is new. The first reason stays."""
    speak(connection)
    row = {"address_hash": [address_hash], "channel": [channel], "reason": [reason], "at": [at]}
    return bulk.insert(connection, Suppression, pa.table(row), skip_existing=True) == 1


def record(
    connection: Connection,
    customer_id: str,
    channel: str,
    at: datetime,
    *,
    given: bool,
    source: str,
    wording: str = "",
    topic: str = "",
) -> str:
    """Write down what a customer said about a channel; the id of the record.

    `source` is where it was said (`unsubscribe link`, `import` …), `wording` the sentence that was agreed to, `topic`
    the one topic it was said about (empty: everything).
    """
    speak(connection)
    row = ConsentRecord(
        id=ids.one(), customer_id=customer_id, channel=channel, given=given, source=source, wording=wording, at=at,
        topic=topic,
    )  # fmt: skip
    connection.execute(insert(ConsentRecord).values(**row.model_dump()))
    return row.id


def hold_still(connection: Connection) -> None:
    """Until this transaction ends nobody's consent or suppression changes."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(_HOLD_STILL))


def speak(connection: Connection) -> None:
    """Until this transaction ends nobody is about to send: what is said in it counts for the next who is.

    Take it before rows of messages are held: who sends does it in that order, and two orders make a deadlock.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(_SPEAK))


Topics = Mapping[str, str | None]
"""Campaign → the topic of its messages. None: a service, for which nobody's consent is asked."""


def objections(
    connection: Connection, message_ids: Sequence[str], topics: Topics | None = None
) -> Iterable[tuple[str, str]]:
    """Messages that must not be sent, each with the reason: the address is suppressed, consent was withdrawn, or
    the customer was forgotten.

    A campaign that is not in `topics` has none.
    """
    own = (Message.id, Message.campaign, Message.customer_id, Message.channel, Message.address_hash)
    statement = select(*(col(column) for column in own)).where(bulk.among(connection, col(Message.id), "ids"))
    rows = connection.execute(statement, {"ids": bulk.listed(connection, message_ids)})
    return objections_to(connection, [About(*row) for row in rows], topics)


class About(NamedTuple):
    """What of a message `objections_to` goes by."""

    message_id: str
    campaign: str
    customer_id: str
    channel: str
    address_hash: str


def objections_to(
    connection: Connection, messages: Sequence[About], topics: Topics | None = None
) -> Iterable[tuple[str, str]]:
    """The same for messages that were read in this transaction."""
    for message_id in _withdrawn(connection, messages, topics or {}):
        yield message_id, WITHDRAWN
    hashes = bulk.listed(connection, sorted({message.address_hash for message in messages}))
    statement = select(col(Suppression.address_hash), col(Suppression.channel), col(Suppression.reason)).where(
        bulk.among(connection, col(Suppression.address_hash), "hashes")
    )
    suppressed = {(row[0], row[1]): row[2] for row in connection.execute(statement, {"hashes": hashes})}
    if suppressed:
        for message in messages:
            if reason := suppressed.get((message.address_hash, message.channel)):
                yield message.message_id, reason
    gone = forgotten.among(connection, {message.customer_id for message in messages})
    if gone:
        yield from ((message.message_id, forgotten.REASON) for message in messages if message.customer_id in gone)


def _withdrawn(connection: Connection, messages: Sequence[About], topics: Topics) -> Iterator[str]:
    """Messages of customers whose word that counts is a no."""
    said = ConsentRecord
    statement = (
        select(col(said.customer_id), col(said.channel), col(said.topic), col(said.given))
        .where(bulk.among(connection, col(said.customer_id), "customers"))
        .order_by(col(said.at), col(said.id))
    )
    customers = bulk.listed(connection, sorted({message.customer_id for message in messages}))
    words: dict[tuple[str, str], list[tuple[str, bool]]] = {}
    for customer, channel, topic, given in connection.execute(statement, {"customers": customers}):
        words.setdefault((customer, channel), []).append((topic, given))
    for message in messages if words else ():
        about = topics.get(message.campaign, "")
        last: dict[str, bool] = {}
        for topic, given in words.get((message.customer_id, message.channel), ()):
            if about is not None and topic in ("", about):
                # Said again, it comes last: a dict keeps the place of a key that is there.
                last.pop(topic, None)
                last[topic] = given
        by_name = [given for topic, given in last.items() if topic]
        if last and (not all(by_name) or not list(last.values())[-1]):
            yield message.message_id


def _by_name(topic: ColumnElement[str], given: ColumnElement[bool]) -> ColumnElement[int]:
    """0 for a no to a topic by its name, which nothing but a word about the same topic takes back."""
    return case((and_(topic != "", given.is_(False)), 0), else_=1)
