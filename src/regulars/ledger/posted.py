"""Orders that the shop told us of, until its own data has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import pyarrow as pa
from sqlalchemy import Connection, and_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from regulars.ledger import bulk, forgotten
from regulars.ledger.crossing import MOMENT, MONEY
from regulars.ledger.store import Ledger
from regulars.ledger.tables import PostedOrder

ROWS = pa.schema(
    [
        ("order_id", pa.string()),
        ("customer_id", pa.string()),
        ("at", MOMENT),
        ("amount", MONEY),
        ("code", pa.string()),
    ]
)


class Told(NamedTuple):
    """What the shop said of one order. `bare`: only that it does not count; the rest stands for nothing."""

    order_id: str
    customer_id: str
    at: datetime
    amount: Decimal
    currency: str
    code: str
    counts: bool
    bare: bool = False


def keep(connection: Connection, told: Sequence[Told], at: datetime) -> int:
    """Write down what was told, of each order the last word; how many orders it was about.

    What was cancelled or refunded stays so, in whichever order the words come. Nothing is kept of people who were
    forgotten.
    """
    each: dict[str, Told] = {}
    for one in told:
        before = each.get(one.order_id)
        counts = one.counts and (before is None or before.counts)
        said = before if before is not None and one.bare else one
        each[one.order_id] = said._replace(counts=counts)
    names = pa.table({"customer_id": pa.array([one.customer_id for one in each.values()], pa.string())})
    known = set(forgotten.remembered(connection, names)["customer_id"].to_pylist())
    kept = [one for one in each.values() if one.customer_id in known]
    for bare in (False, True):
        _write(connection, [one for one in kept if one.bare is bare], at, bare=bare)
    return len(kept)


def _write(connection: Connection, told: Sequence[Told], at: datetime, *, bare: bool) -> None:
    if not told:
        return
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(PostedOrder)
    new = insert.excluded
    details = {} if bare else {name: new[name] for name in ("customer_id", "at", "amount", "currency", "code")}
    statement = insert.on_conflict_do_update(
        index_elements=["order_id"], set_=details | {"counts": and_(col(PostedOrder.counts), new.counts)}
    )
    rows = [{k: v for k, v in one._asdict().items() if k != "bare"} | {"posted_at": at} for one in told]
    connection.execute(statement, sorted(rows, key=lambda row: str(row["order_id"])))


def taken_back(ledger: Ledger) -> pa.Table:
    """Orders that were told of as cancelled or refunded: order_id, customer_id, at."""
    own = (PostedOrder.order_id, PostedOrder.customer_id, PostedOrder.at)
    statement = select(*(col(one) for one in own)).where(col(PostedOrder.counts).is_(False))
    return ledger.arrow(statement, schema=pa.schema([ROWS.field(name) for name in ("order_id", "customer_id", "at")]))


def placed(ledger: Ledger, since: datetime, until: datetime, customers: Sequence[str] | None = None) -> pa.Table:
    """Orders told of that count, after `since` and up to `until`, of `customers` or all: columns of `ROWS`."""
    own = (PostedOrder.order_id, PostedOrder.customer_id, PostedOrder.at, PostedOrder.amount, PostedOrder.code)
    statement = select(*(col(one) for one in own)).where(
        col(PostedOrder.counts).is_(True), col(PostedOrder.at) > since, col(PostedOrder.at) <= until
    )
    if customers is None:
        return ledger.arrow(statement, schema=ROWS)
    found = [ROWS.empty_table()]
    with ledger.reading() as connection:
        named = statement.where(bulk.among(connection, col(PostedOrder.customer_id), "customers"))
        for start in range(0, len(customers), bulk.SLICE):
            listed = bulk.listed(connection, list(customers[start : start + bulk.SLICE]))
            found.append(bulk.read(connection, named, {"customers": listed}, schema=ROWS))
    return pa.concat_tables(found)
