"""Who is who, counted: every segment of the day's snapshot, and the snapshot itself as a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TypedDict

from regulars.campaigns.desk import Desk
from regulars.errors import WrongUse
from regulars.people.engine import name as quoted
from regulars.people.engine import text


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
    """A row per customer: the id under its own column name, then each trait and each segment. Returns how many rows."""
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".parquet"):
        raise WrongUse(
            f"`{path.name}` is neither .csv nor .parquet.", "Write --output segments.csv or --output segments.parquet."
        )
    snapshot = desk.snapshot(at)
    columns = [snapshot.id_column, *map(str, desk.rules.traits), *desk.rules.all_segments()]
    chosen = ", ".join(quoted(column) for column in dict.fromkeys(columns))
    form = "format csv, header true" if suffix == ".csv" else "format parquet"
    desk.connection.execute(
        f"copy (select {chosen} from {snapshot.relation} order by {quoted(snapshot.id_column)}) to {text(str(path))} ({form})"
    )
    return snapshot.customers
