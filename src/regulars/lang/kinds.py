"""Types of conditions: every operation is checked against the columns' real kinds, before a row is read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from regulars.lang.expressions import (
    AGGREGATES,
    ARITHMETIC,
    COMPARISONS,
    FUNCTIONS,
    PEOPLE_FUNCTIONS,
    Expression,
    Field,
    Node,
    Signature,
)
from regulars.lang.model import Kind
from regulars.lang.problems import Problems
from regulars.lang.unknown_names import Names
from regulars.lang.written import Written

SPOKEN: dict[str, str] = {
    "text": "text",
    "number": "a number",
    "date": "a day",
    "time": "a time",
    "yes_no": "yes or no",
}
FUNCTIONS_AND_ALL = FUNCTIONS | PEOPLE_FUNCTIONS | AGGREGATES


@dataclass
class Typing:
    """Types one tree. `fields` are the names it may read; `aggregates`: whether they may stand here.

    `row`: the table whose columns are among the fields as `row.COLUMN`; empty where there is no row.
    """

    text: Written
    fields: Mapping[str, Field]
    problems: Problems
    place: str = "trait"
    aggregates: bool = False
    people: bool = True
    row: str = ""
    inside: str = ""
    """The aggregate whose argument is typed."""
    elsewhere: Container[str] = ()
    """Names that mean something in conditions about customers, where rows are asked here."""

    def condition(self, tree: Node) -> Expression | None:
        """`tree` as a condition: it must be yes or no."""
        typed = self.expression(tree)
        if typed is None:
            return None
        if typed.kind != "yes_no":
            self._add(
                "not-a-condition",
                typed.tree,
                f"This is {SPOKEN[typed.kind]}, not a condition.",
                "compare it with something: orders >= 1",
            )
            return None
        return typed

    def expression(self, tree: Node) -> Expression | None:
        """`tree` with a kind at every node; None when something does not fit."""
        before = len(self.problems.errors)
        typed = self._node(tree)
        if typed is not None and typed.op == "null":
            self._add("not-a-condition", typed, "This is an unknown value for everybody.", "write a condition")
        if typed is None or typed.kind is None or len(self.problems.errors) > before:
            return None
        return Expression(typed, str(self.text), typed.kind, frozenset(typed.names))

    def each(self, trees: Iterable[Node]) -> list[Node | None]:
        """Each of `trees` with a kind at every node; None for one that does not fit, which is told."""
        return [self._node(tree) for tree in trees]

    def _add(self, code: str, node: Node, sentence: str, way_out: str = "") -> None:
        self.problems.add(code, self.text.at(node.start, node.length), sentence, way_out)

    def _node(self, node: Node) -> Node | None:  # noqa: PLR0911  # a case for each kind of node
        if node.op in ("column", "quoted"):
            return self._column(node)
        leaf: dict[str, Kind] = {
            "text": "text",
            "number": "number",
            "yes_no": "yes_no",
            "today": "date",
            "date": "date",
        }
        if node.op in leaf:
            return replace(node, kind=leaf[node.op])
        if node.op in ("null", "all"):
            return node
        if node.op in AGGREGATES and not self.aggregates:
            self._aggregate(node)
            return None
        if node.op in PEOPLE_FUNCTIONS and not self.people:
            self._add(
                "aggregate-here",
                node,
                f"`{node.op}` compares all customers and cannot look at rows.",
                "make it a trait of its own",
            )
            return None
        inside = replace(self, aggregates=False, inside=node.op) if node.op in AGGREGATES else self
        args = inside.each(node.args)
        if any(arg is None for arg in args):
            return None
        if node.op not in ("is_null", "case") and (
            unknown := next((arg for arg in node.args if arg.op == "null"), None)
        ):
            self._add(
                "write-is-null",
                unknown,
                "Nothing can be computed or compared with null, an unknown value.",
                "write `is null` or `is not null`; `null` itself stands only after `then` and `else`",
            )
            return None
        node = replace(node, args=tuple(arg for arg in args if arg is not None))
        if node.op in FUNCTIONS_AND_ALL:
            return self._call(node, FUNCTIONS_AND_ALL[node.op])
        return self._operation(node)

    def _aggregate(self, node: Node) -> None:
        """An aggregate where none can stand."""
        if self.inside:
            sentence = f"`{self.inside}` is one value of all rows already; `{node.op}` cannot stand inside it."
            way_out = "count each in a trait of its own"
        else:
            sentence = f"`{node.op}` looks at rows, and a condition about a customer has none."
            way_out = "count them in a trait: {from: orders, value: count(*)}"
        self._add("aggregate-here", node, sentence, way_out)

    def _column(self, node: Node) -> Node | None:
        name = str(node.value)
        known = None if node.op == "quoted" else self.fields.get(name) or self.fields.get(name.lower())
        if known and known.broken:
            return None
        if known:
            return replace(node, kind=known.kind, value=name if name in self.fields else name.lower())
        if told := self._names.quoted(name) if node.op == "quoted" else self._names.unknown(name):
            code, sentence, way_out = told
            self._add(code, node, sentence, way_out)
        return None

    @property
    def _names(self) -> Names:
        return Names(self.fields, self.place, self.row, self.elsewhere)

    def _operation(self, node: Node) -> Node | None:
        if node.op in ("and", "or", "not"):
            return self._all(node, "yes_no", "yes_no")
        if node.op in ARITHMETIC or node.op == "neg":
            return self._all(node, "number", "number")
        if node.op == "is_null":
            return replace(node, kind="yes_no")
        if node.op == "like":
            return self._all(node, "text", "yes_no")
        if node.op == "case":
            return self._case(node)
        if node.op in COMPARISONS or node.op in ("in", "between"):
            return self._compare(node)
        raise AssertionError(node.op)

    def _all(self, node: Node, wanted: Kind, gives: Kind) -> Node | None:
        for arg in node.args:
            if arg.kind not in (wanted, None):
                days = (
                    " Days are counted by days_since(…)." if wanted == "number" and arg.kind in ("date", "time") else ""
                )
                self._add(
                    "kinds-differ",
                    arg,
                    f"`{node.op}` wants {SPOKEN[wanted]}, and this is {SPOKEN[arg.kind or 'text']}.{days}",
                    self._note(arg),
                )
                return None
        return replace(node, kind=gives)

    def _case(self, node: Node) -> Node | None:
        conditions, results = node.args[:-1:2], [*node.args[1:-1:2], node.args[-1]]
        if any(arg.kind != "yes_no" for arg in conditions):
            self._add(
                "kinds-differ", node, "After `when` stands a condition.", "case when orders > 3 then 1 else 0 end"
            )
            return None
        kinds = {arg.kind for arg in results if arg.kind}
        if len(kinds) != 1:
            self._add("kinds-differ", node, "What follows `then` and `else` must be of one kind.", "")
            return None
        return replace(node, kind=kinds.pop())

    def _compare(self, node: Node) -> Node | None:
        first, rest = node.args[0], list(node.args[1:])
        if first.op in ("text", "number") and node.op in COMPARISONS and rest[0].op not in ("text", "number"):
            flipped = self._fit(rest[0], first)
            return replace(node, args=(flipped, rest[0]), kind="yes_no") if flipped else None
        fitted = [self._fit(first, arg) for arg in rest]
        if any(arg is None for arg in fitted):
            return None
        return replace(node, args=(first, *(arg for arg in fitted if arg)), kind="yes_no")

    def _fit(self, left: Node, right: Node) -> Node | None:
        """`right` as something that can be compared with `left`."""
        moments = ("date", "time")
        if left.kind in moments and right.op == "text":
            return self._day(right)
        if left.kind == right.kind or right.kind is None or (left.kind in moments and right.kind in moments):
            return right if self._known_value(left, right) else None
        ways = {
            ("text", "number"): f"if it is meant as text, write '{right.value}'",
            ("number", "text"): "numbers stand without quotes",
            ("yes_no", "text"): "write `= true` or `= false`",
            ("yes_no", "number"): "write `= true` or `= false`",
            ("date", "number"): "days are counted by days_since(…) and days_until(…)",
            ("time", "number"): "days are counted by days_since(…) and days_until(…)",
        }
        way_out = self._note(left) or ways.get((left.kind or "", right.kind or ""), "")
        name = f"`{left.value}` is" if left.op == "column" else "The left side is"
        self._add(
            "kinds-differ",
            right,
            f"{name} {SPOKEN[left.kind or 'text']}, and this is {SPOKEN[right.kind or 'text']}.",
            way_out,
        )
        return None

    def _day(self, node: Node) -> Node | None:
        found = re.fullmatch(r"(\d{4}-\d\d-\d\d)([ T]\d\d:\d\d(:\d\d)?)?", str(node.value))
        try:
            moment = datetime.fromisoformat(found[0]) if found else None
        except ValueError:
            moment = None
        if found is None or moment is None:
            way_out = "write year-month-day: '2026-08-27', or with an hour of the shop's clock: '2026-08-27 14:30'"
            self._add("kinds-differ", node, f"'{str(node.value)[:40]}' is not a day.", way_out)
            return None
        if found[2] is None:
            return replace(node, op="date", value=moment.date().isoformat(), kind="date")
        return replace(node, op="date", value=moment.isoformat(sep=" "), kind="time")

    def _known_value(self, left: Node, right: Node) -> bool:
        if left.op != "column" or right.op != "text":
            return True
        field = self.fields[str(left.value)]
        if not field.values or right.value in field.values:
            return True
        near = difflib.get_close_matches(str(right.value), field.values, 1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        self._add(
            "unknown-value",
            right,
            f"`{left.value}` is never '{right.value}'.{hint}",
            self._names.one_of(str(left.value)),
        )
        return False

    def _call(self, node: Node, signature: Signature) -> Node | None:
        least, most = len(signature.takes) - signature.optional, None if signature.repeats else len(signature.takes)
        if len(node.args) < least or (most is not None and len(node.args) > most):
            given = {0: "nothing stands", 1: "one value stands"}.get(len(node.args), f"{len(node.args)} values stand")
            sentence = f"`{node.op}` takes {takes(signature)}; {given} here."
            self._add("wrong-arguments", node, sentence, f"{node.op}: {signature.meaning}")
            return None
        shared: Kind | None = None
        for position, arg in enumerate(node.args):
            wanted = signature.takes[min(position, len(signature.takes) - 1)]
            if wanted == "any":
                if arg.kind and shared and arg.kind != shared and {arg.kind, shared} != {"date", "time"}:
                    self._add("kinds-differ", arg, f"`{node.op}` wants values of one kind.", "")
                    return None
                shared = shared or arg.kind
            elif arg.kind is not None and not _takes(wanted, arg.kind):
                self._add(
                    "kinds-differ",
                    arg,
                    f"`{node.op}` wants {SPOKEN.get(wanted, wanted)}, and this is {SPOKEN[arg.kind]}.",
                    self._note(arg),
                )
                return None
        return replace(node, kind=shared if signature.gives == "any" else _kind(signature.gives))

    def _note(self, node: Node) -> str:
        field = self.fields.get(str(node.value)) if node.op == "column" else None
        return field.note if field else ""


def takes(signature: Signature) -> str:
    """What a function takes, for a sentence: `a number and, if you want, a condition`."""
    if signature.repeats:
        return "two values or more"
    spoken = [" or ".join(_ARGUMENT[kind] for kind in wanted.split(" or ")) for wanted in signature.takes]
    needed = len(spoken) - signature.optional
    return " and ".join(spoken[:needed]) + "".join(f" and, if you want, {more}" for more in spoken[needed:])


_ARGUMENT = SPOKEN | {"yes_no": "a condition", "any": "a value"}


def _takes(wanted: str, kind: Kind) -> bool:
    return kind in wanted.split(" or ") or (wanted == "date" and kind == "time")


def _kind(name: str) -> Kind:
    return name  # type: ignore[return-value]  # signatures are written with kinds only
