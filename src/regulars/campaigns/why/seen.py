"""A condition about one customer, leaf by leaf, with the values it saw: asked of the engine that decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, TypedDict

from regulars.campaigns.why.person_desk import PersonDesk
from regulars.lang.expressions import Expression, Node
from regulars.people.engine import name as quoted
from regulars.people.evidence import Evidence
from regulars.people.formulas import Formula, quintiles
from regulars.people.vocabulary import Derived

MARKS = {True: "✓", False: "✗", None: "–"}


class Line(TypedDict):
    """One test. `holds` is None where it cannot be said, because a value is unknown, or where nothing was asked."""

    test: str
    holds: bool | None
    says: str
    saw: str


@dataclass
class Person:
    """The one customer of a desk, ready to be asked about.

    `relation` has their row, with the columns of a row they are asked about as "row.COLUMN"; without one, the desk's.
    """

    desk: PersonDesk
    relation: str = ""
    rows_tell: bool = True
    """Whether rows stand that say where a value came from: not those of a past run."""
    _formula: Formula = field(init=False)

    def __post_init__(self) -> None:
        self.relation = self.relation or self.desk.row.relation
        self._formula = Formula(self.desk.row.day, {})

    @cached_property
    def _columns(self) -> set[str]:
        found = self.desk.connection.execute(f"describe select * from {self.relation}").fetchall()
        return {str(row[0]) for row in found}

    @cached_property
    def _evidence(self) -> Evidence:
        return Evidence(self.desk.own, self.desk.vocabulary, self.desk.row.day)

    @cached_property
    def _derived(self) -> dict[str, Derived]:
        return {one.name: one for one in self.desk.vocabulary.derived}

    @cached_property
    def _segments(self) -> dict[str, Derived]:
        return {name: one for name, one in self._derived.items() if one.steps or one.plain}

    def holds(self, expression: Expression) -> bool:
        """Whether the whole condition holds; an unknown one does not."""
        return bool(self.ask([expression.tree])[0])

    def lines(self, expression: Expression, test: str = "audience") -> list[Line]:
        """What `and` joins, each with whether it holds and the values it saw.

        What `or` joins, and what a plain segment is made of, follows below it: such lines begin with `or` and `with`.
        """
        told: list[Line] = []
        for part in _parts(expression.tree, "and"):
            told.append(self._line(test, expression.text, part))
            if part.op == "or":
                told += [self._line(test, expression.text, one, "or ") for one in _parts(part, "or")]
            elif part.op == "column" and (made_of := self._members(str(part.value))) is not None:
                told += [self._line(test, made_of.text, one, "with ") for one in _parts(made_of.tree, "and")]
        return told

    def _members(self, name: str) -> Expression | None:
        """What a plain segment is made of."""
        segment = self._segments.get(name)
        return segment.expression if segment is not None and segment.plain else None

    def ask(self, trees: list[Node]) -> list[Any]:
        """The values of `trees` for this customer. A quintile looks at everybody, and is unknown here."""
        known = [not quintiles(tree) and tree.names <= self._columns for tree in trees]
        asked = [self._formula(tree) if one else "null" for tree, one in zip(trees, known, strict=True)]
        row = self.desk.connection.execute(f"select {', '.join(asked)} from {self.relation}").fetchone()
        return list(row or [None] * len(trees))

    def _line(self, test: str, condition: str, part: Node, joint: str = "") -> Line:
        (holds,) = self.ask([part])
        saw = "" if part.op == "or" else "; ".join([*self._reasons(part), *_some(self._saw(part))])
        says = joint + _words(condition, part)
        return {"test": test, "holds": None if holds is None else bool(holds), "says": says, "saw": saw}

    def _saw(self, tree: Node) -> str:
        """`saw 271 (order 88123, 29 Nov 2025)`; segments speak for themselves, in `_reasons`."""
        return self._values([value for value in _looked_at(tree) if str(value.value) not in self._segments])

    def _values(self, looked_at: list[Node]) -> str:
        """What was seen of each value; alone it needs no name."""
        if not looked_at:
            return ""
        told = [
            (_spoken(value), shown(seen) + self._from(value, seen))
            for value, seen in zip(looked_at, self.ask(looked_at), strict=True)
        ]
        return "saw " + (told[0][1] if len(told) == 1 else ", ".join(f"{name} {seen}" for name, seen in told))

    def _from(self, value: Node, seen: Any) -> str:
        """What it came from, in brackets: rows, or the traits it is made of."""
        made_of = [node.value for node in value.walk() if node.op == "column" and str(node.value) not in self._segments]
        if len(made_of) != 1:
            return ""
        name = str(made_of[0])
        if name in self._derived:
            return self._parts_of(self._derived[name])
        if name in self.desk.vocabulary.modelled:
            return self._unforeseen(name) if seen is None else ""
        told = self._evidence.of(name, known=seen is not None) if self.rows_tell else ""
        return f" ({told})" if told else ""

    def _unforeseen(self, name: str) -> str:
        """Why no model has a number of them, in brackets."""
        expected = self.desk.row.expected
        if expected is None:
            return ""
        return f" ({expected.because(name).rstrip('.') or 'no model has a number for them'})"

    def _parts_of(self, derived: Derived) -> str:
        if derived.expression is None:
            return ""
        parts = _columns_of(derived.expression.tree)
        told = [f"{part.value} {shown(seen)}" for part, seen in zip(parts, self.ask(parts), strict=True)]
        return f" ({', '.join(told)})" if told else ""

    def _reasons(self, tree: Node) -> list[str]:
        """Of each segment the tree reads: which step held, or what it is made of, and the values seen there."""
        if tree.op == "column" and self._members(str(tree.value)) is not None:
            return []
        return [
            self._step(self._segments[name]) if self._segments[name].steps else self._plain(self._segments[name])
            for name in sorted(tree.names & self._segments.keys())
        ]

    def _step(self, ladder: Derived) -> str:
        if ladder.name not in self._columns:
            return f"`{ladder.name}` is not known"
        asked = [(value, tree) for value, tree in ladder.steps if tree]
        (is_now,) = self.desk.connection.execute(f"select {quoted(ladder.name)} from {self.relation}").fetchone() or (
            None,
        )
        for number, (value, tree) in enumerate(asked, 1):
            if value == is_now:
                told = ", ".join(_some(self._values(_looked_at(tree.tree))))
                return f"'{value}': {_ordinal(number)} step held, {' '.join(tree.text.split())}, {told}"
        nodes = list({_spoken(value): value for _, tree in asked for value in _looked_at(tree.tree)}.values())
        return f"'{is_now}': the last step, none before it held, {self._values(nodes)}"

    def _plain(self, segment: Derived) -> str:
        """A plain segment that is not alone in its test: what it is made of, in a row."""
        if segment.expression is None:
            return segment.name
        told = []
        for part in _parts(segment.expression.tree, "and"):
            (holds,) = self.ask([part])
            seen = self._values(_looked_at(part))
            told.append(f"{MARKS[holds]} {_words(segment.expression.text, part)}" + (f", {seen}" if seen else ""))
        return f"`{segment.name}` is " + "; ".join(told)


def shown(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (float, Decimal)):
        return _number(float(value))
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"'{value}'" if isinstance(value, str) else str(value)


def spoken_day(day: date, beside: date) -> str:
    """`Fri 28 Aug`, with its year where that is not the year of `beside`."""
    return f"{day:%a} {day.day} {day:%b}" + (f" {day.year}" if day.year != beside.year else "")


def _number(value: float) -> str:
    """300, 66.59, 0.8889: as much of it as one reads at a glance."""
    if value.is_integer():
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"


def _some(words: str) -> list[str]:
    return [words] if words else []


def _parts(tree: Node, joint: str) -> Iterator[Node]:
    """What `joint` joins at the top."""
    if tree.op != joint:
        yield tree
        return
    for arg in tree.args:
        yield from _parts(arg, joint)


def _columns_of(tree: Node) -> list[Node]:
    """The names a tree reads, each once."""
    return list({str(node.value): node for node in tree.walk() if node.op == "column"}.values())


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
