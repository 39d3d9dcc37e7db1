"""The shop's own data, read where it is: files through DuckDB in process, databases and warehouses through Ibis.

Every table comes out alike: ids, codes and phones are text, amounts are decimal, days are days, and times carry no
zone but mean `source.timezone`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from regulars.errors import SourceError
from regulars.lang.expressions import Field
from regulars.lang.ledger_rows import LEDGER_ROW, LEDGER_TABLES
from regulars.lang.model import Kind, Rules, Table
from regulars.lang.problems import Problems
from regulars.lang.written import Written
from regulars.people import columns, engine, mapped
from regulars.people.columns import kind_of
from regulars.people.database import Database
from regulars.people.dialects import Dialect
from regulars.people.files import CsvTable, Unreadable, matching, stamp

FILES = "duckdb://"
LEDGER = "regulars_ledger_"
"""DuckDB: with its name behind it, a table of the ledger that a campaign walks, once somebody has laid it."""
SQL_TYPE: dict[Kind, str] = {
    "text": "varchar",
    "number": "double",
    "date": "date",
    "time": "timestamp",
    "yes_no": "boolean",
}


@dataclass
class Source:
    """The tables of a project's `source`, opened read only."""

    root: Path
    rules: Rules
    problems: Problems = field(default_factory=Problems)
    csv: dict[str, CsvTable] = field(default_factory=dict)
    """The tables that are CSV files, to find lines in."""
    _unreadable: list[tuple[str, Unreadable]] = field(default_factory=list)
    _lossy: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    """table → (its rows before they are cast, column → its cast), where a text is cast, which may lose it."""
    _fields: dict[str, dict[str, Field]] = field(default_factory=dict)
    _stamps: dict[str, str] = field(default_factory=dict)
    _expressions: dict[str, Any] = field(default_factory=dict)
    """Tables of files as Ibis has described them."""

    @property
    def zone(self) -> str:
        """What the naked times of the data mean (an IANA name)."""
        return str(self.rules.source.timezone or self.rules.shop.timezone)

    @property
    def in_files(self) -> bool:
        """Whether DuckDB in process reads the data, rather than a database of the shop's."""
        return str(self.rules.source.connect).strip() == FILES

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """DuckDB in process, with a view per table where the data is in files."""
        return engine.connect(self.root / ".regulars" / "tmp")

    @cached_property
    def database(self) -> Database:
        """What `source.connect` names, where the data is not in files."""
        return Database(str(self.rules.source.connect).strip(), self.zone)

    @property
    def dialect(self) -> Dialect:
        """How the database that answers spells what databases spell differently."""
        return Dialect() if self.in_files else self.database.dialect

    @cached_property
    def _files(self) -> Any:
        import ibis

        return ibis.duckdb.from_connection(self.connection)

    def open(self) -> Source:
        """Open every table; what is wrong with them goes to `problems`."""
        if not self.in_files and not self._reached():
            return self
        # A query over files may name the other tables: it comes after them.
        for table, origin in sorted(self.rules.source.tables.items(), key=lambda item: item[1].sql is not None):
            try:
                self._fields[str(table)] = self._open(str(table), origin)
            except SourceError as error:
                place = origin.file or origin.sql or origin.table or table
                length = len(place.split("\n", maxsplit=1)[0])
                sentence = f"Table `{table}`: {error.sentence}"
                self.problems.add("cannot-read-table", place.at(0, length), sentence, error.way_out)
        self._check_columns()
        return self

    def fields(self, table: str) -> dict[str, Field]:
        """The columns of `table` that rules can read; empty when it could not be opened."""
        return LEDGER_TABLES[table] if self.is_ledgers(table) else self._fields.get(table, {})

    def has(self, table: str) -> bool:
        """Whether `table` could be opened."""
        return table in self._fields or self.is_ledgers(table)

    def is_ledgers(self, table: str) -> bool:
        """Whether `table` is none of the shop's, but one of the ledger that campaigns walk."""
        return table in LEDGER_TABLES and Written(table) not in self.rules.source.tables

    def is_here(self, table: str) -> bool:
        """Whether DuckDB in process reads `table`."""
        return self.in_files or self.is_ledgers(table)

    @property
    def stamp(self) -> str:
        """Changes whenever a file does; empty for databases, whose change nobody announces."""
        return "-".join(self._stamps[table] for table in sorted(self._stamps)) if self.in_files else ""

    def customer_column(self, table: str) -> str | None:
        """Whose row it is: the column of `table` that names the customer."""
        if self.is_ledgers(table):
            return LEDGER_ROW["customer"]
        if table == "orders":
            return str(self.rules.source.order.customer)
        default = str(self.rules.source.customer.id)
        origin = self.rules.source.tables.get(Written(table))
        if table != "customers" and origin and origin.customer:
            return str(origin.customer)
        return default if table == "customers" or default in self.fields(table) else None

    def time_column(self, table: str) -> str | None:
        """When it happened: the column of `table` that `last` counts by."""
        if self.is_ledgers(table):
            return LEDGER_ROW["at"]
        if table == "orders":
            return str(self.rules.source.order.at)
        origin = self.rules.source.tables.get(Written(table))
        return str(origin.at) if origin and origin.at else None

    def id_column(self, table: str) -> str | None:
        """What makes it one row: the column of `table` that names it."""
        if self.is_ledgers(table):
            return LEDGER_ROW["id"]
        if table in ("customers", "orders"):
            return str(self.rules.source.customer.id if table == "customers" else self.rules.source.order.id)
        origin = self.rules.source.tables.get(Written(table))
        return str(origin.id) if origin and origin.id else None

    def expression(self, table: str) -> Any:
        """`table` as an Ibis expression with the kinds made alike."""
        if self.is_ledgers(table):
            return self._files.table(LEDGER + table)
        if self.in_files:
            if table not in self._expressions:
                self._expressions[table] = self._files.table(table)
            return self._expressions[table]
        origin = self.rules.source.tables[Written(table)]
        return self.database.expression(origin, self._fixed(table), columns.money(self.rules, table))

    def fetch(self, expression: Any) -> pa.Table:
        """The rows of an Ibis expression over the source; raises SourceError without a word of what they hold."""
        if not self.in_files:
            return self.database.fetch(expression)
        try:
            return engine.arrow(self.connection, self.sql(expression))
        except duckdb.Error as error:
            raise cannot_compute(error) from None

    def keep(self, relation: str, expression: Any) -> None:
        """Leave the rows of an Ibis expression in DuckDB as `relation`; raises SourceError as `fetch` does."""
        try:
            if self.in_files:
                self.connection.execute(
                    f"create or replace temp table {engine.name(relation)} as {self.sql(expression)}"
                )
            else:
                engine.keep(self.connection, relation, self.database.fetch(expression))
        except duckdb.Error as error:
            raise cannot_compute(error) from None

    def sql(self, expression: Any) -> str:
        """An Ibis expression over files as DuckDB's SQL."""
        import ibis

        return str(ibis.to_sql(expression, dialect="duckdb"))

    def unreadable(self) -> list[tuple[str, Unreadable]]:
        """(table, what could not be read) of every table; where a database casts texts, it is asked how many."""
        found = list(self._unreadable)
        for table, (rows, casts) in self._lossy.items():
            lost = ", ".join(
                f"count(nullif(trim({engine.name(column)}), '')) - count({cast})" for column, cast in casts.items()
            )
            counts = self.connection.execute(f"select {lost} from {rows}").fetchone() or ()
            found += [self._lost(table, column, count) for column, count in zip(casts, counts, strict=True) if count]
        if not self.in_files:
            for table, origin in self.rules.source.tables.items():
                lost_values = self.database.unreadable(origin, self._fixed(str(table)))
                found += [self._lost(str(table), column, count) for column, count in lost_values.items()]
        return found

    def _lost(self, table: str, column: str, count: int) -> tuple[str, Unreadable]:
        return table, Unreadable("", column, 0, self._fixed(table)[column], int(count), 0)

    def _fixed(self, table: str) -> dict[str, Kind]:
        return columns.fixed(self.rules, table, self.customer_column(table))

    def _reached(self) -> bool:
        try:
            _ = self.database.backend
        except SourceError as error:
            connect = self.rules.source.connect
            self.problems.add("cannot-reach-source", connect.at(0, len(connect)), error.sentence, error.way_out)
            return False
        return True

    def _open(self, table: str, origin: Table) -> dict[str, Field]:
        if self.in_files:
            return self._open_files(table, origin)
        if origin.file:
            raise SourceError(
                "A file cannot be read by the database of `source.connect`.",
                "Use duckdb:// for files, or name a table of the database.",
            )
        # Whose row it is decides what is text, and is known once the columns are.
        self._fields[table] = self.database.fields(origin, {}, frozenset())
        return self.database.fields(origin, self._fixed(table), columns.money(self.rules, table))

    def _open_files(self, table: str, origin: Table) -> dict[str, Field]:
        notes: Mapping[str, str] = {}
        if origin.file:
            rows, notes = self._rows_of_files(table, str(origin.file))
        elif origin.sql:
            rows = f"({str(origin.sql).strip().rstrip(';')})"
        else:
            raise SourceError(
                f"There is no database that holds `{origin.table}`.",
                "Name a file such as data/customers.csv, or say `source.connect`.",
            )
        try:
            raw = self.connection.execute(f"describe select * from {rows} limit 0").fetchall()
            self._fields[table] = {row[0]: Field("text") for row in raw}
            casts = {row[0]: self._cast(table, row[0], row[1]) for row in raw}
            chosen = ", ".join(f"{cast} as {engine.name(column)}" for column, cast in casts.items())
            self.connection.execute(f"create or replace view {engine.name(table)} as select {chosen} from {rows}")
            described = self.connection.execute(f"describe {engine.name(table)}").fetchall()
        except duckdb.Error as error:
            self._fields.pop(table, None)
            raise _refused(origin, error) from None
        texts = {
            row[0]: casts[row[0]]
            for row in raw
            if row[1] == "VARCHAR" and self._fixed(table).get(row[0], "text") != "text"
        }
        if texts:
            self._lossy[table] = (rows, texts)
        return {row[0]: Field(kind, note=notes.get(row[0], "")) for row in described if (kind := kind_of(row[1]))}

    def _rows_of_files(self, table: str, pattern: str) -> tuple[str, Mapping[str, str]]:
        files = matching(self.root, pattern)
        parquet = [file for file in files if file.suffix.lower() == ".parquet"]
        if parquet:
            if len(parquet) < len(files):
                raise SourceError(f"{pattern} names Parquet files and others.", "One table is of one kind of files.")
            self._stamps[table] = stamp(self.root, files)
            listed = ", ".join(engine.text(str(file)) for file in files)
            return f"read_parquet([{listed}], union_by_name = true)", {}
        money = columns.money(self.rules, table)
        self.csv[table] = CsvTable(self.connection, self.root, table, files, self._fixed(table), money, self.zone)
        prepared = self.csv[table].prepare()
        self._unreadable += [(table, one) for one in prepared.unreadable]
        self._stamps[table] = prepared.stamp
        return f"read_parquet({engine.text(str(prepared.copy))})", prepared.notes

    def _cast(self, table: str, column: str, type_name: str) -> str:
        """What makes a column of DuckDB's what it must be."""
        quoted, wanted, has = engine.name(column), self._fixed(table).get(column), kind_of(type_name)
        lowered, decimal = type_name.lower(), column in columns.money(self.rules, table)
        if lowered == "varchar":
            given = f"nullif({quoted}, '')"
            return given if wanted in (None, "text") else columns.from_text(quoted, wanted, self.zone, decimal=decimal)
        if wanted == "text" and lowered != "varchar":
            return f"cast({f'cast({quoted} as bigint)' if lowered in ('double', 'float') else quoted} as varchar)"
        if decimal:
            return quoted if lowered == "decimal(18,2)" else f"try_cast({quoted} as decimal(18, 2))"
        if lowered == "timestamp with time zone":
            return f"timezone({engine.text(self.zone)}, {quoted})"
        if wanted and wanted != has and not (wanted == "time" and has == "date"):
            return f"try_cast({quoted} as {SQL_TYPE[wanted]})"
        return f"case when isfinite({quoted}) then {quoted} end" if lowered in ("double", "float") else quoted

    # What must be there.

    def _check_columns(self) -> None:
        customer, order = self.rules.source.customer, self.rules.source.order
        named = [getattr(customer, meaning) for meaning in customer.mapped()]
        meant: dict[str, list[Written | None]] = {
            "customers": [*named, customer.consent.email, customer.consent.sms],
            "orders": [order.id, order.customer, order.at, order.amount, order.code],
        }
        for table, origin in self.rules.source.tables.items():
            meant[str(table)] = [*meant.get(str(table), []), origin.customer, origin.at, origin.id]
        for owner, of_it in mapped.columns(self.rules):
            meant.setdefault(owner, []).append(of_it)
        for named_in, wanted in meant.items():
            for column in wanted:
                if column is not None and self.has(named_in):
                    self._require(named_in, column)
        for column in self.rules.source.types:
            self._typed_column(column)
        line = self.rules.source.line
        owner_of_lines = self.customer_column(str(line.table)) if line is not None else None
        mapped.check(self.rules, self.problems, owner_of_lines, {one: self.time_column(one) for one in self._fields})

    def _require(self, table: str, column: Written) -> None:
        if str(column) in self.fields(table):
            return
        near = difflib.get_close_matches(str(column), self.fields(table), 1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        self.problems.add(
            "missing-column",
            column.at(0, len(column)),
            f"Table `{table}` has no column `{column}`.{hint}",
            "it has: " + ", ".join(self.fields(table)),
        )

    def _typed_column(self, column: Written) -> None:
        """`types` names a column of some table, or of the one before the dot."""
        table, dot, name = column.partition(".")
        known = {str(one) for one in self.rules.source.tables}
        if not self._fields.keys() >= known or any(column in fields for fields in self._fields.values()):
            return
        if dot and name in self.fields(table):
            return
        have = self.fields(table) if dot else {one for fields in self._fields.values() for one in fields}
        near = difflib.get_close_matches(name if dot else str(column), have, 1)
        hint = f" Did you mean `{f'{table}.' if dot else ''}{near[0]}`?" if near else ""
        where = f"Table `{table}` has" if dot and table in known else "No table has"
        some = f"no column `{name}`" if dot and table in known else f"a column `{column}`"
        self.problems.add("missing-column", column.at(0, len(column)), f"{where} {some}.{hint}", "")


def _refused(origin: Table, error: duckdb.Error) -> SourceError:
    if origin.file:
        return SourceError(f"{origin.file} is not a Parquet file, or it is damaged.", "Write it again.")
    return SourceError(f"DuckDB refuses the query ({_first_words(error)}).", "Run it in DuckDB until it works.")


def cannot_compute(error: duckdb.Error) -> SourceError:
    """What to say of an error that DuckDB met in a row: its own text quotes the row."""
    return SourceError(
        f"A rule cannot be computed over the shop's data ({type(error).__name__}).",
        "A value is too large, or a query under `source.tables` fails.",
    )


def _first_words(error: duckdb.Error) -> str:
    """What is wrong with a query, as far as it is about the query and not about a row."""
    about_the_query = (duckdb.CatalogException, duckdb.BinderException, duckdb.ParserException)
    if isinstance(error, about_the_query):
        return re.sub(r"\s+", " ", str(error).split("\n", 1)[0])[:160]
    return type(error).__name__
