"""Who was forgotten: nothing of them is kept but salted hashes, so that nobody enters or writes to them again.

The hash of a customer's id stands among the suppressions, under the channel `customer`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, delete, select, text
from sqlmodel import col

from regulars.ledger import bulk
from regulars.ledger.store import Ledger
from regulars.ledger.tables import ReferralCode, Salt, Suppression

CHANNEL = "customer"
"""Where a suppression stands that is about somebody, and not about an address."""
REASON = "forgotten"
PSEUDONYM = "forgotten-"
"""How the stand-in for a forgotten customer's id begins."""
SALT = "addresses"

# PostgreSQL alone, as in `consent`: who writes people down shares the lock, who forgets takes it alone.
_WRITE_DOWN = "SELECT pg_advisory_xact_lock_shared(hashtext('regulars.forgotten'))"
_FORGET = "SELECT pg_advisory_xact_lock(hashtext('regulars.forgotten'))"
_EVERYBODY = select(col(Suppression.address_hash)).where(col(Suppression.channel) == CHANNEL)
HASHES = pa.schema([("address_hash", pa.string())])


def customer_hash(salt: str, customer: str) -> str:
    """How a forgotten customer is remembered: SHA-256 of the salt `addresses`, `|customer|`, and the id as it is."""
    return hashlib.sha256(f"{salt}|{CHANNEL}|{customer}".encode()).hexdigest()


def is_forgotten(ledger: Ledger, customer: str) -> datetime | None:
    """When this customer was forgotten; None for everybody else."""
    statement = select(col(Suppression.at)).where(
        col(Suppression.address_hash) == customer_hash(ledger.salt(SALT), customer), col(Suppression.channel) == CHANNEL
    )
    with ledger.reading() as connection:
        since: datetime | None = connection.execute(statement).scalar()
    return since


def hashes(ledger: Ledger) -> pa.Table:
    """The hashes (`customer_hash`) of everybody who was forgotten: address_hash."""
    return ledger.arrow(_EVERYBODY, schema=HASHES)


def among(connection: Connection, customers: Iterable[str]) -> set[str]:
    """Those of `customers` who were forgotten."""
    salt = connection.execute(select(col(Salt.value)).where(col(Salt.name) == SALT)).scalar()
    # Without the salt nobody was ever hashed.
    hashes = {customer_hash(salt, customer): customer for customer in customers} if salt else {}
    found: set[str] = set()
    wanted = list(hashes)
    statement = select(col(Suppression.address_hash)).where(
        bulk.among(connection, col(Suppression.address_hash), "hashes"), col(Suppression.channel) == CHANNEL
    )
    for start in range(0, len(wanted), bulk.SLICE):
        bound = {"hashes": bulk.listed(connection, wanted[start : start + bulk.SLICE])}
        found |= {hashes[row] for row in connection.execute(statement, bound).scalars()}
    return found


def remembered(connection: Connection, rows: pa.Table) -> pa.Table:
    """`rows` (of `customer_id`) without those of people who were forgotten; nobody is while this transaction lasts.

    A run may have decided about somebody before they asked to be forgotten.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(_WRITE_DOWN))
    gone = among(connection, pc.unique(rows["customer_id"].cast(pa.string())).to_pylist())
    if not gone:
        return rows
    # An advocate's code may have been drawn a moment ago, in this very transaction.
    theirs = bulk.among(connection, col(ReferralCode.customer_id), "gone")
    connection.execute(delete(ReferralCode).where(theirs), {"gone": bulk.listed(connection, sorted(gone))})
    return rows.filter(pc.invert(pc.is_in(rows["customer_id"].cast(pa.string()), value_set=pa.array(sorted(gone)))))


def alone(connection: Connection) -> None:
    """Until this transaction ends nobody writes a person down."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(_FORGET))
