"""One person's traits and segments as of a day, without counting anybody else's.

What the source says of them comes from the people of the day where those are kept, else from their own rows of each
table; the same queries as for everybody run over it.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from regulars.lang.expressions import Expression
from regulars.people import engine, segments
from regulars.people.expected import Expected
from regulars.people.formulas import quintiles
from regulars.people.snapshot import Snapshot, SnapshotTaker
from regulars.people.source import Source
from regulars.people.traits import Counting
from regulars.people.vocabulary import Vocabulary

PERSON = "regulars_person"
"""DuckDB: the one row of a snapshot that is asked about."""
SAID = "regulars_person_said"
OWN = "regulars_own_"
"""DuckDB: with a table's name behind it, the rows of it that are this person's."""


class PersonSnapshot(Snapshot):
    """The snapshot of one person, in DuckDB's memory."""

    @property
    def relation(self) -> str:
        """The table with their row; without one for somebody who is no customer on that day."""
        return PERSON


@dataclass
class PersonSource(Source):
    """The tables of a source that is open already, with one customer's rows alone."""

    customer: str = ""

    @classmethod
    def of(cls, source: Source, customer: str) -> PersonSource:
        """`source` for the customer with this id."""
        narrowed = cls(source.root, source.rules, source.problems)
        vars(narrowed).update(vars(source) | {"customer": customer, "_laid": set[str]()})
        return narrowed

    def expression(self, table: str) -> Any:
        """Their rows as an Ibis expression; of a table that says of none whose they are, all."""
        column = self.customer_column(table)
        if column is None:
            return super().expression(table)
        if self.in_files and not self.is_ledgers(table):
            return super().expression(self.own(table))
        rows = super().expression(table)
        return rows.filter(rows[column] == self.customer)

    def own(self, table: str) -> str:
        """The relation of DuckDB with their rows of `table`, read once."""
        own, laid = OWN + table, vars(self)["_laid"]
        if table not in laid:
            if self.in_files:
                whose = f"{engine.name(self.customer_column(table) or '')} = {engine.text(self.customer)}"
                sql = f"select * from {engine.name(table)} where {whose}"
                self.connection.execute(f"create or replace temp table {engine.name(own)} as {sql}")
            else:
                engine.keep(self.connection, own, self.fetch(self.expression(table)))
            laid.add(table)
        return own


def needed(vocabulary: Vocabulary, expressions: Collection[Expression]) -> Vocabulary:
    """The same with no more traits and segments than `expressions` hang on, however many steps away."""
    derived = {one.name: one for one in vocabulary.derived}
    names: set[str] = set()
    waiting = {name for expression in expressions for name in expression.tree.names}
    while waiting:
        name = waiting.pop()
        names.add(name)
        if name in derived:
            waiting |= {read for tree in derived[name].expressions for read in tree.tree.names} - names
    return replace(
        vocabulary,
        counted=[one for one in vocabulary.counted if one.name in names],
        derived=[one for one in vocabulary.derived if one.name in names],
        forecasts=vocabulary.forecasts & names,
    )


def asks_everybody(vocabulary: Vocabulary) -> bool:
    """Whether any of its traits or segments looks at everybody at once, or hangs on a model that is fitted to all."""
    return bool(vocabulary.forecasts) or any(
        quintiles(tree.tree) for one in vocabulary.derived for tree in one.expressions
    )


@dataclass
class PersonTaker(SnapshotTaker):
    """Lays one person's row; see `SnapshotTaker`, whose files it reads where they stand and never writes."""

    customer: str = ""

    def lay(self, facts: pa.Table, people: Path | None = None) -> PersonSnapshot:
        """The row from what the source says: the kept file `people`, else their own rows.

        `facts` is what the ledger knows of them. Nothing may look at everybody (see `asks_everybody`).
        """
        said = self._from(people) if people else self._counted()
        connection = self.source.connection
        connection.execute(f"create or replace temp table {SAID} as {said}")
        with self._and_facts(SAID, facts) as known:
            query = segments.query(known, self.vocabulary.derived, self.day)
            connection.execute(f"create or replace temp table {PERSON} as {query}")
        return self._snapshot(people)

    def lay_from(self, snapshot: Path, people: Path | None = None) -> PersonSnapshot:
        """The row as it stands in a snapshot that is kept; `people`: the file it was derived from, where known."""
        self.source.connection.execute(f"create or replace temp table {PERSON} as {self._from(snapshot)}")
        return self._snapshot(None, snapshot, self.expected(people) if people else None)

    def read_at(self, people: Path) -> datetime:
        """When the source said what the kept file `people` holds."""
        told = json.loads(people.with_suffix(".json").read_text(encoding="utf-8")).get("read_at")
        return datetime.fromisoformat(told) if told else datetime.fromtimestamp(people.stat().st_mtime, UTC)

    def _snapshot(
        self, people: Path | None, path: Path | None = None, expected: Expected | None = None
    ) -> PersonSnapshot:
        return PersonSnapshot(path or Path(), self.day, self._id, 1, None, [], people or Path(), expected=expected)

    def _from(self, file: Path) -> str:
        own = f"{engine.name(self._id)} = {engine.text(self.customer)}"
        return f"select * from read_parquet({engine.text(str(file))}) where {own}"

    def _counted(self) -> str:
        own = isinstance(self.source, PersonSource)
        source = self.source if own else PersonSource.of(self.source, self.customer)
        counting = Counting(replace(self.vocabulary, source=source), self.day)
        counting.load()
        return self._joined(self._own_columns(), self.vocabulary.counted)
