"""What was bought: the shop's own orders, and those it told us of that its data does not have yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from regulars.ledger import posted
from regulars.people import order_search, orders
from regulars.people.traits import Counting

if TYPE_CHECKING:
    from regulars.ledger.store import Ledger


def placed(
    counting: Counting, ledger: Ledger, since: datetime, until: datetime, customers: Sequence[str] | None = None
) -> pa.Table:
    """Orders that count after `since` and up to `until`, of `customers` or of everybody; see `people.orders`."""
    found = orders.placed(counting, since, until, customers)
    return pa.concat_tables([found, told_of(counting, ledger, since, until, customers)])


def search(counting: Counting, ledger: Ledger, since: datetime, until: datetime, spans: str, codes: str) -> pa.Table:
    """Orders of that time in a span of their customer's, or with a code; see `people.order_search`."""
    found = order_search.search(counting, since, until, spans, codes)
    return pa.concat_tables([found, told_of(counting, ledger, since, until)])


def told_of(
    counting: Counting, ledger: Ledger, since: datetime, until: datetime, customers: Sequence[str] | None = None
) -> pa.Table:
    """Orders of that time that the shop told us of and does not have itself, cancelled ones included: columns alike."""
    told = posted.placed(ledger, since, until, customers)
    if not told.num_rows:
        return told.select(orders.ORDERS.names).cast(orders.ORDERS)
    there = order_search.had(counting, told["order_id"].to_pylist())
    away = pc.invert(pc.is_in(told["order_id"], value_set=pa.array(sorted(there), pa.string())))
    return told.filter(away).select(orders.ORDERS.names).cast(orders.ORDERS)
