"""A condition about one customer, leaf by leaf, with the values it saw: asked of the engine that decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict

from regulars.campaigns.desk import Desk
from regulars.lang.expressions import Expression, Node
from regulars.people.engine import name as quoted
from regulars.people.engine import text
from regulars.people.formulas import Formula, quintiles
from regulars.people.snapshot import Snapshot
from regulars.people.vocabulary import Derived

PERSON = "regulars_person"
"""DuckDB: the one row of the snapshot that is asked about."""
JOINTS = ("and", "or")


class Line(TypedDict):
    """One test. `holds` is None where it cannot be said, because a value is unknown, or where nothing was asked."""

    test: str
    holds: bool | None
    says: str
    saw: str


@dataclass
class Person:
    """One customer of a snapshot, ready to be asked about."""

    desk: Desk
    snapshot: Snapshot
    customer: str

    def __post_init__(self) -> None:
        self._formula = Formula(self.snapshot.day, {})
        self.desk.connection.execute(
            f"""create or replace temp table {PERSON} as select * from {self.snapshot.relation}
                where {quoted(self.snapshot.id_column)} = {text(self.customer)}"""
        )

    def holds(self, expression: Expression) -> bool:
        """Whether the whole condition holds; an unknown one does not."""
        return bool(self.ask([expression.tree])[0])

    def lines(self, expression: Expression) -> list[Line]:
        """What `and` joins, each with whether it holds and the values it saw; what `or` joins is indented below it."""
        told: list[Line] = []
        for part in _parts(expression.tree, "and"):
            told.append(self._line(expression.text, part))
            if part.op == "or":
                told += [self._line(expression.text, one, "or ") for one in _parts(part, "or")]
        return told

    def ask(self, trees: list[Node]) -> list[Any]:
        """The values of `trees` for this customer. A quintile looks at everybody, and is unknown here."""
        asked = ["null" if quintiles(tree) else self._formula(tree) for tree in trees]
        row = self.desk.connection.execute(f"select {', '.join(asked)} from {PERSON}").fetchone()
        return list(row or [None] * len(trees))

    def _line(self, condition: str, part: Node, joint: str = "") -> Line:
        (holds,) = self.ask([part])
        whole = part.op == "or"
        saw = "" if whole else "; ".join([*self._values(part, spelt=True), *self._reasons(part)])
        says = joint + _words(condition, part)
        return {"test": "audience", "holds": None if holds is None else bool(holds), "says": says, "saw": saw}

    def _values(self, tree: Node, *, spelt: bool) -> list[str]:
        """What the tree looks at: `days_since(last_order) 271`. Segments speak for themselves, in `_reasons`."""
        values = [value for value in _looked_at(tree) if not (spelt and str(value.value) in self._segments)]
        found = self.ask(values) if values else []
        return [f"{_spoken(value)} {shown(seen)}" for value, seen in zip(values, found, strict=True)]

    @property
    def _segments(self) -> dict[str, Derived]:
        return {one.name: one for one in self.desk.vocabulary.derived if one.steps or one.plain}

    def _reasons(self, tree: Node) -> list[str]:
        """Of each segment the tree reads: which step held, or what it is made of, and the values seen there."""
        return [
            self._step(self._segments[name]) if self._segments[name].steps else self._members(self._segments[name])
            for name in sorted(tree.names & self._segments.keys())
        ]

    def _step(self, ladder: Derived) -> str:
        asked = [(value, tree) for value, tree in ladder.steps if tree]
        (is_now,) = self.desk.connection.execute(f"select {quoted(ladder.name)} from {PERSON}").fetchone() or (None,)
        for number, (value, tree) in enumerate(asked, 1):
            if value == is_now:
                saw = ", ".join(self._values(tree.tree, spelt=False))
                return f"'{value}': {_ordinal(number)} step held, {tree.text} ({saw})"
        seen = dict.fromkeys(value for _, tree in asked for value in self._values(tree.tree, spelt=False))
        return f"'{is_now}': the last step, none before it held ({', '.join(seen)})"

    def _members(self, plain: Derived) -> str:
        if plain.expression is None:
            return plain.name
        marks = {True: "✓", False: "✗", None: "?"}
        told = []
        for part in _parts(plain.expression.tree, "and"):
            (holds,) = self.ask([part])
            saw = ", ".join(self._values(part, spelt=False))
            told.append(f"{marks[holds]} {_words(plain.expression.text, part)} ({saw})")
        return f"`{plain.name}` is " + ", ".join(told)


def shown(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (float, Decimal)):
        return _number(float(value))
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"'{value}'" if isinstance(value, str) else str(value)


def _number(value: float) -> str:
    """300, 66.59, 0.8889: as much of it as one reads at a glance."""
    if value.is_integer():
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"


def _parts(tree: Node, joint: str) -> Iterator[Node]:
    """What `joint` joins at the top."""
    if tree.op != joint:
        yield tree
        return
    for arg in tree.args:
        yield from _parts(arg, joint)


def _looked_at(tree: Node) -> list[Node]:
    """The values a condition looks at: days_since(x) rather than x, each once."""
    if tree.op.startswith("days_") or tree.op == "column":
        return [tree]
    found: list[Node] = []
    for arg in tree.args:
        found += [value for value in _looked_at(arg) if _spoken(value) not in map(_spoken, found)]
    return found


def _spoken(node: Node) -> str:
    return str(node.value) if node.op == "column" else f"{node.op}({', '.join(map(_spoken, node.args))})"


def _words(condition: str, node: Node) -> str:
    """The node as it was written, brackets closed, on one line."""
    end = node.start + node.length
    while condition[node.start : end].count("(") > condition[node.start : end].count(")") and end < len(condition):
        end += 1
    return " ".join(condition[node.start : end].split())


def _ordinal(number: int) -> str:
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number if number < 20 else number % 10, 'th') }"
