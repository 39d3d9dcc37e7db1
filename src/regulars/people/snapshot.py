"""The snapshot: a row per customer with every trait and segment of a day, kept as Parquet.

What the source says (`people`, expensive) and what is computed from it (`snapshot`, cheap) are kept apart: an edited
ladder or a new message in the ledger computes again without asking the shop's database again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from regulars.lang.problems import Position, Problem
from regulars.people import engine, findings, segments
from regulars.people.source import Source
from regulars.people.traits import COUNTED, CUSTOMER, NEWEST, PEOPLE, Counting, zero_over_no_rows
from regulars.people.vocabulary import COUNTED_FACTS, LEDGER_FACTS, Vocabulary

FORMAT = 1
"""Part of every key: a new way to compute makes old files useless."""
KEPT_DAYS = 30


@dataclass(frozen=True)
class Snapshot:
    """A day's people. `path` is Parquet: the customer id under its own column name, columns, traits, segments."""

    path: Path
    day: date
    id_column: str
    customers: int
    newest_order: datetime | None
    """By the shop's clock, without a zone."""
    findings: list[Problem] = field(default_factory=list)
    people: Path = Path()
    """What the source said, before anything was derived from it."""

    @property
    def relation(self) -> str:
        """The snapshot as DuckDB reads it."""
        return f"read_parquet({engine.text(str(self.path))})"


