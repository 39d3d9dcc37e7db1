"""What a trait of one person was counted from: `3 of 4 orders`, `order 88123, 29 Nov 2025`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

from regulars.people import engine
from regulars.people.formulas import Formula
from regulars.people.person import PersonSource
from regulars.people.vocabulary import Counted, Vocabulary

NEWEST_FIRST = {"max": "desc", "last": "desc", "min": "asc", "first": "asc"}
"""Aggregates that pick one row's value, and how the rows are ordered to find it."""


@dataclass(frozen=True)
class Evidence:
    """Looks into the rows of the one person of `source`, as of the end of `day`."""

    source: PersonSource
    vocabulary: Vocabulary
    day: date

    def of(self, trait: str, *, known: bool = True) -> str:
        """What `trait` was counted from; empty where its value says it all, or where the rows cannot tell.

        `known`: whether the person has a value; who has none has no such rows.
        """
        one = next((one for one in self.vocabulary.counted if one.name == trait), None)
        if one is None:
            return ""
        if not known:
            return f"no {'such ' if one.where or one.last else ''}{one.table}"
        tells = {**dict.fromkeys(NEWEST_FIRST, self._picked), "avg": self._share, "sum": self._number}
        try:
            return tells[one.value.tree.op](one) if one.value.tree.op in tells else ""
        except duckdb.Error:
            # The rows are only told about: the value itself came from the source.
            return ""

    def _picked(self, one: Counted) -> str:
        """The row that gave the value."""
        argument, op = one.value.tree.args[0], one.value.tree.op
        at = self.source.time_column(one.table)
        known = self._id(one.table)
        if argument.op != "column" or not (known or at):
            return ""
        order = engine.name(str(argument.value) if op in ("min", "max") else at or "")
        cells = [f"cast({engine.name(known)} as varchar)" if known else "''", engine.name(at) if at else "null"]
        row = self._one(
            f"select {', '.join(cells)} from {self._rows(one)} where {order} is not null "
            f"order by {order} {NEWEST_FIRST[op]}, 1 limit 1"
        )
        if row is None:
            return ""
        when = f"{row[1].day} {row[1]:%b %Y}" if isinstance(row[1], (date, datetime)) else ""
        return ", ".join(part for part in (f"{singular(one.table)} {row[0]}" if row[0] else "", when) if part)

    def _share(self, one: Counted) -> str:
        """How many rows it is a mean over; of a condition, for how many it holds."""
        argument = one.value.tree.args[0]
        value = Formula(self.day, {})(argument)
        holds = f"count(*) filter (where {value})" if argument.kind == "yes_no" else "null"
        holding, known = self._one(f"select {holds}, count({value}) from {self._rows(one)}") or (None, 0)
        if not known:
            return ""
        return f"{holding:,} of {counted(known, one.table)}" if holding is not None else counted(known, one.table)

    def _number(self, one: Counted) -> str:
        """How many rows it is a sum over."""
        (many,) = self._one(f"select count(*) from {self._rows(one)}") or (0,)
        return counted(many, one.table) if many else ""

    def _id(self, table: str) -> str:
        if table == "orders":
            return str(self.source.rules.source.order.id)
        origin = next((found for name, found in self.source.rules.source.tables.items() if name == table), None)
        return str(origin.id) if origin is not None and getattr(origin, "id", None) else ""

    def _rows(self, one: Counted) -> str:
        """The person's rows that the trait counts, times by the shop's clock."""
        formula, table = Formula(self.day, {}), one.table
        at, counts = self.source.time_column(table), self.source.rules.source.order.counts
        tests = []
        if at:
            moment = engine.name(at)
            tests.append(f"({moment} is null or {moment} < date '{self.day + timedelta(days=1)}')")
        if table == "orders" and counts is not None:
            which = self.vocabulary.row_condition("orders", counts)
            tests += [formula(which.tree)] if which else []
        if one.where:
            tests.append(formula(one.where.tree))
        if one.last and at:
            tests.append(f"{engine.name(at)} >= {self._since(one)}")
        return f"(select * from ({self._by_shop_clock(table)}) where {' and '.join(tests) or 'true'})"

    def _since(self, one: Counted) -> str:
        if one.last is None or one.last.unit == "day":
            return f"date '{self.day - timedelta(days=one.last.amount if one.last else 0)}'"
        return f"timestamp '{datetime.combine(self.day + timedelta(days=1), datetime.min.time()) - one.last.delta}'"

    def _by_shop_clock(self, table: str) -> str:
        shop, zone = str(self.source.rules.shop.timezone), self.source.zone
        times = [engine.name(column) for column, field in self.source.fields(table).items() if field.kind == "time"]
        own = engine.name(self.source.own(table))
        if shop == zone or not times:
            return f"select * from {own}"
        replaced = ", ".join(
            f"case when typeof({column}) = 'DATE' then cast({column} as timestamp) else timezone({engine.text(shop)}, "
            f"timezone({engine.text(zone)}, cast({column} as timestamp))) end as {column}"
            for column in times
        )
        return f"select * replace ({replaced}) from {own}"

    def _one(self, sql: str) -> tuple[Any, ...] | None:
        return self.source.connection.execute(sql).fetchone()


def singular(table: str) -> str:
    """`orders` → `order`, `deliveries` → `delivery`."""
    if table.endswith("ies"):
        return table[:-3] + "y"
    return table[:-1] if table.endswith("s") and not table.endswith("ss") else table


def counted(number: int, table: str) -> str:
    """`1 order`, `4 orders`."""
    return f"{number:,} {singular(table) if number == 1 else table}"
