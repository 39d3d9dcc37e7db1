"""What was bought: the shop's own orders, and those it told us of that its data does not have yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns.crediting.moments import bare, literal
from regulars.ledger import posted
from regulars.people import order_search, orders
from regulars.people.traits import Counting

if TYPE_CHECKING:
    from regulars.ledger.store import Ledger


@dataclass(frozen=True)
class Gone:
    """When an order that nobody finds any more has gone, rather than being no longer told of."""

    oldest: datetime | None
    """When the oldest order was placed that the source has: later ones it would have, too. None: it has none."""
    taken_back: pa.Table
    """Orders that the shop said were cancelled or refunded: order_id, customer_id, at (UTC, without a zone)."""

    @classmethod
    def of(cls, counting: Counting, ledger: Ledger) -> Gone:
        """As the shop's data and its words are now."""
        return cls(order_search.reaches_back_to(counting), bare(posted.taken_back(ledger)))

    def holds(self, row: str) -> str:
        """SQL: whether the order of `row` (order_id, at without a zone), which is not found, has gone."""
        late = f"{row}.at >= {literal(self.oldest)}" if self.oldest else "false"
        return f"({late} or {row}.order_id in (select order_id from taken_back))"

    def reaches(self, entry: str, known: str) -> str:
        """SQL: whether what an entry did can be less than the `known` outcome (first_at): all of it is in reach."""
        late = f"{known}.first_at >= {literal(self.oldest)}" if self.oldest else "false"
        return f"""({late} or exists (select 1 from taken_back t where t.customer_id = {entry}.customer_id
                                      and t.at between {entry}.entered_at and {entry}.ends_at))"""


def placed(
    counting: Counting, ledger: Ledger, since: datetime, until: datetime, customers: Sequence[str] | None = None
) -> pa.Table:
    """Orders that count after `since` and up to `until`, of `customers` or of everybody; see `people.orders`."""
    found = _standing(orders.placed(counting, since, until, customers), ledger)
    return pa.concat_tables([found, told_of(counting, ledger, since, until, customers)])


def search(counting: Counting, ledger: Ledger, since: datetime, until: datetime, spans: str, codes: str) -> pa.Table:
    """Orders of that time in a span of their customer's, or with a code; see `people.order_search`."""
    found = _standing(order_search.search(counting, since, until, spans, codes), ledger)
    return pa.concat_tables([found, told_of(counting, ledger, since, until)])


def _standing(found: pa.Table, ledger: Ledger) -> pa.Table:
    """Without those that the shop told us have come back: its data may not say so yet."""
    back = posted.taken_back(ledger)["order_id"]
    return found.filter(pc.invert(pc.is_in(found["order_id"], value_set=back.combine_chunks()))) if len(back) else found


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
