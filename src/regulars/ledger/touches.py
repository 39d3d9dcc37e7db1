"""The touches of orders and the credit that follows from them: read for a time, and replaced order by order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Select, delete, select
from sqlmodel import SQLModel

from regulars.ledger import bulk
from regulars.ledger.cohorts import changes
from regulars.ledger.credit import is_gone
from regulars.ledger.crossing import MOMENT, MONEY
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Conversion, Touch

_TEXT = pa.string()
KNOWN = pa.schema(
    [
        *((name, _TEXT) for name in ("order_id", "message_id", "enrolment_id", "evidence")),
        ("amount", MONEY),
        ("at", MOMENT),
    ]
)
TOUCHED = KNOWN.append(pa.field("touched_at", MOMENT))
AT_ONCE = 4_000
"""Orders replaced in one transaction; few have more than two touches."""


def known(ledger: Ledger, since: datetime, until: datetime) -> pa.Table:
    """The touches of orders placed after `since` and up to `until`: columns of `TOUCHED`.

    Not of messages to people who were forgotten: what is counted of them stands as it was.
    """
    return ledger.arrow(_between(Touch, TOUCHED, since, until), schema=TOUCHED)


def credited(ledger: Ledger, since: datetime, until: datetime) -> pa.Table:
    """The credit given for orders of that time: columns of `KNOWN`. Not of people who were forgotten."""
    return ledger.arrow(_between(Conversion, KNOWN, since, until), schema=KNOWN)


def _between(table: type[SQLModel], wanted: pa.Schema, since: datetime, until: datetime) -> Select[Any]:
    columns = table.__table__.c  # type: ignore[attr-defined]  # SQLModel adds it to table classes
    return select(*(columns[name] for name in wanted.names)).where(
        columns.at > since, columns.at <= until, ~is_gone(columns.customer_id)
    )


def replace(ledger: Ledger, order_ids: pa.Array, touches: pa.Table, conversions: pa.Table) -> None:
    """Let these orders (sorted ids) have these touches and conversions (sorted alike, of no other orders), and no more.

    Each order at once, in transactions of a few thousand: who is interrupted goes on the next time.
    """
    ids: list[str] = order_ids.to_pylist()
    tables = [(one, rows, rows["order_id"].to_pylist()) for one, rows in ((Touch, touches), (Conversion, conversions))]
    for start in range(0, len(ids), AT_ONCE):
        mine = ids[start : start + AT_ONCE]
        with ledger.writing() as connection:
            stale: set[str] = set()
            for table, rows, of in tables:
                stale |= _take_back(connection, table, mine)
                first, end = bisect_left(of, mine[0]), bisect_right(of, mine[-1])
                fresh = rows.slice(first, end - first)
                bulk.insert(connection, table, fresh)
                stale.update(fresh["enrolment_id"].to_pylist())
            changes.changed(connection, stale)


def add(connection: Connection, touches: pa.Table, conversions: pa.Table) -> None:
    """Write down what is new; what an order has already stays."""
    bulk.insert(connection, Touch, touches, skip_existing=True)
    bulk.insert(connection, Conversion, conversions, skip_existing=True)
    changes.changed(connection, touches["enrolment_id"].to_pylist())


def _take_back(connection: Connection, table: type[SQLModel], order_ids: Sequence[str]) -> set[str]:
    """What is written of these orders; the entries that it was written of."""
    columns = table.__table__.c  # type: ignore[attr-defined]  # SQLModel adds it to table classes
    bound = {"orders": bulk.listed(connection, order_ids)}
    taken = delete(table).where(bulk.among(connection, columns.order_id, "orders")).returning(columns.enrolment_id)
    return set(connection.execute(taken, bound).scalars())
