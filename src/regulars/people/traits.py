"""Traits that are counted from rows: one aggregate query per source table, run where the data is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from regulars.lang.expressions import COUNTING, PICKS
from regulars.people.dialects import Dialect
from regulars.people.earliest import Pick, numbered, picked
from regulars.people.rows import RowCompiler
from regulars.people.source import Source
from regulars.people.vocabulary import Counted, Vocabulary

PEOPLE = "regulars_people"
"""DuckDB: all columns of `customers`."""
COUNTED = "regulars_counted_"
"""DuckDB: with a table's name behind it, a row per customer with what was counted."""
CUSTOMER = "regulars_customer"
ROWS = "regulars_rows"
NEGATIVE = "regulars_negative"
NEWEST = "regulars_newest"
REVENUE = "regulars_revenue"
TOTALS = f"""
    select count(*) filter (where known) as buyers, count(*) filter (where {ROWS} > 1 and known) as repeaters,
           coalesce(sum({ROWS}), 0) as orders, cast(coalesce(sum({REVENUE}), 0) as decimal(18, 2)) as revenue
    from (select *, coalesce({CUSTOMER}, '') <> '' as known from {{counted}})"""
"""What all orders add up to, over what was counted of them (`{counted}`: a row per customer)."""


@dataclass
class Counting:
    """Runs the aggregates of `vocabulary` as of the end of `day`, the shop's day."""

    vocabulary: Vocabulary
    day: date

    @property
    def source(self) -> Source:
        """The shop's data."""
        return self.vocabulary.source

    def tables(self) -> list[str]:
        """The tables that are counted; `orders` always is, since everything asks about it."""
        return sorted({"orders", *(one.table for one in self.vocabulary.counted)})

    def load(self) -> None:
        """Leave `PEOPLE` and `COUNTED…` (a row per customer) in DuckDB.

        `PEOPLE` has all columns of `customers`, without those who came later where the table's `at` says when.
        """
        self.source.keep(PEOPLE, self.until_day_ends("customers").select(*self.source.fields("customers")))
        for table in self.tables():
            self.source.keep(COUNTED + table, self.aggregate(table))

    def fetch(self, expression: Any) -> pa.Table:
        """The rows of an Ibis expression over the source."""
        return self.source.fetch(expression)

    def aggregate(self, table: str) -> Any:
        """The Ibis query for `table`: a row per customer with its traits and what the findings need."""
        rows = self.until_day_ends(table)
        customer = self.source.customer_column(table) or ""
        counted = [one for one in self.vocabulary.counted if one.table == table]
        picks = {one.name: self._pick(rows, one) for one in counted if one.value.tree.op in PICKS}
        if not self.source.in_files:
            rows = numbered(rows, customer, list(picks.values()))
        compiler = self.compiler(rows)
        values = {
            one.name: self._picked(rows, picks[one.name]) if one.name in picks else self._value(rows, compiler, one)
            for one in counted
        }
        if table == "orders":
            order = self.source.rules.source.order
            values[NEGATIVE] = rows.count(where=rows[str(order.amount)] < 0)
            values[NEWEST] = rows[str(order.at)].max()
            values[REVENUE] = rows[str(order.amount)].sum()
        return rows.group_by(rows[customer].name(CUSTOMER)).aggregate(**values, **{ROWS: rows.count()})

    def _picked(self, rows: Any, pick: Pick) -> Any:
        return pick.aggregated if self.source.in_files else picked(rows, pick)

    def _pick(self, rows: Any, one: Counted) -> Pick:
        compiler = self.compiler(rows)
        known = self.source.id_column(one.table)
        return Pick(
            one.name,
            one.value.tree.op == "last",
            _argument(rows, compiler, one),
            rows[self.source.time_column(one.table) or ""],
            rows[known] if known else None,
            self._which(rows, compiler, one),
        )

    def compiler(self, rows: Any, table: str = "") -> RowCompiler:
        """Compiles conditions about `rows`, which are of the source, or of a `table` of the ledger, as of the day."""
        zone = str(self.source.rules.shop.timezone)
        dialect = Dialect() if self.source.is_ledgers(table) else self.source.dialect
        return RowCompiler(rows, self.day, self.source.zone, zone, dialect)

    def until_day_ends(self, table: str) -> Any:
        """The rows of `table` that had happened by the end of the day, and that count."""
        rows = self.counting_rows(table)
        at = self.source.time_column(table)
        if at:
            happened = self._before_end(rows[at])
            rows = rows.filter(happened | rows[at].isnull())
        return rows

    def counting_rows(self, table: str) -> Any:
        """The rows of `table`; of `orders` only those that count (`order.counts`)."""
        rows = self.source.expression(table)
        counts = self.source.rules.source.order.counts
        if table == "orders" and counts is not None:
            condition = self.vocabulary.row_condition("orders", counts)
            if condition is not None:
                rows = rows.filter(self.compiler(rows)(condition.tree))
        return rows

    def _value(self, rows: Any, compiler: RowCompiler, one: Counted) -> Any:
        where = self._which(rows, compiler, one)
        node = one.value.tree
        if node.op == "count" and node.args[0].op == "all":
            return rows.count(where=where)
        value = _argument(rows, compiler, one)
        if node.op == "avg":
            value = (value.cast("int32") if node.args[0].kind == "yes_no" else value).cast("float64")
        if node.op == "count_distinct":
            return self.source.dialect.different(value, where)
        if node.op in ("min", "max") and node.args[0].kind == "yes_no":
            # Not every database orders yes and no.
            return AGGREGATE[node.op](value.cast("int32"), where) == 1
        return AGGREGATE[node.op](value, where)

    def _which(self, rows: Any, compiler: RowCompiler, one: Counted) -> Any | None:
        """Of which rows the trait is: its `where` and its `last`; None for all."""
        where = compiler(one.where.tree) if one.where else None
        if one.last is None:
            return where
        at = rows[self.source.time_column(one.table) or ""]
        recent = (
            self._after_start(at, one.last.amount) if one.last.unit == "day" else at >= self._end() - one.last.delta
        )
        return recent if where is None else where & recent

    def _end(self) -> datetime:
        """24:00 of the day, by the shop's clock, as the source writes times."""
        return self.in_source_zone(self.day + timedelta(days=1))

    def before(self, at: Any, day: date) -> Any:
        """Whether the time `at` of a row is before 0:00 of `day`, by the shop's clock."""
        import ibis

        if at.type().is_date():
            return at < ibis.date(day.isoformat())
        return at < ibis.timestamp(self.in_source_zone(day))

    def in_source_zone(self, day: date) -> datetime:
        """0:00 of the shop's `day`, as the source writes times."""
        local = datetime.combine(day, time(0), ZoneInfo(str(self.source.rules.shop.timezone)))
        return local.astimezone(ZoneInfo(self.source.zone)).replace(tzinfo=None)

    def _before_end(self, at: Any) -> Any:
        import ibis

        return at <= ibis.date(self.day.isoformat()) if at.type().is_date() else at < ibis.timestamp(self._end())

    def _after_start(self, at: Any, days: int) -> Any:
        import ibis

        first = self.day - timedelta(days=days)
        return (
            at >= ibis.date(first.isoformat())
            if at.type().is_date()
            else at >= ibis.timestamp(self.in_source_zone(first))
        )


def _argument(rows: Any, compiler: RowCompiler, one: Counted) -> Any:
    """What is aggregated, of each row."""
    argument = one.value.tree.args[0]
    # min, max and the like of a plain time commute with the change of zone, which is then done once per customer.
    value = rows[str(argument.value)] if argument.op == "column" else compiler(argument)
    if argument.kind == "number" and argument.op != "column" and one.value.tree.op != "count":
        # What is computed is a double everywhere: engines differ in what they make of mixed numbers.
        return value.cast("float64")
    return value


AGGREGATE: dict[str, Any] = {
    "count": lambda value, where: value.count(where=where),
    "sum": lambda value, where: value.sum(where=where),
    "avg": lambda value, where: value.mean(where=where),
    "min": lambda value, where: value.min(where=where),
    "max": lambda value, where: value.max(where=where),
}


def zero_over_no_rows(one: Counted) -> bool:
    """Whether the trait is 0 for somebody without rows; every other one is unknown."""
    return one.value.tree.op in COUNTING
