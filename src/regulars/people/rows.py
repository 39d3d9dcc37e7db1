"""Conditions about rows of a source table, compiled to Ibis: they run where the data is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import reduce
from typing import Any

from regulars.lang.expressions import Node
from regulars.people.dialects import Dialect

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class RowCompiler:
    """Compiles trees over the rows of `table` (an Ibis table) as of `day`, the shop's day in `shop_zone`."""

    table: Any
    day: date
    source_zone: str
    shop_zone: str
    dialect: Dialect = field(default_factory=Dialect)

    def __call__(self, node: Node) -> Any:
        """The Ibis value of `node`."""
        if compiled := getattr(self, f"_{node.op}", None):
            return compiled(node)
        args = [self(arg) for arg in node.args]
        if node.op in TEXTS:
            return self.dialect.text(node.op, *args)
        if node.op in MIXED and node.kind == "number":
            # Some databases find no type for a decimal beside a double.
            args = [_double(arg) for arg in args]
        return OPERATIONS[node.op](*args)

    def _column(self, node: Node) -> Any:
        value = self.table[str(node.value)]
        if node.kind == "time" and not value.type().is_date() and self.source_zone != self.shop_zone:
            return self.dialect.moved(self.source_zone, self.shop_zone, value)
        return value

    def _text(self, node: Node) -> Any:
        import ibis

        return ibis.literal(str(node.value))

    def _number(self, node: Node) -> Any:
        import ibis

        return ibis.literal(float(str(node.value)) if "." in str(node.value) else int(str(node.value)))

    def _yes_no(self, node: Node) -> Any:
        import ibis

        return ibis.literal(bool(node.value))

    def _null(self, _node: Node) -> Any:
        import ibis

        return ibis.null()

    def _today(self, _node: Node) -> Any:
        import ibis

        return ibis.date(self.day.isoformat())

    def _date(self, node: Node) -> Any:
        import ibis

        text = str(node.value)
        return ibis.timestamp(datetime.fromisoformat(text)) if len(text) > 10 else ibis.date(text)

    def _trim(self, node: Node) -> Any:
        return self.dialect.trimmed(self(node.args[0]))

    def _round(self, node: Node) -> Any:
        value, places = _double(self(node.args[0])), node.args[1:]
        if not places or re.fullmatch(r"\d+", str(places[0].value)):
            return _double(value.round(int(str(places[0].value)) if places else 0))
        return _double(value.round(self(places[0]).cast("int32")))

    def _case(self, node: Node) -> Any:
        import ibis

        args = [self(arg) for arg in node.args]
        if node.kind == "number":
            args = [arg if at % 2 == 0 and at < len(args) - 1 else _double(arg) for at, arg in enumerate(args)]
        return ibis.cases(*zip(args[:-1:2], args[1:-1:2], strict=True), else_=args[-1])

    def _days_since(self, node: Node) -> Any:
        return (self.day - EPOCH).days - _day(self(node.args[0])).epoch_days()

    def _days_until(self, node: Node) -> Any:
        return _day(self(node.args[0])).epoch_days() - (self.day - EPOCH).days

    def _anniversary(self, value: Any, year: int) -> Any:
        import ibis

        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        born = _day(value)
        day = born.day() if leap else ibis.ifelse((born.month() == 2) & (born.day() == 29), 28, born.day())
        return ibis.date(year, born.month(), day)

    def _days_since_anniversary(self, node: Node) -> Any:
        import ibis

        value, today = self(node.args[0]), ibis.date(self.day.isoformat())
        this, before = self._anniversary(value, self.day.year), self._anniversary(value, self.day.year - 1)
        return (self.day - EPOCH).days - ibis.ifelse(this <= today, this, before).epoch_days()

    def _days_until_anniversary(self, node: Node) -> Any:
        import ibis

        value, today = self(node.args[0]), ibis.date(self.day.isoformat())
        this, after = self._anniversary(value, self.day.year), self._anniversary(value, self.day.year + 1)
        return ibis.ifelse(this >= today, this, after).epoch_days() - (self.day - EPOCH).days


def _day(value: Any) -> Any:
    return value if value.type().is_date() else value.date()


def _double(value: Any) -> Any:
    return value.cast("float64")


TEXTS = ("lower", "upper", "length")
MIXED = ("coalesce", "least", "greatest")
SPELT = (*TEXTS, "trim", "round")
"""Operations that are compiled by the dialect, or by what stands in them."""

OPERATIONS: dict[str, Callable[..., Any]] = {
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "not": lambda a: ~a,
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: _double(a) / _double(b).nullif(0),
    "neg": lambda a: -a,
    "is_null": lambda a: a.isnull(),
    "in": lambda a, *rest: reduce(lambda left, right: left | right, [a == one for one in rest]),
    "between": lambda a, low, high: (a >= low) & (a <= high),
    "like": lambda a, pattern: a.like(pattern),
    "coalesce": lambda *args: reduce(lambda a, b: a.fill_null(b), args),
    "least": lambda *args: _known_extreme(args, least=True),
    "greatest": lambda *args: _known_extreme(args, least=False),
    "abs": lambda a: a.abs(),
    "floor": lambda a: _double(_double(a).floor()),
    "ceil": lambda a: _double(_double(a).ceil()),
    "year": lambda a: a.year(),
    "month": lambda a: a.month(),
}
"""Operation → Ibis. `people.formulas.OPERATIONS` says the same in DuckDB's SQL; a test compares them."""


def _known_extreme(args: tuple[Any, ...], *, least: bool) -> Any:
    """The smallest (largest) of those that are known: engines differ in what `least` makes of an unknown value."""
    import ibis

    def pick(a: Any, b: Any) -> Any:
        return ibis.cases((a.isnull(), b), (b.isnull(), a), ((a <= b) if least else (a >= b), a), else_=b)

    return reduce(pick, args)
