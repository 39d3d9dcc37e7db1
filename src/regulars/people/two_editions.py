"""Two sets of rules over one source: those on disk, and those of an earlier edition beside them.

What both say alike is counted and computed once. What differs is counted in the same queries under a name of its own
(`before_0.lapsed`), so that an edit is foreseen for the price of one look at the shop's data.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from regulars.lang.expressions import Expression, Node
from regulars.lang.model import Rules
from regulars.lang.problems import Problems
from regulars.lang.written import Written
from regulars.people import engine, segments
from regulars.people.snapshot import Snapshot
from regulars.people.vocabulary import Counted, Derived, Vocabulary


@dataclass
class EarlierRules:
    """The rules of an earlier edition, typed against the source of today.

    `today` is the vocabulary on disk; `mark` stands before the names of whatever differs from it. `source` and `shop`
    are those of today, whatever the earlier edition said of them.
    """

    rules: Rules
    today: Vocabulary
    mark: str
    problems: Problems = field(default_factory=Problems)
    vocabulary: Vocabulary = field(init=False)
    columns: dict[str, str] = field(default_factory=dict)
    """Name → the column that holds it, for the traits and segments that differ from those of today."""
    asked: set[str] = field(default_factory=set)
    """What is read by the conditions asked for so far, however far away: nothing else is counted."""

    def __post_init__(self) -> None:
        shared = {"source": self.today.rules.source, "shop": self.today.rules.shop}
        rules = self.rules.model_copy(update=shared)
        self.vocabulary = Vocabulary(rules, self.today.source, self.problems).build()
        same = {one.name: _counted(one) for one in self.today.counted}
        for one in self.vocabulary.counted:
            if same.get(one.name) != _counted(one):
                self.columns[one.name] = f"{self.mark}.{one.name}"
        kept = {one.name: _derived(one) for one in self.today.derived}
        for made in self.vocabulary.derived:
            reads = {name for tree in made.expressions for name in tree.names}
            if kept.get(made.name) != _derived(made) or reads & self.columns.keys():
                self.columns[made.name] = f"{self.mark}.{made.name}"

    @property
    def counted(self) -> list[Counted]:
        """The counted traits that differ, under the names of their columns."""
        return [
            replace(one, name=self.columns[one.name]) for one in self.vocabulary.counted if one.name in self.columns
        ]

    @property
    def derived(self) -> list[Derived]:
        """The derived traits and segments that differ, under the names of their columns, reading those."""
        return [
            replace(
                one,
                name=self.columns[one.name],
                expression=self.over_today(one.expression) if one.expression else None,
                steps=tuple((value, tree and self.over_today(tree)) for value, tree in one.steps),
            )
            for one in self.vocabulary.derived
            if one.name in self.columns and one.name in self.asked
        ]

    def over_today(self, expression: Expression) -> Expression:
        """`expression`, typed by `vocabulary`, over the columns of `relation`."""
        return replace(expression, tree=self.tree(expression.tree))

    def tree(self, node: Node) -> Node:
        """The same of a tree."""
        if node.op == "column" and str(node.value) in self.columns:
            return replace(node, value=self.columns[str(node.value)])
        return replace(node, args=tuple(self.tree(arg) for arg in node.args))

    def condition(self, text: Written) -> Expression | None:
        """A condition of the earlier edition about a customer; None where it does not fit the data of today.

        What it reads is counted from then on (see `counted`).
        """
        found = self.vocabulary.condition(text)
        made = {one.name: one for one in self.vocabulary.derived}
        waiting = set(found.names) if found else set()
        while waiting:
            name = waiting.pop()
            self.asked.add(name)
            reads = {read for tree in made[name].expressions for read in tree.names} if name in made else set()
            waiting |= reads - self.asked
        return found


def lay(connection: engine.Connection, snapshot: Snapshot, earlier: list[EarlierRules]) -> str:
    """A relation with all columns of the snapshot, and those of `earlier` that differ: a row per customer.

    `snapshot` has been taken with what they count (see `SnapshotTaker.also`).
    """
    derived = [one for rules in earlier for one in rules.derived]
    if not derived and snapshot.also is None:
        return snapshot.relation
    key = engine.name(snapshot.id_column)
    beside = f" left join read_parquet({engine.text(str(snapshot.also))}) b using ({key})" if snapshot.also else ""
    connection.execute(f"create or replace temp view {BESIDE} as select * from {snapshot.relation} s{beside}")
    query = segments.query(BESIDE, derived, snapshot.day)
    connection.execute(f"create or replace temp view {BOTH} as {query}")
    return BOTH


BESIDE, BOTH = "regulars_beside", "regulars_both_editions"

Meaning = tuple[object, ...]


def meaning(node: Node) -> Meaning:
    """What a tree says, wherever it stands: equal for trees that say the same."""
    return (node.op, node.value, node.kind, *(meaning(arg) for arg in node.args))


def _counted(one: Counted) -> Meaning:
    return (one.table, meaning(one.value.tree), one.where and meaning(one.where.tree), one.last)


def _derived(one: Derived) -> Meaning:
    steps = [(value, tree and meaning(tree.tree)) for value, tree in one.steps]
    return (one.plain, one.expression and meaning(one.expression.tree), *steps)
