"""Who is who, counted: every segment of the day's snapshot, and the snapshot itself as a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TypedDict

from regulars.campaigns.desk import Desk
from regulars.errors import WrongUse
from regulars.people.engine import name as quoted
from regulars.people.engine import text

FORMULA = r"^\s*[=+\-@\t\r\n\x00]|^[\t\r\n]"
"""How a formula begins, also after spaces (OWASP ASVS 1.2.10)."""


class Census(TypedDict):
    """`segments --format json`. A plain segment has the values `in` and `out`."""

    as_of: str
    customers: int
    segments: dict[str, dict[str, int]]


def census(desk: Desk, at: datetime, *, fresh: bool = False) -> Census:
    """Count every segment as of the day of `at`; values in the order of the ladder, those of nobody too."""
    snapshot = desk.snapshot(at, fresh=fresh)
    counted: dict[str, dict[str, int]] = {}
    for name, segment in desk.rules.all_segments().items():
        found = desk.connection.execute(
            f"select {quoted(name)}, count(*) from {snapshot.relation} group by 1"
        ).fetchall()
        numbers = {
            ("in" if value else "out") if isinstance(value, bool) else str(value): number for value, number in found
        }
        counted[name] = {value: numbers.get(value, 0) for value in segment.values or ("in", "out")}
    return {"as_of": snapshot.day.isoformat(), "customers": snapshot.customers, "segments": counted}


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
