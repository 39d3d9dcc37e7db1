"""Traits that are counted from rows: one aggregate query per source table, run where the data is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from regulars.lang.expressions import COUNTING
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
        compiler = self._compiler(rows)
        values = {one.name: self._value(rows, compiler, one) for one in self.vocabulary.counted if one.table == table}
        if table == "orders":
            order = self.source.rules.source.order
            values[NEGATIVE] = rows.count(where=rows[str(order.amount)] < 0)
            values[NEWEST] = rows[str(order.at)].max()
        customer = rows[self.source.customer_column(table) or ""]
        return rows.group_by(customer.name(CUSTOMER)).aggregate(**values, **{ROWS: rows.count()})

    def _compiler(self, rows: Any) -> RowCompiler:
        return RowCompiler(rows, self.day, self.source.zone, str(self.source.rules.shop.timezone))

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
                rows = rows.filter(self._compiler(rows)(condition.tree))
        return rows

    def _value(self, rows: Any, compiler: RowCompiler, one: Counted) -> Any:
        where = compiler(one.where.tree) if one.where else None
        if one.last:
            at = rows[self.source.time_column(one.table) or ""]
            recent = (
                self._after_start(at, one.last.amount) if one.last.unit == "day" else at >= self._end() - one.last.delta
            )
            where = recent if where is None else where & recent
        node = one.value.tree
        if node.op == "count" and node.args[0].op == "all":
            return rows.count(where=where)
        argument = node.args[0]
        # min and max of a plain time commute with the change of zone, which is then done once per customer.
        value = rows[str(argument.value)] if argument.op == "column" else compiler(argument)
        if argument.kind == "number" and argument.op != "column" and node.op != "count":
            # What is computed is a double everywhere: engines differ in what they make of mixed numbers.
            value = value.cast("float64")
        if node.op == "avg":
            value = (value.cast("int32") if argument.kind == "yes_no" else value).cast("float64")
        return AGGREGATE[node.op](value, where)

    def _end(self) -> datetime:
        """24:00 of the day, by the shop's clock, as the source writes times."""
        return self._in_source_zone(self.day + timedelta(days=1))

    def _in_source_zone(self, day: date) -> datetime:
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
            else at >= ibis.timestamp(self._in_source_zone(first))
        )


AGGREGATE: dict[str, Any] = {
    "count": lambda value, where: value.count(where=where),
    "count_distinct": lambda value, where: value.nunique(where=where),
    "sum": lambda value, where: value.sum(where=where),
    "avg": lambda value, where: value.mean(where=where),
    "min": lambda value, where: value.min(where=where),
    "max": lambda value, where: value.max(where=where),
}


def zero_over_no_rows(one: Counted) -> bool:
    """Whether the trait is 0 for somebody without rows; every other one is unknown."""
    return one.value.tree.op in COUNTING
