"""The columns that a shop's rules read, and their kinds: known without a single row of data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from regulars.lang.conditions import read
from regulars.lang.expressions import ARITHMETIC, COMPARISONS, FUNCTIONS, Node
from regulars.lang.model import Campaign, Kind
from regulars.lang.problems import Problems
from regulars.lang.project import Project
from regulars.lang.surveys import ANSWER
from regulars.lang.timing import ROW
from regulars.lang.written import Written
from regulars.people.columns import fixed
from regulars.people.source import Source
from regulars.people.vocabulary import EXPECTED, LEDGER_FACTS

_LITERALS: dict[str, Kind] = {"text": "text", "number": "number", "yes_no": "yes_no", "today": "date", "date": "date"}
_NUMBERS = (*ARITHMETIC, "neg", "sum")


@dataclass(frozen=True)
class Columns:
    """What rows of each table of a project may say."""

    project: Project

    @cached_property
    def source(self) -> Source:
        """The source as described, not opened."""
        return Source(Path(), self.project.rules)

    def meanings(self, table: str) -> dict[str, str]:
        """Short names of a row: meaning → column."""
        customer, order = self.project.rules.source.customer, self.project.rules.source.order
        if table == "customers":
            return customer.mapped()
        if table == "orders":
            named = {name: getattr(order, name) for name in ("id", "customer", "at", "amount", "code")}
        else:
            described = next(one for name, one in self.project.rules.source.tables.items() if name == table)
            named = {"customer": self.source.customer_column(table), "at": self.source.time_column(table)}
            named["id"] = str(described.id) if described.id is not None else None
            # Without a file to look into, the id of the customers is the name that is meant.
            named["customer"] = named["customer"] or str(customer.id)
        return {name: str(column) for name, column in named.items() if column}

    def kinds(self, table: str) -> dict[str, Kind]:
        """Every column that can matter, with its kind."""
        return self._kinds[table]

    @cached_property
    def _kinds(self) -> dict[str, dict[str, Kind]]:
        rules = self.project.rules
        found: dict[str, dict[str, Kind]] = {str(table): {} for table in rules.source.tables}
        for table, tree, row in self._trees():
            shown = dict(_shown_by(tree))
            for name in sorted(tree.names):
                of_row = name.startswith(ROW) and row
                known = found.setdefault(row if of_row else table, {})
                column = name.removeprefix(ROW) if of_row else name
                known.setdefault(column, "text")
                if name in shown:
                    known[column] = shown[name]
        # Nobody gives rows of the ledger's own tables.
        found = {table: known for table, known in found.items() if not self.source.is_ledgers(table)}
        for name in [*map(str, rules.traits), *rules.all_segments(), *LEDGER_FACTS, ANSWER]:
            found["customers"].pop(name, None)
        # On a stage there are too few to fit a model to: what it would give is said of each, like a column.
        found["customers"].update(dict.fromkeys(found["customers"].keys() & EXPECTED.keys(), "number"))
        for meaning in rules.source.customer.mapped():
            found["customers"].pop(meaning, None)
        for table, known in found.items():
            known.update(dict.fromkeys(self.meanings(table).values(), "text"))
            known.update(fixed(rules, table, self.source.customer_column(table)))
        return found

    def _trees(self) -> Iterator[tuple[str, Node, str]]:
        """Every expression of the project, with the table whose columns it reads, and the one it reads as `row.…`."""
        rules = self.project.rules
        for trait in rules.traits.values():
            table = str(trait.table) if trait.table is not None else "customers"
            for text in (trait.value, trait.where, trait.expression):
                yield from _tree(table, text)
        for segment in rules.all_segments().values():
            for text in (segment.condition, *(step.condition for step in segment.steps if not step.otherwise)):
                yield from _tree("customers", text)
        for campaign in self.project.campaigns.values():
            yield from _of_campaign(campaign)
        yield from _tree("orders", rules.source.order.counts)

    @cached_property
    def ordinary(self) -> dict[str, str]:
        """Values with which an order counts, for the columns that `order.counts` reads."""
        counts = _tree("orders", self.project.rules.source.order.counts)
        return {name: value for _, tree, _ in counts for name, value in _makes_true(tree, wanted=True)}


def _of_campaign(campaign: Campaign) -> Iterator[tuple[str, Node, str]]:
    for text in campaign.conditions:
        yield from _tree("customers", text, campaign.row)
    if campaign.schedule.kind == "yearly":
        yield "customers", Node("days_since", (Node("column", value=campaign.schedule.column),)), ""
    if campaign.for_each is not None:
        yield from _tree(str(campaign.for_each.row), campaign.for_each.where)
    for message in campaign.messages:
        for timed in (message.after, message.before):
            if timed is not None and timed.column:
                yield campaign.row, Node("days_since", (Node("column", value=timed.column),)), ""


def _tree(table: str, text: Written | None, row: str = "") -> Iterable[tuple[str, Node, str]]:
    tree = read(text, Problems()) if text is not None else None
    return [(table, tree, row)] if tree else []


def _shown_by(tree: Node) -> Iterator[tuple[str, Kind]]:
    """The kinds that columns must have by what is done with them."""
    for node in tree.walk():
        kinds: list[Kind] = [_LITERALS[arg.op] for arg in node.args if arg.op in _LITERALS]
        kind: Kind | None = None
        if node.op in COMPARISONS or node.op in ("in", "between"):
            kind = kinds[0] if kinds else "number" if any(_counts(arg) for arg in node.args) else None
        elif node.op in _NUMBERS:
            kind = "number"
        elif node.op in ("and", "or", "not"):
            kind = "yes_no"
        elif node.op == "like":
            kind = "text"
        elif node.op in FUNCTIONS and FUNCTIONS[node.op].takes[0] in ("date", "number", "text"):
            kind = FUNCTIONS[node.op].takes[0]  # type: ignore[assignment]  # one of the three
        for arg in node.args:
            if kind and arg.op == "column":
                yield str(arg.value), kind


def _counts(node: Node) -> bool:
    return node.op in _NUMBERS or (node.op in FUNCTIONS and FUNCTIONS[node.op].gives == "number")


def _makes_true(tree: Node, *, wanted: bool) -> Iterator[tuple[str, str]]:
    """Values of columns for which a condition is likely to be `wanted`; tried on the commonest forms alone."""
    if tree.op == "not":
        yield from _makes_true(tree.args[0], wanted=not wanted)
    elif tree.op in ("and", "or"):
        for arg in tree.args:
            yield from _makes_true(arg, wanted=wanted)
    elif tree.op == "column":
        yield str(tree.value), "yes" if wanted else "no"
    elif tree.op in ("=", "<>", "in") and tree.args[0].op == "column":
        literals = [str(arg.value) for arg in tree.args[1:] if arg.op in ("text", "number", "yes_no")]
        if literals:
            same = wanted is (tree.op != "<>")
            other = "0" if tree.args[1].op == "number" else "ordinary"
            yield str(tree.args[0].value), literals[0] if same else other
