"""A passing day: its people are laid in DuckDB's memory, asked, and forgotten. Nothing is kept in files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from regulars.people import engine, segments
from regulars.people.expected import FORECASTS, Forecasting
from regulars.people.snapshot import Snapshot, SnapshotTaker
from regulars.people.source import cannot_compute
from regulars.people.traits import Counting

PEOPLE = "regulars_passing"
"""DuckDB: the day's people with their traits and segments."""
SAID = "regulars_passing_said"
"""DuckDB: what the source said of them, before anything was derived."""


class DayOfPeople(Snapshot):
    """A day's people in DuckDB: every question of the day goes there, none to a file."""

    @property
    def relation(self) -> str:
        """The table."""
        return PEOPLE


@dataclass
class PassingDay(SnapshotTaker):
    """Counts one day's people over data that is known to be good: what is wrong with rows is not looked for again."""

    def lay(self, facts: Callable[[], pa.Table] | None) -> DayOfPeople:
        """The people, in the place of those of the day before; `facts` as `SnapshotTaker.take` has them."""
        counting = Counting(self.vocabulary, self.day)
        counting.load()
        try:
            expected = None
            made = self._table(SAID, self._joined(self._own_columns(), self.vocabulary.counted))
            if self.vocabulary.forecasts:
                expected = Forecasting(counting, SAID, self._id).lay()
            forecasts = FORECASTS if expected else ""
            with self._and_facts(SAID, facts() if facts else None, forecasts) as known:
                self._table(PEOPLE, segments.query(known, self.vocabulary.derived, self.day))
        except duckdb.Error as error:
            raise cannot_compute(error) from None
        return DayOfPeople(Path(f"{self.day}"), self.day, self._id, made, None, expected=expected)

    def _table(self, name: str, query: str) -> int:
        made = self.source.connection.execute(f"create or replace temp table {engine.name(name)} as {query}").fetchone()
        return int((made or (0,))[0])
