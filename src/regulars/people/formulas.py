"""Conditions about customers, compiled to DuckDB's SQL: derived traits, ladders, audiences, guards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from regulars.lang.expressions import Node
from regulars.people import engine

FIFTHS = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class Formula:
    """Compiles trees over columns of a DuckDB relation, as of `day`.

    `cuts` names the column that holds the cut points of each quintile.
    """

    day: date
    cuts: dict[Node, str]

    def __call__(self, node: Node) -> str:
        """The SQL of `node`, in brackets where it needs them."""
        if node.op == "quintile":
            return self._quintile(node)
        if node.op in LEAVES:
            return LEAVES[node.op](node)
        if node.op == "today":
            return f"date {engine.text(self.day.isoformat())}"
        args = [self(arg) for arg in node.args]
        if node.op == "case":
            arms = " ".join(f"when {test} then {value}" for test, value in zip(args[:-1:2], args[1:-1:2], strict=True))
            return f"(case {arms} else {args[-1]} end)"
        if node.op in ("days_since", "days_until", "days_since_anniversary", "days_until_anniversary"):
            return DAYS[node.op].format(day=f"date {engine.text(self.day.isoformat())}", arg=f"cast({args[0]} as date)")
        return OPERATIONS[node.op](*args)

    def _quintile(self, node: Node) -> str:
        """1 + the number of cut points below the value, for those of whom it is asked; the others are unknown."""
        value, whom = self._value_and_whom(node)
        cuts = self.cuts[node]
        below = f"len(list_filter({cuts}, lambda cut: cut < {value}))"
        return f"(case when {whom} and {value} is not null then 1 + {below} end)"

    def _value_and_whom(self, node: Node) -> tuple[str, str]:
        return f"cast({self(node.args[0])} as double)", self(node.args[1]) if len(node.args) > 1 else "true"

    def cut_points(self, node: Node) -> str:
        """The aggregate that gives the four cut points of a quintile: linear interpolation, over doubles."""
        value, whom = self._value_and_whom(node)
        return f"quantile_cont({value}, {list(FIFTHS)}) filter (where {whom} and {value} is not null)"


def quintiles(node: Node) -> list[Node]:
    """The quintiles in a tree, the inner ones first."""
    return [inner for inner in reversed(list(node.walk())) if inner.op == "quintile"]


def _date(node: Node) -> str:
    return f"{'timestamp' if len(str(node.value)) > 10 else 'date'} {engine.text(str(node.value))}"


LEAVES: dict[str, Callable[[Node], str]] = {
    "column": lambda node: engine.name(str(node.value)),
    "text": lambda node: engine.text(str(node.value)),
    "number": lambda node: str(node.value),
    "yes_no": lambda node: "true" if node.value else "false",
    "null": lambda _node: "null",
    "date": _date,
}

DAYS = {
    "days_since": "datediff('day', {arg}, {day})",
    "days_until": "datediff('day', {day}, {arg})",
    "days_since_anniversary": "datediff('day', last_anniversary({arg}, {day}), {day})",
    "days_until_anniversary": "datediff('day', {day}, next_anniversary({arg}, {day}))",
}

SPACES = r"e' \t\n\r\v\f'"
"""What `trim` takes off, as Ibis does."""

OPERATIONS: dict[str, Callable[..., str]] = {
    "and": lambda a, b: f"({a} and {b})",
    "or": lambda a, b: f"({a} or {b})",
    "not": lambda a: f"(not {a})",
    **{
        sign: (lambda a, b, sign=sign: f"({a} {sign} {b})") for sign in ("=", "<>", "<", "<=", ">", ">=", "+", "-", "*")
    },
    "/": lambda a, b: f"(cast({a} as double) / nullif(cast({b} as double), 0))",
    "neg": lambda a: f"(-{a})",
    "is_null": lambda a: f"({a} is null)",
    "in": lambda a, *rest: f"({a} in ({', '.join(rest)}))",
    "between": lambda a, low, high: f"({a} between {low} and {high})",
    "like": lambda a, pattern: f"({a} like {pattern})",
    "coalesce": lambda *args: f"coalesce({', '.join(args)})",
    "least": lambda *args: f"least({', '.join(args)})",
    "greatest": lambda *args: f"greatest({', '.join(args)})",
    "abs": lambda a: f"abs({a})",
    "round": lambda a, places="0": f"round(cast({a} as double), cast({places} as integer))",
    "floor": lambda a: f"floor(cast({a} as double))",
    "ceil": lambda a: f"ceil(cast({a} as double))",
    "lower": lambda a: f"lower({a})",
    "upper": lambda a: f"upper({a})",
    "trim": lambda a: f"trim({a}, {SPACES})",
    "length": lambda a: f"length({a})",
    "year": lambda a: f"year({a})",
    "month": lambda a: f"month({a})",
}
"""Operation → DuckDB. Kept beside `people.rows.OPERATIONS`, which says the same in Ibis; a test compares them."""
