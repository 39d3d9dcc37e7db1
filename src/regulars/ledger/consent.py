"""Who must not be written to: what people said to us, and addresses that are suppressed, kept as hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, and_, exists, insert, or_, select, text
from sqlalchemy.orm import aliased
from sqlmodel import col

from regulars.ledger import bulk, crossing, ids
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


def words(ledger: Ledger) -> pa.Table:
    """What each customer said last about each channel: customer_id, channel, given (bool), at (moment)."""
    said = ConsentRecord
    statement = select(col(said.customer_id), col(said.channel), col(said.given), col(said.at)).where(_is_last())
    return ledger.arrow(statement, schema=WORDS)


def suppress(connection: Connection, address_hash: str, channel: str, reason: str, at: datetime) -> bool:
    """Never write to an address on a channel again; whether that is new. The first reason stays."""
    _speak(connection)
    row = {"address_hash": [address_hash], "channel": [channel], "reason": [reason], "at": [at]}
    return bulk.insert(connection, Suppression, pa.table(row), skip_existing=True) == 1


def record(
    connection: Connection, customer_id: str, channel: str, at: datetime, *, given: bool, source: str, wording: str = ""
) -> str:
    """Write down what a customer said about a channel; the id of the record.

    `source` is where it was said (`unsubscribe link`, `import` …), `wording` the sentence that was agreed to.
    """
    _speak(connection)
    row = ConsentRecord(
        id=ids.one(), customer_id=customer_id, channel=channel, given=given, source=source, wording=wording, at=at
    )
    connection.execute(insert(ConsentRecord).values(**row.model_dump()))
    return row.id


def hold_still(connection: Connection) -> None:
    """Until this transaction ends nobody's consent or suppression changes."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(_HOLD_STILL))


def objections(connection: Connection, message_ids: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Messages that must not be sent, each with the reason: the address is suppressed, or consent was withdrawn."""
    among = bulk.among(connection, col(Message.id), "ids")
    bound = {"ids": bulk.listed(connection, message_ids)}
    against = and_(
        col(ConsentRecord.customer_id) == col(Message.customer_id), col(ConsentRecord.channel) == col(Message.channel)
    )
    withdrawn = select(col(Message.id)).join(ConsentRecord, against)
    withdrawn = withdrawn.where(among, col(ConsentRecord.given).is_(False), _is_last())
    for message_id in connection.execute(withdrawn, bound).scalars():
        yield message_id, WITHDRAWN
    of_address = and_(
        col(Suppression.address_hash) == col(Message.address_hash), col(Suppression.channel) == col(Message.channel)
    )
    suppressed = select(col(Message.id), col(Suppression.reason)).join(Suppression, of_address).where(among)
    for message_id, reason in connection.execute(suppressed, bound):
        yield message_id, reason


def _speak(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(_SPEAK))


def _is_last() -> ColumnElement[bool]:
    """No later word of the same customer about the same channel; of two at the same moment the later id counts."""
    said, later = ConsentRecord, aliased(ConsentRecord)
    after = or_(col(later.at) > col(said.at), and_(col(later.at) == col(said.at), col(later.id) > col(said.id)))
    same = and_(col(later.customer_id) == col(said.customer_id), col(later.channel) == col(said.channel))
    return ~exists().where(same, after)
