"""Searching all orders for the few that matter: where they lie, in one pass, without bringing the others along."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from regulars.people import engine, orders
from regulars.people.engine import text
from regulars.people.source import cannot_compute
from regulars.people.traits import Counting

ANY_ZONE = "interval 15 hours"
"""No clock is further from UTC. What is found is a little too much; the exact moments are told with it."""
BLANKS = "' -' || chr(9) || chr(10) || chr(12) || chr(13)"


def normal(code: str) -> str:
    """SQL: a code as the ledger writes those it makes, however it was typed (`ledger.codes.normal`)."""
    return f"translate(upper({code}), {BLANKS}, '')"


def search(counting: Counting, since: datetime, until: datetime, spans: str, codes: str) -> pa.Table:
    """Orders after `since` and up to `until` (aware) that count, of a customer in a span of theirs, or with a code.

    `spans` names a table in DuckDB of customer_id, since, until (UTC, without a zone); `codes` one of normal (texts).
    Columns of `orders.ORDERS`, one row per order. A few orders may lie up to some hours beside their spans.
    """
    source, order = counting.source, counting.source.rules.source.order
    found = orders.chosen(counting, orders.between(counting, since, until))
    rows = f"({source.sql(found)})" if source.in_files else "regulars_found_orders"
    if not source.in_files:
        source.connection.register("regulars_found_orders", counting.fetch(found))
    code = "code" if order.code else "cast(null as varchar)"
    union = (
        f"""union all select order_id, customer_id, "at", amount, code from {rows}
            where code <> '' and {normal("code")} in (select normal from {codes})"""
        if order.code
        else ""
    )
    local = f'timezone({text(source.zone)}, "at")' if source.zone != "UTC" else "\"at\" at time zone 'UTC'"
    try:
        return engine.arrow(
            source.connection,
            f"""with near as (
                  select order_id, o.customer_id, "at", amount, {code} as code from {rows} o semi join {spans} s
                    on s.customer_id = o.customer_id
                    and o."at" >= s.since - {ANY_ZONE} and o."at" <= s.until + {ANY_ZONE}
                  {union}
                )
                select order_id, coalesce(customer_id, '') as customer_id, moment as at,
                       cast(amount as decimal(14, 2)) as amount, trim(coalesce(code, '')) as code
                from (select *, {local} as moment from near)
                where moment > timestamptz {text(since.isoformat())} and moment <= timestamptz {text(until.isoformat())}
                  and order_id is not null and amount is not null
                qualify row_number() over (partition by order_id order by moment, customer_id) = 1""",
        ).cast(orders.ORDERS)
    except duckdb.Error as error:
        raise cannot_compute(error) from None
    finally:
        if not source.in_files:
            source.connection.unregister("regulars_found_orders")


def reaches_back_to(counting: Counting) -> datetime | None:
    """When the oldest order was placed that the source has, counting or not; None where it has none."""
    source = counting.source
    rows = source.expression("orders")
    at = rows[str(source.rules.source.order.at)]
    found = counting.fetch(rows.aggregate(oldest=at.min()))["oldest"][0].as_py()
    if found is None:
        return None
    local = found if isinstance(found, datetime) else datetime.combine(found, time())
    return local.replace(tzinfo=ZoneInfo(source.zone)).astimezone(UTC)


def had(counting: Counting, order_ids: Sequence[str]) -> set[str]:
    """Those of `order_ids` that the source has, counting or not."""
    source, rows = counting.source, counting.source.expression("orders")
    number = rows[str(source.rules.source.order.id)]
    found: set[str] = set()
    for start in range(0, len(order_ids), orders.ASKED_AT_ONCE):
        wanted = list(order_ids[start : start + orders.ASKED_AT_ONCE])
        asked: Any = rows.filter(number.isin(wanted)).select(order_id=number)
        found |= set(counting.fetch(asked)["order_id"].to_pylist())
    return found
