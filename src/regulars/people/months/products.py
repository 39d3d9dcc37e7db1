"""How many types of products customers had bought by the end of each month: one pass over the lines of orders."""

from __future__ import annotations

from typing import Any, NamedTuple

from regulars.people.months.calendar import Cuts
from regulars.people.traits import Counting

TYPES = "regulars_types_bought"
"""DuckDB: a row per customer and type of product, with the part of time in which they first bought it."""


class Breadth(NamedTuple):
    """Customers by what they had bought: exactly one type of product, or more than one."""

    one: int
    more: int


def lay(counting: Counting, cuts: Cuts) -> str:
    """Leave `TYPES` in DuckDB; `source.line` says which table it is counted from."""
    counting.source.keep(TYPES, first_bought(counting, cuts))
    return TYPES


def first_bought(counting: Counting, cuts: Cuts) -> Any:
    """The Ibis query of `TYPES`; of lines whose order is known, only those of orders that count."""
    source = counting.source
    line = source.rules.source.line
    if line is None:
        raise ValueError("the shop does not say which table has the lines of orders")
    table = str(line.table)
    rows = counting.until_day_ends(table)
    kind = rows[str(line.type)]
    rows = rows.filter(kind.notnull() & (kind != ""))
    if line.order is not None:
        placed = counting.until_day_ends("orders")
        rows = rows.semi_join(placed, rows[str(line.order)] == placed[str(source.rules.source.order.id)])
    whose, at = source.customer_column(table) or "", rows[source.time_column(table) or ""]
    keys = [rows[whose].fill_null("").name("customer_id"), rows[str(line.type)].name("type")]
    return rows.group_by(keys).aggregate(first=cuts.part(counting, at).cast("int32").min())


def breadths(counting: Counting, cuts: Cuts, whose: str = "") -> list[Breadth]:
    """For each month the customers by what they had bought up to its end; `TYPES` lies in DuckDB.

    `whose`: as in `OrderMonths`.
    """
    ends = [cuts.until(month.end) for month in cuts.months]
    numbers = ", ".join(f"count(*) filter (where first <= {end}) as types_{place}" for place, end in enumerate(ends))
    counts = ", ".join(
        f"count(*) filter (where types_{place} {test})" for place in range(len(ends)) for test in ("= 1", "> 1")
    )
    among = f"semi join {whose} using (customer_id)" if whose else ""
    row = counting.source.connection.execute(
        f"""select {counts} from (select {numbers} from (select * from {TYPES} {among})
                                  where customer_id <> '' group by customer_id)"""
    ).fetchone()
    found = [int(number) for number in row or ()]
    return [Breadth(*found[2 * place : 2 * place + 2]) for place in range(len(ends))]