@dataclass
class SnapshotTaker:
    """Computes, or finds again, the snapshot of one day."""

    root: Path
    source: Source
    vocabulary: Vocabulary
    day: date
    ledger_version: str = ""

    def take(self, facts: Callable[[], pa.Table] | None, *, fresh: bool = False) -> Snapshot:
        """The snapshot; `facts` gives what the ledger knows (a row per customer: `customer_id` and `LEDGER_FACTS`).

        Files unchanged and rules unchanged: reused. A database: once a day unless `fresh`.
        """
        people = self._people(fresh=fresh)
        path = self._folder / f"{self.day}-{self._key(people.stem, self._derived_words())}.parquet"
        if not path.exists():
            self._derive(people, facts() if facts else None, path)
        notes = json.loads(people.with_suffix(".json").read_text())
        found = [Problem(Position(**one.pop("position")), **one) for one in notes["findings"]]
        newest = datetime.fromisoformat(notes["newest_order"]) if notes["newest_order"] else None
        key = str(self.source.rules.source.customer.id)
        return Snapshot(path, self.day, key, notes["customers"], newest, found, people)

    @property
    def _folder(self) -> Path:
        folder = self.root / ".regulars" / "snapshots"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _key(self, *words: str) -> str:
        return hashlib.sha256("\n".join([str(FORMAT), *words]).encode()).hexdigest()[:16]

    def _people_words(self) -> str:
        rules = self.source.rules
        counted = [
            (one.name, one.table, one.value.text, one.where.text if one.where else "", str(one.last))
            for one in self.vocabulary.counted
        ]
        return repr(
            (rules.source.model_dump_json(), str(rules.shop.timezone), counted, self.day.isoformat(), self.source.stamp)
        )

    def _derived_words(self) -> str:
        derived = [
            (one.name, [tree.text for tree in one.expressions], [value for value, _ in one.steps])
            for one in self.vocabulary.derived
        ]
        return repr((derived, self.ledger_version))

    def _people(self, *, fresh: bool) -> Path:
        path = self._folder / f"people-{self._key(self._people_words())}.parquet"
        if not path.exists() or fresh:
            Counting(self.vocabulary, self.day).load()
            found = [*findings.unreadable(self.source), *findings.of_rows(self.source, PEOPLE, COUNTED + "orders")]
            self._copy(f"select * from ({self._joined()})", path)
            newest, customers = self._row(
                f"select (select max({NEWEST}) from {COUNTED}orders), (select count(*) from read_parquet({engine.text(str(path))}))"
            )
            notes = {
                "customers": customers,
                "newest_order": self._in_shop_time(newest),
                "findings": [asdict(one) for one in found],
            }
            path.with_suffix(".json").write_text(json.dumps(notes))
            self._forget_old()
        return path

    def _in_shop_time(self, newest: object) -> str:
        """ISO, by the shop's clock; empty for none."""
        if isinstance(newest, datetime):
            local = self._row(f"select {self._local('time', 'timestamp ' + engine.text(str(newest)))}")[0]
            return local.isoformat() if isinstance(local, datetime) else ""
        return newest.isoformat() if isinstance(newest, date) else ""

    def _row(self, sql: str) -> tuple[object, ...]:
        return self.source.connection.execute(sql).fetchone() or (None, None)

    def _copy(self, sql: str, path: Path) -> None:
        """Write `sql` to `path` so that nobody ever sees half a file, and the last of two writers wins."""
        partial = path.with_suffix(f".{time.monotonic_ns()}.partial")
        self.source.connection.execute(
            f"copy ({sql}) to {engine.text(str(partial))} (format parquet, compression zstd, row_group_size 100000)"
        )
        partial.replace(path)

    def _local(self, kind: str, expression: str) -> str:
        """A time of the source by the shop's clock."""
        source, shop = self.source.zone, str(self.source.rules.shop.timezone)
        if kind != "time" or source == shop:
            return expression
        return f"timezone({engine.text(shop)}, timezone({engine.text(source)}, cast({expression} as timestamp)))"

    def _joined(self) -> str:
        """Customers with what was counted for them: no rows mean 0 for counts and sums, unknown for all else."""
        key = engine.name(str(self.source.rules.source.customer.id))
        columns = [
            f"{self._local(known.kind, 'p.' + engine.name(column))} as {engine.name(column)}"
            for column, known in self.source.fields("customers").items()
            if engine.name(column) != key
        ]
        have = set(self.source.fields("customers"))
        for meaning, column in self.source.rules.source.customer.mapped().items():
            if meaning not in ("id", column) and column in have:
                columns.append(f"p.{engine.name(column)} as {engine.name(meaning)}")
        joins = []
        for number, table in enumerate(Counting(self.vocabulary, self.day).tables()):
            joins.append(f"left join {engine.name(COUNTED + table)} t{number} on t{number}.{CUSTOMER} = p.{key}")
            for one in self.vocabulary.counted:
                if one.table == table:
                    value = self._local(one.value.kind, f"t{number}.{engine.name(one.name)}")
                    columns.append(
                        f"{f'coalesce({value}, 0)' if zero_over_no_rows(one) else value} as {engine.name(one.name)}"
                    )
        chosen = ", ".join([f"p.{key}", *columns])
        return f"select {chosen} from {PEOPLE} p {' '.join(joins)} where coalesce(trim(p.{key}), '') <> ''"

    def _derive(self, people: Path, facts: pa.Table | None, path: Path) -> None:
        connection = self.source.connection
        key = engine.name(str(self.source.rules.source.customer.id))
        columns = ", ".join(self._fact(fact, facts) for fact in LEDGER_FACTS)
        joined = ""
        if facts is not None:
            connection.register("regulars_facts", facts)
            joined = f"left join regulars_facts f on f.customer_id = p.{key}"
        base = f"select p.*, {columns} from read_parquet({engine.text(str(people))}) p {joined}"
        try:
            connection.execute(
                f"create or replace temp view regulars_people_and_facts as {base}"
            ) if facts is None else connection.execute(
                f"create or replace temp table regulars_people_and_facts as {base}"
            )
            self._copy(segments.query("regulars_people_and_facts", self.vocabulary.derived, self.day), path)
        finally:
            if facts is not None:
                connection.unregister("regulars_facts")

    def _fact(self, fact: str, facts: pa.Table | None) -> str:
        kind = LEDGER_FACTS[fact].kind
        if facts is None or fact not in facts.column_names:
            return f"{'cast(0 as bigint)' if fact in COUNTED_FACTS else 'cast(null as timestamp)'} as {fact}"
        value = f"f.{fact}"
        if kind == "time":
            return f"timezone({engine.text(str(self.source.rules.shop.timezone))}, {value}) as {fact}"
        return f"coalesce({value}, 0) as {fact}"

    def _forget_old(self) -> None:
        """Snapshots older than 30 days go: they are people."""
        oldest = time.time() - KEPT_DAYS * 86_400
        for old in self._folder.iterdir():
            if old.stat().st_mtime < oldest:
                old.unlink(missing_ok=True)


def rows(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, columns: list[str]) -> pa.Table:
    """Some columns of a snapshot as Arrow."""
    return engine.arrow(
        connection, f"select {', '.join(engine.name(column) for column in columns)} from {snapshot.relation}"
    )
