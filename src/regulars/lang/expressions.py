"""What a condition means once it is read: a small tree of our own, which `people` compiles.

No other part sees sqlglot's trees. The operations here are all there are; each has one meaning on every engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from regulars.lang.model import Kind

COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
ARITHMETIC = ("+", "-", "*", "/")
ROW = "row"
"""`row.COLUMN` in a condition: a column of the row that an entry is about, and the name of the field that gives it."""
EXPECTATIONS = {
    "p_alive": "the probability, 0 to 1, that they have not left for good; 1 for whoever has ordered once",
    "p_next_30d": "the probability, 0 to 1, of at least one order in the next 30 days",
    "expected_orders_30d": "how many days with an order to expect in the next 30 days",
    "expected_orders_365d": "the same in the next 365 days",
    "expected_spend_365d": "what they are expected to spend in the next 365 days, in the shop's currency",
}
"""Traits that models of the shop's own orders give, with their meaning; all are numbers."""
ENTERED = "entered_"
"""`entered_VALUE`: the day somebody came to a value of a ladder."""
LARGEST_TEXT = 2_000
LARGEST_TREE = 100


@dataclass(frozen=True, slots=True)
class Node:
    """One operation. `op` names it, `args` are its operands, `value` a literal or a column's name.

    `start` and `length` are its place in the text of the condition; `kind` is empty until the tree is typed.
    Operations: column, quoted (a word in double quotes, which no condition keeps), text, number, yes_no, null, today,
    date, all (the `*` of `count(*)`), and, or, not, is_null, in, between, like, case (when, then, …, else), neg, the
    comparisons, the arithmetic, and every name of `FUNCTIONS` and `AGGREGATES`.
    """

    op: str
    args: tuple[Node, ...] = ()
    value: str | bool | None = None
    start: int = 0
    length: int = 1
    kind: Kind | None = None

    def walk(self) -> Iterator[Node]:
        """This node and everything below it, from the top."""
        yield self
        for arg in self.args:
            yield from arg.walk()

    @property
    def names(self) -> set[str]:
        """The columns and traits it reads."""
        return {str(node.value) for node in self.walk() if node.op == "column"}

    def substitute(self, known: Mapping[str, Node]) -> Node:
        """The same tree with the columns of `known` replaced by their own trees."""
        if self.op == "column" and str(self.value) in known:
            return known[str(self.value)]
        return replace(self, args=tuple(arg.substitute(known) for arg in self.args))


@dataclass(frozen=True, slots=True)
class Field:
    """A column or a trait that a condition may read.

    `values`: all a segment can be; `note`: why the kind is what it is;
    `broken`: what it is made of has a problem already. Nothing is known of it, and nothing more is said about it.
    """

    kind: Kind
    values: tuple[str, ...] = ()
    note: str = ""
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and gives. `takes` is one entry per argument; the last repeats when `repeats`.

    `any` stands for a kind that all such arguments share, and that the result has when `gives` is `any` too.
    """

    takes: tuple[str, ...]
    gives: str
    meaning: str
    repeats: bool = False
    optional: int = 0


FUNCTIONS: dict[str, Signature] = {
    "days_since": Signature(("date",), "number", "days from that day to today; negative when it is still to come"),
    "days_until": Signature(("date",), "number", "days from today to that day; negative when past"),
    "days_since_anniversary": Signature(("date",), "number", "days since its day and month last came round"),
    "days_until_anniversary": Signature(("date",), "number", "days until its day and month come round; 0 on the day"),
    "coalesce": Signature(("any", "any"), "any", "the first that is known", repeats=True),
    "least": Signature(("any", "any"), "any", "the smallest of those that are known", repeats=True),
    "greatest": Signature(("any", "any"), "any", "the largest of those that are known", repeats=True),
    "abs": Signature(("number",), "number", "without its sign"),
    "round": Signature(("number", "number"), "number", "rounded, to so many places", optional=1),
    "floor": Signature(("number",), "number", "rounded down"),
    "ceil": Signature(("number",), "number", "rounded up"),
    "lower": Signature(("text",), "text", "in small letters"),
    "upper": Signature(("text",), "text", "in capitals"),
    "trim": Signature(("text",), "text", "without spaces around it"),
    "length": Signature(("text",), "number", "how many characters"),
    "year": Signature(("date",), "number", "the year of a day"),
    "month": Signature(("date",), "number", "the month of a day, 1 to 12"),
}
"""Functions of a condition, on every engine."""

PEOPLE_FUNCTIONS: dict[str, Signature] = {
    "quintile": Signature(
        ("number", "yes_no"), "number", "1 to 5: which fifth, among those for whom the condition holds", optional=1
    ),
}
"""Functions that look at everybody at once: only in traits, segments and audiences."""

AGGREGATES: dict[str, Signature] = {
    "count": Signature(("any",), "number", "how many rows; count(distinct x): how many different ones"),
    "count_distinct": Signature(("any",), "number", "how many different ones"),
    "sum": Signature(("number",), "number", "the total"),
    "avg": Signature(("number or yes_no",), "number", "the mean; of a condition: the share for which it holds"),
    "min": Signature(("any",), "any", "the smallest, or the earliest"),
    "max": Signature(("any",), "any", "the largest, or the latest"),
    "first": Signature(("any",), "any", "of the earliest row, by the table's `at`, of which it is known"),
    "last": Signature(("any",), "any", "of the latest row, by the table's `at`, of which it is known"),
}
"""Aggregates: only as the `value` of a trait that is counted `from` a table."""

PICKS = ("first", "last")
"""Aggregates that take one row by the time it happened."""

COUNTING = ("count", "count_distinct", "sum")
"""Over no rows these are 0; everything else is unknown."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A typed tree with the text it came from."""

    tree: Node
    text: str
    kind: Kind
    names: frozenset[str] = field(default_factory=frozenset)
