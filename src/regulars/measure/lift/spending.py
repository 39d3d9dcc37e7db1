"""What people spent before they entered, and since: from the shop's own orders, added up in DuckDB.

Of what was spent before (365 days), most is spent again; taken out of both arms it leaves less noise (CUPED). And the
shop's own holdout belongs to no campaign: what its people did since stands in the orders alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns.desk import Desk
from regulars.ledger import accounts, arms
from regulars.measure.lift.amounts import WINSORISED_AT, Pairs
from regulars.measure.lift.campaigns import Outcomes
from regulars.measure.lift.reading import Spending

BEFORE = timedelta(days=365)
THE_SHOP = ""
"""Stands for the shop where others name their campaign."""


def spending(desk: Desk, at: datetime) -> Spending:
    """What the arms of every campaign that holds somebody out, and of the shop, spent; orders up to `at`."""
    with desk.ledger.reading() as connection:
        seen = accounts.entries(connection)
    asking = _asking(desk, seen)
    held_out = {row.campaign for row in seen if row.arm == "holdout"}
    entries = arms.entered(desk.ledger, sorted(held_out.union(asking)))
    names = pa.table({"campaign": pa.array(asking, pa.string())})
    compared = desk.arrow(_COMPARED, entries=entries, asking=names)
    if not compared.num_rows:
        return Spending()
    since = pc.min(compared["entered_at"]).as_py()
    sums = desk.arrow(_SUMS, entered=compared, placed=desk.placed(since - BEFORE, at)).to_pylist()
    return Spending(
        {(row["campaign"], row["arm"]): _pairs(row) for row in sums},
        {row["arm"]: _outcomes(row) for row in sums if row["campaign"] == THE_SHOP},
    )


def _asking(desk: Desk, seen: Sequence[accounts.Entries]) -> list[str]:
    """The campaigns that the shop's holdout hears nothing of: all but services; none where nobody is held out.

    Of one that is gone nobody knows what it was, unless it has held somebody out.
    """
    held_out = {row.campaign for row in seen if row.arm == arms.SHOP_HOLDOUT}
    here = desk.project.campaigns
    asking = {name for name, one in here.items() if not one.is_service} | (held_out - here.keys())
    return sorted(asking) if held_out else []


def _pairs(row: dict[str, Any]) -> Pairs:
    return Pairs.of_sums(
        row["people"],
        row["capped"],
        row["capped_squares"],
        (row["before"], row["before_squares"], row["products"]),
    )


def _outcomes(row: dict[str, Any]) -> Outcomes:
    return Outcomes(
        people=row["people"],
        converted=row["converted"],
        revenue=row["revenue"],
        squares=row["squares"],
        orders=row["orders"],
        order_squares=row["order_squares"],
        ceiling=row["ceiling"],
        capped=row["capped"],
        capped_squares=row["capped_squares"],
        since=row["since"],
        pairs=_pairs(row),
    )


_COMPARED = f"""
    with own as (
      select *, row_number() over (partition by campaign, customer_id order by entered_at, id) as nth,
             min(entered_at) filter (where arm = 'holdout') over (partition by campaign) as began
      from entries where arm <> '{arms.SHOP_HOLDOUT}'
    ), asked as (
      select *, min(entered_at) filter (where arm = '{arms.SHOP_HOLDOUT}') over () as began
      from entries semi join asking using (campaign)
    ), shop as (
      select *, row_number() over (partition by customer_id order by entered_at, id) as nth
      from asked where entered_at >= began
    )
    select campaign, arm, customer_id, entered_at, coalesce(orders, 0) as orders, coalesce(revenue, 0) as revenue
    from own where nth = 1 and entered_at >= began
    union all
    select '{THE_SHOP}', case arm when '{arms.SHOP_HOLDOUT}' then 'holdout' else 'treated' end, customer_id, entered_at,
           null, null
    from shop where nth = 1"""
"""Who is compared: in each campaign, and in the shop, where what they did is in the orders alone."""

_SUMS = f"""
    with when_bought as (
      select e.campaign, e.customer_id, p.amount, epoch_us(p.at) - epoch_us(e.entered_at) as later
      from entered e join placed p using (customer_id)
    ), bought as (
      select campaign, customer_id,
             count(*) filter (where later > 0) as orders, sum(amount) filter (where later > 0) as since,
             sum(amount) filter (where later <= 0 and later > {-BEFORE // timedelta(microseconds=1)}) as before
      from when_bought group by all
    ), each as (
      select e.campaign, e.arm, e.entered_at, coalesce(e.orders, b.orders, 0) as orders,
             cast(coalesce(e.revenue, b.since, 0) as double) as now, cast(coalesce(b.before, 0) as double) as before
      from entered e left join bought b using (campaign, customer_id)
    ), ceilings as (
      select campaign, quantile_disc(now, {WINSORISED_AT}) filter (where now <> 0) as top,
             quantile_disc(before, {WINSORISED_AT}) filter (where before <> 0) as top_before
      from each group by campaign
    ), cut as (
      select each.*, top, least(now, coalesce(top, now)) as y, least(before, coalesce(top_before, before)) as x
      from each join ceilings using (campaign)
    )
    select campaign, arm, count(*) as people, count(*) filter (where orders > 0) as converted,
           cast(sum(orders) as bigint) as orders, cast(sum(orders * orders) as bigint) as order_squares,
           round(sum(now), 2) as revenue, sum(now * now) as squares, any_value(top) as ceiling,
           sum(y) as capped, sum(y * y) as capped_squares,
           min(entered_at) as since, sum(x) as before, sum(x * x) as before_squares, sum(x * y) as products
    from cut group by campaign, arm"""
