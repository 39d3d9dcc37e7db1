"""Orders, row by row: who ordered when, for how much, and with which code. Only those that count."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from regulars.people import engine
from regulars.people.engine import text
from regulars.people.snapshot import TOTALS_KEPT, Snapshot
from regulars.people.traits import CUSTOMER, REVENUE, ROWS, TOTALS, Counting

ORDERS = pa.schema(
    [
        ("order_id", pa.string()),
        ("customer_id", pa.string()),
        ("at", pa.timestamp("us", tz="UTC")),
        ("amount", pa.decimal128(14, 2)),
        ("code", pa.string()),
    ]
)
ASKED_AT_ONCE = 10_000
"""Customers named in one query: a database refuses a list without end."""


def placed(counting: Counting, since: datetime, until: datetime, customers: Sequence[str] | None = None) -> pa.Table:
    """Orders after `since` and up to `until` (aware), of `customers` or of everybody.

    Columns: order_id, customer_id (text; empty: nobody's), at (UTC), amount (decimal, the shop's currency), code (as
    written, trimmed; empty: none). One row per order.
    """
    if customers is None:
        return _exact(counting, between(counting, since, until), since, until)
    slices = [customers[start : start + ASKED_AT_ONCE] for start in range(0, len(customers), ASKED_AT_ONCE)]
    rows = between(counting, since, until)
    whose = rows[str(counting.source.rules.source.order.customer)]
    found = [_exact(counting, rows.filter(whose.isin(list(some))), since, until) for some in slices]
    return pa.concat_tables(found) if found else ORDERS.empty_table()


def between(counting: Counting, since: datetime, until: datetime) -> Any:
    """The rows of that time as an Ibis expression, with a little more at its edges."""
    source = counting.source
    rows = counting.counting_rows("orders")
    at = rows[str(source.rules.source.order.at)]
    return rows.filter((at >= _literal(source.zone, since, at)) & (at <= _literal(source.zone, until, at)))


def chosen(counting: Counting, rows: Any) -> Any:
    """Of `rows` of orders what is known of each: order_id, customer_id, at (the source's clock), amount, and code."""
    order = counting.source.rules.source.order
    columns: dict[str, Any] = {
        "order_id": rows[str(order.id)],
        "customer_id": rows[str(order.customer)],
        "at": rows[str(order.at)].cast("timestamp"),
        "amount": rows[str(order.amount)],
    }
    if order.code:
        columns["code"] = rows[str(order.code)]
    return rows.select(**columns)


def _exact(counting: Counting, rows: Any, since: datetime, until: datetime) -> pa.Table:
    """The exact moments decide, in UTC: where the source keeps days or seconds, its own answer is too wide."""
    source, order = counting.source, counting.source.rules.source.order
    code = "trim(coalesce(code, ''))" if order.code else "''"
    local = f'timezone({text(source.zone)}, cast("at" as timestamp))'
    source.connection.register("regulars_found_orders", counting.fetch(chosen(counting, rows)))
    try:
        return engine.arrow(
            source.connection,
            f"""select order_id, coalesce(customer_id, '') as customer_id, moment as at,
                       cast(amount as decimal(14, 2)) as amount, {code} as code
                from (select *, {local} as moment from regulars_found_orders)
                where moment > timestamptz {text(since.isoformat())} and moment <= timestamptz {text(until.isoformat())}
                  and order_id is not null and amount is not null
                qualify row_number() over (partition by order_id order by moment, customer_id) = 1""",
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
    by_customer = rows.group_by(rows[str(order.customer)].name(CUSTOMER)).aggregate(
        **{ROWS: rows.count(), REVENUE: rows[str(order.amount)].sum()}
    )
    found = counting.fetch(by_customer)
    counting.source.connection.register("regulars_found_orders", found)
    try:
        row = counting.source.connection.execute(TOTALS.format(counted="regulars_found_orders")).fetchone()
    finally:
        counting.source.connection.unregister("regulars_found_orders")
    buyers, repeaters, number, revenue = row or (0, 0, 0, Decimal(0))
    return Totals(customers, int(buyers), int(repeaters), int(number), Decimal(revenue))


def kept_totals(snapshot: Snapshot, counting: Callable[[], Counting]) -> Totals:
    """The totals of the snapshot's day, which stand beside what the source said then."""
    kept = snapshot.people.with_suffix(TOTALS_KEPT)
    if kept.exists() and kept.stat().st_mtime_ns >= snapshot.people.stat().st_mtime_ns:
        found = json.loads(kept.read_text(encoding="utf-8"))
        return Totals(**found | {"revenue": Decimal(found["revenue"])})
    counted = totals(counting(), snapshot.customers)
    partial = kept.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(counted), default=str), encoding="utf-8")
    partial.replace(kept)
    return counted


def _literal(zone: str, moment: datetime, column: Any) -> Any:
    """`moment` as the source writes times; a day where it keeps only days."""
    import ibis

    local = moment.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return ibis.date(local.date().isoformat()) if column.type().is_date() else ibis.timestamp(local)
