"""Derived traits, ladders and plain conditions: one DuckDB query, level upon level."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from regulars.lang.expressions import Node
from regulars.people import engine
from regulars.people.formulas import Formula, quintiles
from regulars.people.vocabulary import Derived


def ladder(one: Derived, formula: Formula) -> str:
    """The SQL that gives everybody the value of the first step that holds."""
    arms = " ".join(f"when {formula(tree.tree)} then {engine.text(value)}" for value, tree in one.steps if tree)
    last = next((engine.text(value) for value, tree in one.steps if tree is None), "null")
    return f"(case {arms} else {last} end)" if arms else last


def query(base: str, derived: Sequence[Derived], day: date) -> str:
    """All columns of relation `base` plus every derived one, as a `with … select`.

    Each level reads the one below it; the cut points of its quintiles are computed once, beside it.
    """
    parts: list[str] = []
    below = base
    for level, group in groupby(sorted(derived, key=lambda one: one.level), key=lambda one: one.level):
        members = list(group)
        cuts: dict[Node, str] = {}
        for one in members:
            for tree in one.expressions:
                for node in quintiles(tree.tree):
                    cuts.setdefault(node, f"cuts_{level}.cut_{len(cuts)}")
        formula = Formula(day, cuts)
        columns = ", ".join(f"{_sql(one, formula)} as {engine.name(one.name)}" for one in members)
        source = below
        if cuts:
            points = ", ".join(f"{formula.cut_points(node)} as {place.split('.')[1]}" for node, place in cuts.items())
            parts.append(f"cuts_{level} as materialized (select {points} from {below})")
            source = f"{below} cross join cuts_{level}"
        parts.append(f"level_{level} as (select {below}.*, {columns} from {source})")
        below = f"level_{level}"
    return f"with {', '.join(parts)} select * from {below}" if parts else f"select * from {base}"


def _sql(one: Derived, formula: Formula) -> str:
    if one.steps:
        return ladder(one, formula)
    if one.expression is None:
        return "null"
    compiled = formula(one.expression.tree)
    return f"coalesce({compiled}, false)" if one.plain else compiled
