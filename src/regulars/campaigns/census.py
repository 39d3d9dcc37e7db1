"""Who is who, counted: every segment of the day's snapshot with what its steps took, and the snapshot as a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TypedDict

from regulars.campaigns.cells import FORMULA
from regulars.campaigns.desk import Desk
from regulars.errors import WrongUse
from regulars.lang.expressions import Expression, Node
from regulars.people.engine import name as quoted
from regulars.people.engine import text
from regulars.people.formulas import Formula, quintiles
from regulars.people.snapshot import Snapshot
from regulars.people.vocabulary import Derived

ASKED, CUTS = "regulars_asked_steps", "regulars_cuts"
Pattern = tuple[str, tuple[bool | None, ...]]
"""Somebody's value, and whether each condition of the segment, in order, holds (None: it is unknown)."""


class Step(TypedDict):
    """One step of a ladder: whom it took, whom it would have, and of whom earlier steps could not say."""

    value: str
    condition: str
    """As it is written; `otherwise` for the last."""
    people: int
    taken: dict[str, int]
    """People for whom it holds too, by the earlier step that took them."""
    unknown: int
    """Of its people: those for whom the condition of an earlier step is unknown rather than false."""


class Census(TypedDict):
    """`segments --format json`. A plain segment has the values `in` and `out`."""

    as_of: str
    customers: int
    segments: dict[str, dict[str, int]]
    steps: dict[str, list[Step]]
    """Of each ladder."""
    unknown: dict[str, int]
    """Of each plain segment: who is out because its condition is unknown rather than false."""
    unforeseen: list[str]
    """What models are asked for and nobody has a number of, with the reason, in sentences."""


def census(desk: Desk, at: datetime, *, fresh: bool = False) -> Census:
    """Count every segment as of the day of `at`; values in the order of the ladder, those of nobody too."""
    snapshot = desk.snapshot(at, fresh=fresh)
    derived = {one.name: one for one in desk.vocabulary.derived}
    asked = {name: derived[name] for name in desk.rules.all_segments()}
    found = _patterns(desk, snapshot, asked)
    counted: Census = {
        "as_of": snapshot.day.isoformat(),
        "customers": snapshot.customers,
        "segments": {},
        "steps": {},
        "unknown": {},
        "unforeseen": desk.unforeseen(snapshot),
    }
    for name, segment in asked.items():
        numbers = Counter[str]()
        for (value, _), people in found[name].items():
            numbers[value] += people
        values = [value for value, _ in segment.steps] or ["in", "out"]
        counted["segments"][name] = {value: numbers[value] for value in values}
        if segment.steps:
            counted["steps"][name] = list(_steps(segment, found[name]))
        else:
            counted["unknown"][name] = sum(
                people for (value, held), people in found[name].items() if value == "out" and None in held
            )
    return counted


def _patterns(desk: Desk, snapshot: Snapshot, asked: dict[str, Derived]) -> dict[str, Counter[Pattern]]:
    """How many people have which value and for which the conditions of a segment hold: one scan for all segments."""
    cuts: dict[Node, str] = {}
    for segment in asked.values():
        for tree in segment.expressions:
            for node in quintiles(tree.tree):
                cuts.setdefault(node, f"{CUTS}.cut_{len(cuts)}")
    formula = Formula(snapshot.day, cuts)
    columns, counts = [], []
    for place, (name, segment) in enumerate(asked.items()):
        held = ", ".join(f"({formula(tree.tree)})" for tree in segment.expressions)
        value = quoted(name) if segment.steps else f"if({quoted(name)}, 'in', 'out')"
        columns.append(f"{value} as value_{place}, [{held}]::boolean[] as held_{place}")
        counts.append(f"select {text(name)}, value_{place}, held_{place}, count(*) from {ASKED} group by all")
    points = ", ".join(f"{formula.cut_points(node)} as {place.split('.')[1]}" for node, place in cuts.items())
    source = f"{snapshot.relation} cross join {CUTS}" if cuts else snapshot.relation
    parts = [f"{CUTS} as materialized (select {points} from {snapshot.relation})"] if cuts else []
    parts.append(f"{ASKED} as materialized (select {', '.join(columns)} from {source})")
    patterns: dict[str, Counter[Pattern]] = {name: Counter() for name in asked}
    if asked:
        sql = f"with {', '.join(parts)} {' union all '.join(counts)}"
        for name, value, held, people in desk.connection.execute(sql).fetchall():
            patterns[name][str(value), tuple(held)] += people
    return patterns


def _steps(ladder: Derived, found: Counter[Pattern]) -> Iterator[Step]:
    """What each step took, and what earlier steps took from it."""
    values = [value for value, _ in ladder.steps]
    place = 0
    for number, (value, expression) in enumerate(ladder.steps):
        taken = dict.fromkeys(values[:number], 0)
        people = unknown = 0
        for (has, held), many in found.items():
            if has == value:
                people += many
                unknown += many if None in held[:place] else 0
            elif expression is not None and held[place] and has in taken:
                taken[has] += many
        yield {
            "value": value,
            "condition": _written(expression),
            "people": people,
            "taken": {earlier: many for earlier, many in taken.items() if many},
            "unknown": unknown,
        }
        place += expression is not None


def _written(expression: Expression | None) -> str:
    return " ".join(expression.text.split()) if expression else "otherwise"


def write(desk: Desk, at: datetime, path: Path) -> int:
    """A row per customer: the id under its own column name, then each trait and each segment. Returns how many rows.

    In CSV, text that a spreadsheet would run as a formula gets an apostrophe. Raises WrongUse for another suffix.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".parquet"):
        raise WrongUse(
            f"`{path.name}` is neither .csv nor .parquet.", "Write --output segments.csv or --output segments.parquet."
        )
    snapshot = desk.snapshot(at)
    columns = [snapshot.id_column, *map(str, desk.rules.traits), *desk.rules.all_segments()]
    described = desk.connection.execute(f"describe select * from {snapshot.relation}").fetchall()
    risky = {row[0] for row in described if row[1] == "VARCHAR" and suffix == ".csv"}
    cells = [
        f"{_harmless(column) if column in risky else quoted(column)} as {quoted(column)}"
        for column in dict.fromkeys(columns)
    ]
    form = "format csv, header true" if suffix == ".csv" else "format parquet"
    desk.connection.execute(
        f"""copy (select {", ".join(cells)} from {snapshot.relation} order by {quoted(snapshot.id_column)})
            to {text(str(path))} ({form})"""
    )
    return snapshot.customers


def _harmless(column: str) -> str:
    """SQL of a text cell that no spreadsheet takes for a formula: one that begins like it gets an apostrophe."""
    cell = quoted(column)
    return f"case when regexp_matches({cell}, {text(FORMULA)}) then chr(39) || {cell} else {cell} end"
