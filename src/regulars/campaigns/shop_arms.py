"""The shop's own holdout against everybody else it could have written to, from the shop's own orders.

It belongs to no campaign: what its people did since stands in the orders alone. Everybody counts from the first time
on that the shop would have written to them since it held anybody out. Counted once a day, when conversions are; it
goes over everybody and all their orders.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns.cohorts import BEFORE
from regulars.campaigns.desk import Desk
from regulars.ledger import arms
from regulars.ledger.arms import OfShop
from regulars.ledger.cohorts.spent import Spent


def known(desk: Desk, at: datetime) -> list[OfShop]:
    """What both arms did up to `at`, as it was counted on its day; counted now where it was not. None: nobody is held
    out.
    """
    kept = arms.of_shop(desk.ledger)
    if kept and all(desk.day(one.as_of) == desk.day(at) and one.as_of <= at for one in kept):
        return kept
    return _counted(desk, at)


def keep(desk: Desk, at: datetime) -> None:
    """Count them, unless they have been counted on this day of the shop's."""
    kept = arms.of_shop(desk.ledger)
    if any(desk.day(one.as_of) == desk.day(at) for one in kept):
        return
    if (found := _counted(desk, at)) or kept:
        with desk.ledger.writing() as connection:
            arms.keep_of_shop(connection, found)


def _counted(desk: Desk, at: datetime) -> list[OfShop]:
    held_out = arms.held_out_by_shop(desk.ledger)
    if not held_out:
        return []
    here = desk.project.campaigns
    # Of a campaign that is gone nobody knows what it was, unless it has held somebody out.
    asking = {name for name, one in here.items() if not one.is_service} | (held_out - here.keys())
    asked = arms.asked(desk.ledger, sorted(asking))
    if not asked.num_rows:
        return []
    placed = desk.placed(pc.min(asked["entered_at"]).as_py() - BEFORE, at)
    people = desk.arrow(_PEOPLE, asked=asked, placed=placed.select(["customer_id", "at", "amount"]))
    return [_arm(name, people.filter(pc.equal(people["arm"], name)), at) for name in ("holdout", "treated")]


def _arm(name: str, people: pa.Table, at: datetime) -> OfShop:
    orders = people["orders"]
    spenders = people.filter(pc.or_(pc.not_equal(people["before"], 0), pc.not_equal(people["now"], 0)))
    return OfShop(
        name,
        at,
        people.num_rows,
        _sum(pc.cast(pc.greater(orders, 0), pa.int64())),
        _sum(orders),
        _sum(pc.multiply(orders, orders)),
        pc.min(people["entered_at"]).as_py() or at,
        Spent(*(spenders[column].combine_chunks() for column in ("before", "now"))),
    )


def _sum(numbers: Any) -> int:
    return int(pc.sum(numbers).as_py() or 0)


_PEOPLE = f"""
    with bought as (
      select e.customer_id, count(*) filter (where p.at > e.entered_at) as orders,
             sum(p.amount) filter (where p.at > e.entered_at) as now,
             sum(p.amount) filter (where p.at <= e.entered_at) as before
      from asked e join placed p using (customer_id)
      where p.at > e.entered_at - interval '{BEFORE.days} days' group by all
    )
    select case e.arm when '{arms.SHOP_HOLDOUT}' then 'holdout' else 'treated' end as arm, e.entered_at,
           coalesce(orders, 0) as orders, cast(coalesce(now, 0) * 100 as bigint) as now,
           cast(coalesce(before, 0) * 100 as bigint) as before
    from asked e left join bought using (customer_id)
    order by now, before"""
"""In the order of what they spent, so that it says nothing of whose it is."""
