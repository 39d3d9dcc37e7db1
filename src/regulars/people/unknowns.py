"""What is unknown of some customers, and what a condition makes of it.

SQL's reading keeps nobody of whom a comparison is unknown. The plain reading is that an unknown value differs from
every value and is neither more nor less: `country <> 'RO'` is true of somebody without a country. Where the two part,
the author hears how many people it is about; where they agree, nothing is said.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import date

from regulars.lang.expressions import COMPARISONS, Expression, Node
from regulars.lang.problems import Problems
from regulars.lang.written import Written
from regulars.people import engine
from regulars.people.formulas import Formula, quintiles
from regulars.people.source import Source

MOST_VALUES = 500
"""Columns with more different texts than this are names and the like, of which nobody expects a list."""
SHOWN_FROM = 2
"""Only what so many people share is shown: one person's own word is theirs."""
_TESTS = (*COMPARISONS, "in", "between", "like")


class PlainFormula(Formula):
    """The plain reading: every test is true or false, and `<>` is true of what is unknown."""

    def __call__(self, node: Node) -> str:
        """The SQL of `node` in the plain reading."""
        if node.op == "is_null":
            return Formula(self.day, self.cuts)(node)
        compiled = super().__call__(node)
        if node.op in _TESTS:
            return f"coalesce({compiled}, {'true' if node.op == '<>' else 'false'})"
        if node.op == "column" and node.kind == "yes_no":
            return f"coalesce({compiled}, false)"
        return compiled


@dataclass(frozen=True, slots=True)
class People:
    """Customers of a day as a relation of `source.connection`: a row each, with columns, traits and segments."""

    source: Source
    relation: str
    day: date

    @property
    def columns(self) -> set[str]:
        """The columns of `customers` that hold text and no names or addresses (segments may well be empty a while)."""
        mapped = self.source.rules.source.customer.mapped()
        personal = {mapped.get(meaning) for meaning in ("id", "first_name", "last_name", "email", "phone")}
        fields = self.source.fields("customers").items()
        return {name for name, field in fields if field.kind == "text" and name not in personal}

    def dropped(self, tree: Node) -> int:
        """How many customers SQL's reading of a condition drops and the plain reading keeps."""
        if quintiles(tree) or not any(node.op in ("<>", "not") for node in tree.walk()):
            return 0
        strict, plain = Formula(self.day, {})(tree), PlainFormula(self.day, {})(tree)
        return self._count(f"({plain}) and ({strict}) is not true")

    def unknown(self, column: str) -> int:
        """Of how many customers `column` is unknown."""
        return self._count(f"{engine.name(column)} is null")

    def texts(self, column: str) -> list[tuple[str, int]]:
        """The different texts of `column` with their numbers of people; empty where there are too many or none."""
        quoted = engine.name(column)
        known = f"from {self.relation} where {quoted} is not null"
        sql = f"select {quoted}, count(*) {known} group by 1 limit {MOST_VALUES + 1}"
        found = self.source.connection.execute(sql).fetchall()
        return [] if len(found) > MOST_VALUES else [(str(value), int(people)) for value, people in found]

    def _count(self, condition: str) -> int:
        row = self.source.connection.execute(f"select count(*) from {self.relation} where {condition}").fetchone()
        return int(row[0]) if row else 0


def tell(text: Written, expression: Expression, people: People, problems: Problems) -> None:
    """Warn where `text`, a condition, drops people of whom something is unknown, or asks for a text nobody has."""
    _maybe_unknown(text, expression.tree, people, problems)
    for node in expression.tree.walk():
        if node.op in ("=", "in") and node.args[0].op == "column" and str(node.args[0].value) in people.columns:
            _nobody(text, node, people, problems)


def _maybe_unknown(text: Written, tree: Node, people: People, problems: Problems) -> None:
    dropped = people.dropped(tree)
    if not dropped:
        return
    columns = [str(node.value) for node in _denied(tree) if people.unknown(str(node.value))]
    name = columns[0] if columns else min(tree.names)
    node = next(node for node in _denied(tree) or tree.walk() if node.value == name)
    many = f"{dropped:,} {'person' if dropped == 1 else 'people'}"
    problems.add(
        "maybe-unknown",
        text.at(node.start, node.length),
        f"{many} of whom `{name}` is not known {'is' if dropped == 1 else 'are'} left out by this condition.",
        f"to keep them, add   or {name} is null   in brackets; to leave them out, add   and {name} is not null",
        "warning",
    )


def _denied(tree: Node) -> list[Node]:
    """The columns below a `<>` or a `not`, which is where the two readings part."""
    denied = [node for node in tree.walk() if node.op in ("<>", "not")]
    return [inner for node in denied for inner in node.walk() if inner.op == "column"]


def _nobody(text: Written, node: Node, people: People, problems: Problems) -> None:
    column = str(node.args[0].value)
    asked = [one for one in node.args[1:] if one.op == "text"]
    known = dict(people.texts(column)) if asked else {}
    for one in asked if known else []:
        if one.value in known:
            continue
        shown = {value: number for value, number in known.items() if number >= SHOWN_FROM}
        folded = {_folded(value): value for value in shown}
        near = difflib.get_close_matches(_folded(str(one.value)), folded, 1, 0.75)
        hint = f" Near: '{folded[near[0]]}', {shown[folded[near[0]]]:,}." if near else ""
        most = sorted(shown.items(), key=lambda item: (-item[1], item[0]))[:8]
        problems.add(
            "nobody",
            text.at(one.start, one.length),
            f"`{column}` is '{one.value}' for nobody.{hint}",
            "most have: " + ", ".join(f"'{value}' {number:,}" for value, number in most) if most else "",
            "warning",
        )


def _folded(text: str) -> str:
    """`text` without accents and capitals: how people type names in a hurry."""
    import unicodedata

    return "".join(sign for sign in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(sign))
