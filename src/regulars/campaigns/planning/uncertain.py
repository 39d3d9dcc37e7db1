"""Of whom it cannot be said whether they are in an audience, because something about them is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypedDict

import pyarrow as pa

from regulars.campaigns.planning.leaves import Leaf, leaves
from regulars.lang.expressions import Expression, Node
from regulars.people import engine
from regulars.people.formulas import Formula, quintiles
from regulars.people.snapshot import Snapshot
from regulars.people.vocabulary import Derived

SHOWN = 3
REACHED = "regulars_reached"


class Unknown(TypedDict):
    """People who are left out because it is unknown, rather than false, that they belong there."""

    people: int
    names: dict[str, int]
    """What is not known, and of how many of them."""
    became: str
    """The value most of them have instead in the segment that is asked for: `loyalty_type 'value'`; empty: none."""


class Undecided(TypedDict):
    """People whose words or offer hang on something that is not known: no step and no `unless` that asks it holds."""

    people: int
    names: dict[str, int]
    """What is not known, and of how many of them."""


@dataclass(frozen=True)
class Cautious(Formula):
    """Compiles a condition so that it is unknown wherever a step of a segment above the one that took somebody is."""

    segments: Mapping[str, Derived]

    def __call__(self, node: Node) -> str:
        """The SQL of `node`: true, false or null."""
        named = self.segments.get(str(node.value)) if node.op == "column" else None
        if named and named.plain and named.expression and not quintiles(named.expression.tree):
            return self(named.expression.tree)
        plain = super().__call__(node)
        found = leaves(Expression(node, "", "yes_no"), {}) if node.op in ("=", "in") else []
        ladder = self._ladder(node) if found else None
        if ladder is None:
            return plain
        values = ", ".join(engine.text(value) for value, _ in ladder.steps)
        taken = f"list_position([{values}], {engine.name(ladder.name)})"
        wanted = {str(arg.value) for arg in node.args[1:]}
        steps = [
            f"({self(tree.tree)} is null and {taken} > {place})"
            for place, (value, tree) in enumerate(ladder.steps, 1)
            if tree is not None and value in wanted and not quintiles(tree.tree)
        ]
        return f"(case when {plain} then true when {' or '.join(steps) or 'false'} then null else false end)"

    def _ladder(self, node: Node) -> Derived | None:
        if node.args[0].op != "column" or any(arg.op != "text" for arg in node.args[1:]):
            return None
        ladder = self.segments.get(str(node.args[0].value))
        return ladder if ladder and ladder.steps else None


def unknown(
    connection: engine.Connection, relation: str, day: date, audience: Expression, segments: Mapping[str, Derived]
) -> Unknown | None:
    """Who is not in `audience` because something is unknown; None where it is nobody, or cannot be asked."""
    if quintiles(audience.tree):
        return None
    cautious = Cautious(day, {}, segments)
    out = f"({cautious(audience.tree)}) is null and ({Formula(day, {})(audience.tree)}) is not true"
    tests = leaves(audience, segments)
    names = sorted({name for leaf in tests for name in _known_of(leaf.tree, segments)})
    ladders = [leaf for leaf in tests if leaf.ladder]
    counts = [f"count(*) filter (where {engine.name(name)} is null)" for name in names]
    counts += [_instead(leaf, cautious) for leaf in ladders]
    row = connection.execute(f"select {', '.join(['count(*)', *counts])} from {relation} where {out}").fetchone()
    if row is None or not row[0]:
        return None
    missing = sorted(zip(names, row[1:], strict=False), key=lambda one: (-one[1], one[0]))
    instead = [
        f"{leaf.ladder.name} '{value}'"
        for leaf, value in zip(ladders, row[1 + len(names) :], strict=True)
        if leaf.ladder and value
    ]
    return {
        "people": int(row[0]),
        "names": {name: int(people) for name, people in missing[:SHOWN] if people},
        "became": instead[0] if instead else "",
    }


def undecided(
    connection: engine.Connection, snapshot: Snapshot, customers: pa.ChunkedArray, conditions: Sequence[Expression]
) -> Undecided | None:
    """Of whom among `customers` one of `conditions` is unknown rather than false; None where it is nobody."""
    asked = [one.tree for one in conditions if not quintiles(one.tree) and not any("." in name for name in one.names)]
    if not asked:
        return None
    formula = Formula(snapshot.day, {})
    names = sorted({name for tree in asked for name in tree.names})
    counts = [f"count(*) filter (where {engine.name(name)} is null)" for name in names]
    connection.register(REACHED, pa.table({"customer_id": customers}))
    try:
        row = connection.execute(
            f"""select {", ".join(["count(*)", *counts])} from {snapshot.relation}
                where {engine.name(snapshot.id_column)} in (select customer_id from {REACHED})
                  and ({" or ".join(f"({formula(tree)}) is null" for tree in asked)})"""
        ).fetchone()
    finally:
        connection.unregister(REACHED)
    if row is None or not row[0]:
        return None
    return {"people": int(row[0]), "names": {name: int(n) for name, n in zip(names, row[1:], strict=True) if n}}


def _instead(leaf: Leaf, cautious: Cautious) -> str:
    """What most of those have become of whom this test is unknown."""
    column = engine.name(leaf.ladder.name) if leaf.ladder else "null"
    return f"mode({column}) filter (where ({cautious(leaf.tree)}) is null)"


def _known_of(tree: Node, segments: Mapping[str, Derived]) -> set[str]:
    """The columns and traits a test reads, through segments."""
    found: set[str] = set()
    for name in tree.names:
        made = segments.get(name)
        if made and (made.steps or made.plain):
            for expression in made.expressions:
                found |= _known_of(expression.tree, segments)
        else:
            found.add(name)
    return found
