"""Advocates' own codes, and the friends who came with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, delete, or_, select, text, update
from sqlmodel import col

from regulars.ledger import bulk, codes, crossing
from regulars.ledger.forgotten import PSEUDONYM
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Code, Referral, ReferralCode

ADVOCATE = "advocate"
"""What stands for a message in `code` where the code is an advocate's reward."""
CODES = pa.schema([("customer_id", pa.string()), ("code", pa.string())])


def codes_for(connection: Connection, customer_ids: pa.Array, at: datetime) -> pa.Table:
    """The referral code of each customer (customer_id, code: texts; no particular order), drawn now for those without.

    The same for ever, and the same for everybody who asks at this moment.
    """
    wanted = pc.unique(customer_ids.cast(pa.string()))
    known = _known(connection, wanted)
    while known.num_rows < len(wanted):
        missing = wanted.filter(pc.invert(pc.is_in(wanted, value_set=known["customer_id"].combine_chunks())))
        rows = {
            "code": pa.array(codes.draw(len(missing)), pa.string()),
            "customer_id": missing,
            "created_at": pa.repeat(pa.scalar(at, crossing.MOMENT), len(missing)),
        }
        bulk.insert(connection, ReferralCode, pa.table(rows), skip_existing=True)
        known = _known(connection, wanted)
    return known


def exists(connection: Connection, code: str) -> bool:
    """Whether `code` is some advocate's."""
    return connection.execute(select(col(ReferralCode.code)).where(col(ReferralCode.code) == code)).first() is not None


def recorded(ledger: Ledger) -> pa.Table:
    """All friends who came with a code: columns of `referral`, and `forgotten` (bool: one of the two is)."""
    with ledger.reading() as connection:
        return read(connection)


def read(connection: Connection) -> pa.Table:
    """The same inside a transaction."""
    own = crossing.schema(Referral)
    sides = (Referral.friend_id, Referral.advocate_id)
    gone = or_(*(col(side).startswith(PSEUDONYM, autoescape=True) for side in sides))
    statement = select(*crossing.columns(Referral), gone)
    return bulk.read(connection, statement, schema=own.append(pa.field("forgotten", pa.bool_())))


def alone(connection: Connection) -> None:
    """Until this transaction ends nobody else settles referrals. On SQLite one transaction writes at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('regulars.referrals'))"))


def replace(connection: Connection, friends: Sequence[str], rows: pa.Table) -> None:
    """Let `rows` (columns of `referral`) be all that is written of these `friends`."""
    whose = bulk.among(connection, col(Referral.friend_id), "friends")
    for start in range(0, len(friends), bulk.SLICE):
        some = bulk.listed(connection, friends[start : start + bulk.SLICE])
        connection.execute(delete(Referral).where(whose), {"friends": some})
    bulk.insert(connection, Referral, rows)


def give(connection: Connection, rows: pa.Table) -> int:
    """Write rewards (columns of `code`); how many."""
    return bulk.insert(connection, Code, rows)


def end_rewards(connection: Connection, rewards: Sequence[str], at: datetime) -> None:
    """Let these codes end at `at`, unless they have ended."""
    statement = update(Code).where(
        bulk.among(connection, col(Code.code), "rewards"),
        col(Code.ended_at).is_(None),
        col(Code.message_name) == ADVOCATE,
    )
    for start in range(0, len(rewards), bulk.SLICE):
        some = bulk.listed(connection, rewards[start : start + bulk.SLICE])
        connection.execute(statement.values(ended_at=at), {"rewards": some})


def _known(connection: Connection, customer_ids: pa.Array) -> pa.Table:
    statement = select(col(ReferralCode.customer_id), col(ReferralCode.code)).where(
        bulk.among(connection, col(ReferralCode.customer_id), "customers")
    )
    slices = range(0, len(customer_ids), bulk.SLICE)
    lists = (customer_ids.slice(start, bulk.SLICE).to_pylist() for start in slices)
    found = [
        bulk.read(connection, statement, {"customers": bulk.listed(connection, part)}, schema=CODES) for part in lists
    ]
    return pa.concat_tables(found) if found else CODES.empty_table()
