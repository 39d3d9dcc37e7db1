"""The snapshot: a row per customer with every trait and segment of a day, kept as Parquet.

What the source says (`people`, expensive) and what is computed from it (`snapshot`, cheap) are kept apart: an edited
ladder or a new message in the ledger computes again without asking the shop's database again.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from regulars import clock
from regulars.errors import SourceError
from regulars.lang.problems import Position, Problem
from regulars.people import engine, entries, findings, segments
from regulars.people.expected import FORECASTS, Expected, Forecasting
from regulars.people.source import Source, cannot_compute
from regulars.people.traits import COUNTED, CUSTOMER, NEWEST, PEOPLE, TOTALS, Counting, zero_over_no_rows
from regulars.people.vocabulary import ANSWERS, LEDGER_FACTS, Counted, Derived, Vocabulary

FORMAT = 2
"""Part of every key: a new way to compute makes old files useless."""
KEPT_DAYS = 30
TOTALS_KEPT = ".totals.json"
FACTS = "regulars_people_and_facts"


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
    read_at: datetime | None = None
    """When the source said it; aware."""
    also: Path | None = None
    """What was counted beside it for an earlier edition of the rules: the customer id, and a column for each."""
    expected: Expected | None = None
    """What the models made of the orders; None where nobody asks for what they give."""

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
    also: Sequence[Counted] = ()
    """Traits of an earlier edition of the rules, counted in the same queries and kept in a file of their own."""

    def take(self, facts: Callable[[], pa.Table] | None, *, fresh: bool = False) -> Snapshot:
        """The snapshot; `facts` gives what the ledger knows (a row per customer: `customer_id` and `LEDGER_FACTS`).

        Files unchanged and rules unchanged: reused. A database: once a day unless `fresh`.
        """
        people = self._people(fresh=fresh)
        if self.vocabulary.forecasts:
            self._forecast(people, fresh=fresh)
        path = self._path(people)
        if fresh or not path.exists():
            self._derive(people, facts() if facts else None, path)
        return self._noted(people, path)

    def again(self, people: str, facts: Callable[[], pa.Table] | None, names: Collection[str]) -> Snapshot | None:
        """The kept `people` (a file's name) of an earlier snapshot of this day, with `names` derived by today's rules.

        None when the file is gone, or lacks a column that they read.
        """
        kept = self._folder / people
        if not (kept.exists() and kept.with_suffix(".json").exists()) or (
            self.vocabulary.forecasts and not self._forecasts(kept).exists()
        ):
            return None
        derived = [one for one in self.vocabulary.derived if one.name in names]
        path = (
            self._folder / f"{self.day}-{self._key(kept.stem, 'again', self._derived_words(), *sorted(names))}.parquet"
        )
        try:
            if not path.exists():
                self._derive(kept, facts() if facts else None, path, derived)
        except SourceError:
            return None
        return self._noted(kept, path)

    def kept(self) -> tuple[Path | None, Path | None]:
        """What stands already: what the source said, and the snapshot derived from it."""
        people = self._people_path
        if not (people.exists() and people.with_suffix(".json").exists()):
            return None, None
        path = self._path(people)
        return people, path if path.exists() else None

    def _noted(self, people: Path, path: Path) -> Snapshot:
        notes = json.loads(people.with_suffix(".json").read_text())
        found = [Problem(Position(**one.pop("position")), **one) for one in notes["findings"]]
        newest = datetime.fromisoformat(notes["newest_order"]) if notes["newest_order"] else None
        read_at = datetime.fromisoformat(notes["read_at"]) if notes.get("read_at") else None
        also, expected = self._beside(people) if self.also else None, self.expected(people)
        return Snapshot(path, self.day, self._id, notes["customers"], newest, found, people, read_at, also, expected)

    def expected(self, people: Path) -> Expected | None:
        """What the models made of the orders behind the kept file `people`; None where they were not fitted to them."""
        kept = self._forecasts(people).with_suffix(".json")
        if not (self.vocabulary.forecasts and kept.exists()):
            return None
        return Expected(**json.loads(kept.read_text(encoding="utf-8")))

    def _forecast(self, people: Path, *, fresh: bool) -> None:
        """Fit the models, once to what the source said: it stands beside it as long as that does."""
        path = self._forecasts(people)
        if fresh or not (path.exists() and path.with_suffix(".json").exists()):
            said = f"read_parquet({engine.text(str(people))})"
            expected = Forecasting(Counting(self.vocabulary, self.day), said, self._id).lay()
            self._write_notes(path.with_suffix(".json"), asdict(expected))
            self._copy(f"select * from {FORECASTS}", path)

    def _forecasts(self, people: Path) -> Path:
        return people.with_name(f"{people.stem}-{self._key('forecasts')}.parquet")

    @property
    def _id(self) -> str:
        return str(self.source.rules.source.customer.id)

    @property
    def _people_path(self) -> Path:
        return self._folder / f"people-{self._key(self._people_words())}.parquet"

    def _path(self, people: Path) -> Path:
        return self._folder / f"{self.day}-{self._key(people.stem, self._derived_words())}.parquet"

    @property
    def _folder(self) -> Path:
        folder = self.root / ".regulars" / "snapshots"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _key(self, *words: str) -> str:
        return hashlib.sha256("\n".join([str(FORMAT), *words]).encode()).hexdigest()[:16]

    def _beside(self, people: Path) -> Path:
        return people.with_name(f"{people.stem}-{self._key(repr([_words(one) for one in self.also]))}.parquet")

    def _people_words(self) -> str:
        rules = self.source.rules
        counted = [_words(one) for one in self.vocabulary.counted]
        # Nobody announces that a database changed: it is asked once a day, whatever day is looked at.
        stands = self.source.stamp if self.source.in_files else clock.today(str(rules.shop.timezone)).isoformat()
        return repr((rules.source.model_dump_json(), str(rules.shop.timezone), counted, self.day.isoformat(), stands))

    def _derived_words(self) -> str:
        forecasts = ["forecasts"] if self.vocabulary.forecasts else []
        derived = [
            (one.name, [tree.text for tree in one.expressions], [value for value, _ in one.steps])
            for one in self.vocabulary.derived
        ]
        return repr((derived, self.ledger_version, *forecasts))

    def _people(self, *, fresh: bool) -> Path:
        path = self._people_path
        missing = fresh or not (path.exists() and path.with_suffix(".json").exists())
        missing_beside = bool(self.also) and (missing or not self._beside(path).exists())
        if missing or missing_beside:
            counted = [*(self.vocabulary.counted if missing else []), *(self.also if missing_beside else [])]
            Counting(replace(self.vocabulary, counted=counted), self.day).load()
        if missing:
            found = [*findings.unreadable(self.source), *findings.of_rows(self.source, PEOPLE, COUNTED + "orders")]
            key = engine.name(self._id)
            newest, customers = self._row(
                f"select (select max({NEWEST}) from {COUNTED}orders), "
                f"(select count(*) from {PEOPLE} where coalesce(trim({key}), '') <> '')"
            )
            notes = {
                "customers": customers,
                "newest_order": self._in_shop_time(newest),
                "findings": [asdict(one) for one in found],
                "read_at": clock.now().isoformat(),
            }
            self._write_notes(path.with_suffix(".json"), notes)
            self._copy(self._joined(self._own_columns(), self.vocabulary.counted), path)
            self._write_notes(path.with_suffix(TOTALS_KEPT), {"customers": customers} | self._totals())
            self._forget_old()
        if missing_beside:
            self._copy(self._joined({}, self.also), self._beside(path))
        return path

    def _totals(self) -> dict[str, object]:
        """What all orders add up to (see `orders.Totals`): the orders have just been counted."""
        found = engine.arrow(self.source.connection, TOTALS.format(counted=f"{COUNTED}orders")).to_pylist()[0]
        return {name: str(value) if name == "revenue" else int(value) for name, value in found.items()}

    def _write_notes(self, path: Path, notes: dict[str, object]) -> None:
        partial = _partial(path)
        partial.write_text(json.dumps(notes))
        partial.replace(path)

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
        partial = _partial(path)
        options = "format parquet, compression zstd, compression_level 1, row_group_size 100000"
        try:
            self.source.connection.execute(f"copy ({sql}) to {engine.text(str(partial))} ({options})")
        except duckdb.Error as error:
            partial.unlink(missing_ok=True)
            raise cannot_compute(error) from None
        partial.replace(path)

    def _local(self, kind: str, expression: str) -> str:
        """A time of the source by the shop's clock."""
        source, shop = self.source.zone, str(self.source.rules.shop.timezone)
        if kind != "time" or source == shop:
            return expression
        return f"timezone({engine.text(shop)}, timezone({engine.text(source)}, cast({expression} as timestamp)))"

    def _joined(self, own: dict[str, str], counted: Sequence[Counted]) -> str:
        """Customers with what was counted for them: no rows mean 0 for counts and sums, unknown for all else."""
        key = engine.name(self._id)
        columns = [f"{value} as {engine.name(column)}" for column, value in own.items()]
        joins = []
        for number, table in enumerate(sorted({one.table for one in counted})):
            joins.append(f"left join {engine.name(COUNTED + table)} t{number} on t{number}.{CUSTOMER} = p.{key}")
            for one in counted:
                if one.table == table:
                    value = f"t{number}.{engine.name(one.name)}"
                    value = self._local("time", value) if one.in_source_zone else value
                    value = f"coalesce({value}, 0)" if zero_over_no_rows(one) else value
                    columns.append(f"{value} as {engine.name(one.name)}")
        chosen = ", ".join([f"p.{key}", *columns])
        return f"select {chosen} from {PEOPLE} p {' '.join(joins)} where coalesce(trim(p.{key}), '') <> ''"

    def _own_columns(self) -> dict[str, str]:
        """Name → SQL, for what `customers` itself gives: by its own columns, and by those it is mapped to."""
        have = self.source.fields("customers")
        mapped = self.source.rules.source.customer.mapped()
        meant = {meaning: column for meaning, column in mapped.items() if meaning != "id" and column in have}
        hidden = {name.lower() for name in (*meant, *LEDGER_FACTS, mapped["id"])}
        own = {column: column for column in have if column.lower() not in hidden} | meant
        return {
            known_as: self._local(have[column].kind, f"p.{engine.name(column)}") for known_as, column in own.items()
        }

    def _derive(
        self, people: Path, facts: pa.Table | None, path: Path, derived: Sequence[Derived] | None = None
    ) -> None:
        forecasts = f"read_parquet({engine.text(str(self._forecasts(people)))})" if self.vocabulary.forecasts else ""
        with self._and_facts(f"read_parquet({engine.text(str(people))})", facts, forecasts) as known:
            self._copy(segments.query(known, self.vocabulary.derived if derived is None else derived, self.day), path)

    @contextmanager
    def _and_facts(self, people: str, facts: pa.Table | None, forecasts: str = "") -> Iterator[str]:
        """The relation `people` with what the ledger knows of each, and with what the relation `forecasts` expects."""
        connection, key = self.source.connection, engine.name(self._id)
        modelled = sorted(self.vocabulary.modelled)
        columns = ", ".join(
            [self._fact(fact, facts) for fact in LEDGER_FACTS]
            + entries.columns(self.vocabulary.entered, facts.column_names if facts is not None else ())
            + [f"{f'x.{name}' if forecasts else 'cast(null as double)'} as {name}" for name in modelled]
        )
        joined = f"left join {forecasts} x on x.{key} = p.{key}" if forecasts else ""
        if facts is not None:
            connection.register("regulars_facts", facts)
            joined += f" left join regulars_facts f on f.customer_id = p.{key}"
        try:
            connection.execute(f"create or replace temp view {FACTS} as select p.*, {columns} from {people} p {joined}")
            yield FACTS
        finally:
            if facts is not None:
                connection.unregister("regulars_facts")

    def _fact(self, fact: str, facts: pa.Table | None) -> str:
        kind = LEDGER_FACTS[fact].kind
        if facts is None or fact not in facts.column_names:
            nothing = {"number": "cast(0 as bigint)", "yes_no": "false"}.get(kind, "cast(null as timestamp)")
            return f"{'cast(null as double)' if fact in ANSWERS else nothing} as {fact}"
        value = f"f.{fact}"
        if kind == "time":
            return f"timezone({engine.text(str(self.source.rules.shop.timezone))}, {value}) as {fact}"
        if fact in ANSWERS:
            return f"{value} as {fact}"
        return f"coalesce({value}, {'false' if kind == 'yes_no' else 0}) as {fact}"

    def _forget_old(self) -> None:
        """Snapshots older than 30 days go: they are people. Files are as old as the disk says."""
        oldest = time.time() - KEPT_DAYS * 86_400
        for old in self._folder.iterdir():
            try:
                if old.stat().st_mtime < oldest:
                    old.unlink()
            except FileNotFoundError:
                continue


def _words(one: Counted) -> tuple[str, ...]:
    """What makes a counted trait another one."""
    return one.name, one.table, one.value.text, one.where.text if one.where else "", str(one.last)


def _partial(path: Path) -> Path:
    return path.with_name(f"{path.stem}.{secrets.token_hex(4)}.partial")


def rows(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, columns: list[str]) -> pa.Table:
    """Some columns of a snapshot as Arrow."""
    return engine.arrow(
        connection, f"select {', '.join(engine.name(column) for column in columns)} from {snapshot.relation}"
    )
