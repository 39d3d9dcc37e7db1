"""Pools: codes that the shop's checkout knows already, each of them given to one person once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa
from sqlalchemy import Connection, bindparam, case, func, select, text, update
from sqlmodel import col

from regulars.ledger import bulk
from regulars.ledger.columns import Moment
from regulars.ledger.crossing import MOMENT
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Code, PoolCode

LONGEST = 32
"""Characters of a code."""


class Imported(NamedTuple):
    """What became of codes that were brought."""

    new: int
    twice: int
    """They stood in the same file more than once; the first counts."""
    known: int
    """The ledger has them already, in any pool or given to somebody."""


class Stock(NamedTuple):
    """How much of a pool there is."""

    pool: str
    free: int
    taken: int


# Two who take at the same moment get different codes: neither waits for what the other one holds. The inner select is
# asked once, which a plain `IN (… LIMIT …)` does not promise. On SQLite one transaction writes at a time.
_TAKE = {
    "postgresql": """
WITH free AS MATERIALIZED (
    SELECT code FROM pool_code WHERE pool = :pool AND taken_at IS NULL LIMIT :wanted FOR UPDATE SKIP LOCKED)
UPDATE pool_code SET taken_at = :at FROM free WHERE pool_code.code = free.code RETURNING pool_code.code
""",
    "sqlite": """
UPDATE pool_code SET taken_at = :at
WHERE code IN (SELECT code FROM pool_code WHERE pool = :pool AND taken_at IS NULL LIMIT :wanted) RETURNING code
""",
}


def add(connection: Connection, pool: str, brought: Sequence[str], at: datetime) -> Imported:
    """Put codes into a pool. A code is in one pool, and only one that nobody has been given."""
    wanted = list(dict.fromkeys(brought))
    codes = pa.array(wanted, pa.string())
    known = {code for table in (PoolCode, Code) for code in bulk.existing(connection, table, "code", codes).to_pylist()}
    new = pa.array([code for code in wanted if code not in known], pa.string())
    rows = {
        "code": new,
        "pool": pa.repeat(pool, len(new)),
        "imported_at": pa.repeat(pa.scalar(at, MOMENT), len(new)),
    }
    written = bulk.insert(connection, PoolCode, pa.table(rows), skip_existing=True)
    return Imported(written, len(brought) - len(wanted), len(wanted) - written)


def free(ledger: Ledger, pool: str) -> int:
    """How many codes of a pool nobody has; 0 for a pool there is not."""
    statement = select(func.count()).where(col(PoolCode.pool) == pool, col(PoolCode.taken_at).is_(None))
    with ledger.reading() as connection:
        return connection.execute(statement).scalar_one()


def stock(connection: Connection) -> list[Stock]:
    """All pools by name."""
    left = func.count(case((col(PoolCode.taken_at).is_(None), 1)))
    statement = select(col(PoolCode.pool), left, func.count() - left).group_by(col(PoolCode.pool))
    return [Stock(*row) for row in connection.execute(statement.order_by(col(PoolCode.pool)))]


def take(connection: Connection, pool: str, wanted: int, at: datetime) -> list[str]:
    """Up to `wanted` codes of a pool, which are nobody else's from now on; fewer where it has no more.

    They are taken when the caller's transaction commits; one that fails leaves them where they were.
    """
    if wanted <= 0:
        return []
    statement = text(_TAKE[connection.dialect.name]).bindparams(bindparam("at", type_=Moment()))
    return list(connection.execute(statement, {"pool": pool, "wanted": wanted, "at": at}).scalars())


def give_back(connection: Connection, unused: Sequence[str]) -> None:
    """Codes that were taken in this transaction, and are given to nobody."""
    if unused:
        statement = update(PoolCode).where(bulk.among(connection, col(PoolCode.code), "codes")).values(taken_at=None)
        connection.execute(statement, {"codes": bulk.listed(connection, list(unused))})
