"""Orders, row by row: who ordered when, for how much, and with which code. Only those that count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from regulars.people import engine
from regulars.people.engine import text
from regulars.people.traits import Counting

ORDERS = pa.schema(
    [
        ("order_id", pa.string()),
        ("customer_id", pa.string()),
        ("at", pa.timestamp("us", tz="UTC")),
        ("amount", pa.decimal128(14, 2)),
        ("code", pa.string()),
    ]
)


def placed(counting: Counting, since: datetime, until: datetime, customers: Sequence[str] | None = None) -> pa.Table:
    """Orders after `since` and up to `until` (aware), of `customers` or of everybody.

    Columns: order_id, customer_id (text), at (UTC), amount (decimal, the shop's currency), code (as written; empty: none).
    """
    source = counting.source
    order = source.rules.source.order
    rows = counting.counting_rows("orders")
    at = rows[str(order.at)]
    rows = rows.filter((at >= _literal(source.zone, since, at)) & (at <= _literal(source.zone, until, at)))
    if customers is not None:
        rows = rows.filter(rows[str(order.customer)].isin(list(customers)))
    chosen: dict[str, Any] = {
        "order_id": rows[str(order.id)], "customer_id": rows[str(order.customer)], "at": rows[str(order.at)].cast("timestamp"), "amount": rows[str(order.amount)]
    }  # fmt: skip
    if order.code:
        chosen["code"] = rows[str(order.code)]
    found = counting.fetch(rows.select(**chosen))
    code = "trim(coalesce(code, ''))" if order.code else "''"
    source.connection.register("regulars_found_orders", found)
    try:
        # Orders may share a second with what is asked for: the exact moments decide, in UTC.
        return engine.arrow(
            source.connection,
            f"""select order_id, coalesce(customer_id, '') as customer_id, moment as at, cast(amount as decimal(14, 2)) as amount, {code} as code
                from (select *, timezone({text(source.zone)}, cast("at" as timestamp)) as moment from regulars_found_orders)
                where moment > timestamptz {text(since.isoformat())} and moment <= timestamptz {text(until.isoformat())} and order_id is not null and amount is not null""",
        ).cast(ORDERS)
    finally:
        source.connection.unregister("regulars_found_orders")


@dataclass(frozen=True)
class Totals:
    """Sums over the orders that count, up to the end of a day. `revenue` in the shop's currency."""

    customers: int
    buyers: int
    repeaters: int
    orders: int
    revenue: Decimal

    @property
    def average_order(self) -> Decimal:
        """Revenue per order; 0 while there is none."""
        return (self.revenue / self.orders).quantize(Decimal("0.01")) if self.orders else Decimal(0)


def totals(counting: Counting, customers: int) -> Totals:
    """The sums of a shop with so many `customers`."""
    order = counting.source.rules.source.order
    rows = counting.until_day_ends("orders")
    by_customer = rows.group_by(customer_id=rows[str(order.customer)]).aggregate(
        orders=rows.count(), revenue=rows[str(order.amount)].sum()
    )
    counting.source.connection.register("regulars_found_orders", counting.fetch(by_customer))
    try:
        row = counting.source.connection.execute(
            """select count(*) filter (where coalesce(customer_id, '') <> ''), count(*) filter (where orders > 1 and coalesce(customer_id, '') <> ''),
                      coalesce(sum(orders), 0), cast(coalesce(sum(revenue), 0) as decimal(18, 2)) from regulars_found_orders"""
        ).fetchone() or (0, 0, 0, Decimal(0))
    finally:
        counting.source.connection.unregister("regulars_found_orders")
    return Totals(customers, int(row[0]), int(row[1]), int(row[2]), Decimal(row[3]))


def _literal(zone: str, moment: datetime, column: Any) -> Any:
    """`moment` as the source writes times; a day where it keeps only days."""
    import ibis

    local = moment.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return ibis.date(local.date().isoformat()) if column.type().is_date() else ibis.timestamp(local)
