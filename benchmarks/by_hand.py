"""The snapshot of the sample shop's rules as somebody who knows DuckDB well would write it, for these rules alone.

One statement from Parquet to Parquet: each table scanned once, the same columns, the same functions, the same output.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.big_shop import BigShop


def snapshot(shop: BigShop, to: Path, memory: str) -> None:
    """Write the snapshot of `shop` to `to`, from opening DuckDB to the file."""
    files = {table: f"read_parquet('{shop.file(table)}')" for table in ("customers", "orders", "order_lines", "points")}
    connection = duckdb.connect(config={"memory_limit": memory, "temp_directory": str(to.parent / "tmp")})
    connection.execute(f"copy ({QUERY.format(**files)}) to '{to}' (format parquet, compression zstd)")
    connection.close()


QUERY = """
with o as (
  select customer_id, count(*) as orders,
         count(*) filter (where ordered_at >= timestamp '2025-08-26 21:00:00') as orders_365d,
         sum(total) as spent, min(ordered_at) as first_order, max(ordered_at) as last_order,
         count(*) filter (where discount = 0 and ordered_at >= timestamp '2025-08-26 21:00:00') as full_price,
         avg(cast(discount > 0 as integer)) as discount_share
  from {orders}
  where status not in ('cancelled', 'refunded') and ordered_at < timestamp '2026-08-27 21:00:00' group by 1
), l as (
  select customer_id, count(distinct category) as categories
  from {order_lines} where ordered_at < timestamp '2026-08-27 21:00:00' group by 1
), p as (
  select customer_id, sum(points) as points_left
  from {points} where earned_at < timestamp '2026-08-27 21:00:00' and expires_on >= date '2026-08-27' group by 1
), counted as materialized (
  select c.*, coalesce(orders, 0) as orders, coalesce(orders_365d, 0) as orders_365d, coalesce(spent, 0) as spent,
         timezone('Europe/Bucharest', timezone('UTC', first_order)) as first_order,
         timezone('Europe/Bucharest', timezone('UTC', last_order)) as last_order,
         coalesce(full_price, 0) as full_price, discount_share, coalesce(categories, 0) as categories,
         coalesce(points_left, 0) as points_left
  from {customers} c
  left join o using (customer_id) left join l using (customer_id) left join p using (customer_id)
), aged as (
  select *, cast(null as timestamp) as last_contacted, cast(0 as bigint) as messages_30d,
         cast(0 as bigint) as opens_30d, cast(0 as bigint) as clicks_30d,
         cast(0 as bigint) as conversions_30d, cast(0 as bigint) as referrals, false as confirmed,
         datediff('day', cast(last_order as date), date '2026-08-27') as since_last,
         datediff('day', cast(first_order as date), date '2026-08-27') as since_first
  from counted
), cuts as materialized (
  select quantile_cont(cast(-since_last as double), [0.2, 0.4, 0.6, 0.8])
           filter (where orders >= 1 and since_last is not null) as r,
         quantile_cont(cast(orders as double), [0.2, 0.4, 0.6, 0.8]) filter (where orders >= 1) as f,
         quantile_cont(cast(spent as double), [0.2, 0.4, 0.6, 0.8]) filter (where orders >= 1) as m
  from aged
), derived as (
  select aged.*, cast(spent as double) / nullif(orders, 0) as average_order,
         cast(since_first - since_last as double) / nullif(orders - 1, 0) as rhythm,
         case when orders >= 1 and since_last is not null
              then 1 + len(list_filter(r, lambda cut: cut < -since_last)) end as recency,
         case when orders >= 1 then 1 + len(list_filter(f, lambda cut: cut < orders)) end as frequency,
         case when orders >= 1 then 1 + len(list_filter(m, lambda cut: cut < cast(spent as double))) end as monetary,
         case when orders = 0 then 'prospect' when orders = 1 and since_first <= 30 then 'new'
              when since_last > 365 then 'lost' when since_last > 180 then 'lapsed' when since_last > 90 then 'at_risk'
              when orders = 1 then 'evaluating' else 'active' end as lifecycle
  from aged cross join cuts
)
select * exclude (since_last, since_first),
       case when discount_share >= 0.6 then 'discount' when average_order < 120 then 'price'
            when points_left > 0 then 'reward' else 'value' end as loyalty_type,
       coalesce(spent >= 5000 and lifecycle <> 'lost', false) as vip,
       coalesce(orders >= 3 and since_last >= rhythm and lifecycle in ('active', 'at_risk'), false) as due
from derived
"""
