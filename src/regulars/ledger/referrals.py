"""Advocates' own codes, and the friends who came with them."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, select
from sqlmodel import col

from regulars.ledger import bulk, codes, crossing
from regulars.ledger.tables import Referral, ReferralCode

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


def record(connection: Connection, rows: pa.Table) -> int:
    """Write down friends' first orders that carried a code (columns of `referral`); how many are new.

    A friend is brought once: who is in the ledger already is left out.
    """
    return bulk.insert(connection, Referral, rows, skip_existing=True)


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
