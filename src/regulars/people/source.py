"""The shop's own data, read where it is: files through DuckDB in process, databases and warehouses through Ibis.

Every table comes out alike: ids, codes and phones are text, amounts are decimal, days are days, and times carry no
zone but mean `source.timezone`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from regulars.errors import RegularsError, SourceError
from regulars.lang.expressions import Field
from regulars.lang.model import Kind, Rules, Table
from regulars.lang.problems import Problems
from regulars.lang.written import Written
from regulars.people import engine
from regulars.people.files import CsvTable, Unreadable, matching, stamp

FILES = "duckdb://"
KIND_OF: tuple[tuple[str, Kind], ...] = (
    (r"varchar|uuid|enum.*|string", "text"),
    (r"(u?(tiny|small|big|huge)int|u?integer|float|double|decimal.*|u?int\d+|float\d+)!?", "number"),
    (r"date", "date"),
    (r"timestamp.*|datetime", "time"),
    (r"boolean", "yes_no"),
)


def kind_of(type_name: str) -> Kind | None:
    """The kind of a column of a DuckDB or Ibis type; None for lists, structs and the like, which no rule can read."""
    lowered = type_name.lower()
    return next((kind for pattern, kind in KIND_OF if re.fullmatch(pattern, lowered)), None)


@dataclass
class Source:
    """The tables of a project's `source`, opened read only."""

    root: Path
    rules: Rules
    problems: Problems = field(default_factory=Problems)
    unreadable: list[tuple[str, Unreadable]] = field(default_factory=list)
    """(table, what could not be read)."""
    _fields: dict[str, dict[str, Field]] = field(default_factory=dict)
    _stamps: dict[str, str] = field(default_factory=dict)

    @property
    def zone(self) -> str:
        """What the naked times of the data mean (an IANA name)."""
        return str(self.rules.source.timezone or self.rules.shop.timezone)

    @property
    def in_files(self) -> bool:
        """Whether DuckDB in process reads the data, rather than a database of the shop's."""
        return str(self.rules.source.connect).startswith(FILES)

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """DuckDB in process, with a view per table where the data is in files."""
        return engine.connect(self.root / ".regulars" / "tmp")

    @cached_property
    def backend(self) -> Any:
        """The Ibis backend that holds the tables."""
        import ibis

        if self.in_files:
            return ibis.duckdb.from_connection(self.connection)
        url = re.sub(r"\$\{(\w+)\}", lambda found: os.environ.get(found[1], ""), str(self.rules.source.connect))
        try:
            return ibis.connect(url)
        except Exception as error:  # noqa: BLE001  # every backend raises its own; none of their texts may reach a reader: they hold passwords
            place = str(self.rules.source.connect).split("://", maxsplit=1)[0]
            raise SourceError(
                f"The database of `source.connect` ({place}) cannot be reached ({type(error).__name__}).",
                "Check the address, the password and the network.",
            ) from None

    def open(self) -> Source:
        """Open every table; what is wrong with them goes to `problems`."""
        ordered = sorted(self.rules.source.tables.items(), key=lambda item: item[1].sql is not None)
        for table, origin in ordered:
            try:
                fields = (
                    self._open_files(str(table), origin) if self.in_files else self._open_backend(str(table), origin)
                )
            except SourceError as error:
                place = origin.file or origin.sql or origin.table or table
                self.problems.add(
                    "cannot-read-table",
                    place.at(0, len(place.splitlines()[0])),
                    f"Table `{table}`: {error.sentence}",
                    error.way_out,
                )
                continue
            self._fields[str(table)] = fields
        self._check_columns()
        return self

    def fields(self, table: str) -> dict[str, Field]:
        """The columns of `table` that rules can read; empty when it could not be opened."""
        return self._fields.get(table, {})

    def has(self, table: str) -> bool:
        """Whether `table` could be opened."""
        return table in self._fields

    @property
    def stamp(self) -> str:
        """Changes whenever a file does; empty for databases, whose change nobody announces."""
        return "-".join(self._stamps[table] for table in sorted(self._stamps)) if self.in_files else ""

    def customer_column(self, table: str) -> str | None:
        """Whose row it is: the column of `table` that names the customer."""
        if table == "orders":
            return str(self.rules.source.order.customer)
        if table == "customers":
            return str(self.rules.source.customer.id)
        origin = self.rules.source.tables.get(Written(table))
        default = str(self.rules.source.customer.id)
        return (
            str(origin.customer) if origin and origin.customer else (default if default in self.fields(table) else None)
        )

    def time_column(self, table: str) -> str | None:
        """When it happened: the column of `table` that `last` and first/last count by."""
        if table == "orders":
            return str(self.rules.source.order.at)
        origin = self.rules.source.tables.get(Written(table))
        return str(origin.at) if origin and origin.at else None

    def expression(self, table: str) -> Any:
        """`table` as an Ibis expression with the kinds made alike."""
        if self.in_files:
            return self.backend.table(table)
        return self._alike(table, self._backend_table(self.rules.source.tables[Written(table)]))

    # What a column must be.

    def fixed(self, table: str) -> dict[str, Kind]:
        """Columns of `table` whose kind the mapping or `types` says."""
        kinds: dict[str, Kind] = {
            str(column): kind for column, kind in self.rules.source.types.items() if "." not in column
        }
        kinds |= {
            column.split(".", 1)[1]: kind
            for column, kind in self.rules.source.types.items()
            if column.startswith(f"{table}.")
        }
        if table == "customers":
            customer = self.rules.source.customer
            for meaning, column in customer.mapped().items():
                kinds[column] = "date" if meaning == "birthday" else "text"
            for consent in (customer.consent.email, customer.consent.sms):
                if consent:
                    kinds[str(consent)] = "yes_no"
        elif table == "orders":
            order = self.rules.source.order
            kinds |= {
                str(order.id): "text",
                str(order.customer): "text",
                str(order.at): "time",
                str(order.amount): "number",
            }
            if order.code:
                kinds[str(order.code)] = "text"
        else:
            if owner := self.customer_column(table):
                kinds[owner] = "text"
            origin = self.rules.source.tables.get(Written(table))
            if origin and origin.at:
                kinds.setdefault(str(origin.at), "time")
        return kinds

    def money(self, table: str) -> frozenset[str]:
        """Columns of `table` that hold money and stay decimal."""
        return frozenset({str(self.rules.source.order.amount)} if table == "orders" else ())

    # Files.

    def _open_files(self, table: str, origin: Table) -> dict[str, Field]:
        notes: Mapping[str, str] = {}
        try:
            if origin.file:
                rows, notes = self._rows_of_files(table, str(origin.file))
            elif origin.sql:
                rows = f"({str(origin.sql).strip().rstrip(';')})"
            else:
                raise SourceError(
                    f"There is no database that holds `{origin.table}`.",
                    "Name a file such as data/customers.csv, or say `source.connect`.",
                )
            described = self.connection.execute(f"describe select * from {rows} limit 0").fetchall()
            casts = ", ".join(self._cast(table, row[0], row[1]) for row in described)
            self.connection.execute(f"create or replace view {engine.name(table)} as select {casts} from {rows}")
        except duckdb.Error as error:
            raise SourceError(
                f"DuckDB refuses the query ({_first_words(error)}).", "Run it in DuckDB until it works."
            ) from None
        described = self.connection.execute(f"describe {engine.name(table)}").fetchall()
        return {row[0]: Field(kind, note=notes.get(row[0], "")) for row in described if (kind := kind_of(row[1]))}

    def _rows_of_files(self, table: str, pattern: str) -> tuple[str, Mapping[str, str]]:
        files = matching(self.root, pattern)
        if any(file.suffix.lower() == ".parquet" for file in files):
            self._stamps[table] = stamp(self.root, files)
            return f"read_parquet([{', '.join(engine.text(str(file)) for file in files)}], union_by_name = true)", {}
        prepared = CsvTable(
            self.connection, self.root, table, files, self.fixed(table), self.money(table), self.zone
        ).prepare()
        self.unreadable += [(table, one) for one in prepared.unreadable]
        self._stamps[table] = prepared.stamp
        return f"read_parquet([{', '.join(engine.text(path) for path in prepared.paths)}])", prepared.kinds

    def _cast(self, table: str, column: str, type_name: str) -> str:
        quoted, wanted, has = engine.name(column), self.fixed(table).get(column), kind_of(type_name)
        expression = quoted
        if wanted == "text" and has == "number":
            whole = type_name.lower() in ("double", "float")
            expression = f"cast({f'cast({quoted} as bigint)' if whole else quoted} as varchar)"
        elif wanted == "text" and type_name.lower() != "varchar":
            expression = f"cast({quoted} as varchar)"
        elif column in self.money(table) and not type_name.lower().startswith("decimal(18,2"):
            expression = f"try_cast({quoted} as decimal(18, 2))"
        elif type_name.lower() == "timestamp with time zone":
            expression = f"timezone({engine.text(self.zone)}, {quoted})"
        elif wanted == "time" and has == "date":
            expression = quoted
        elif wanted and wanted != has:
            expression = f"try_cast({quoted} as {SQL_TYPE[wanted]})"
        elif type_name.lower() in ("double", "float"):
            expression = f"case when isfinite({quoted}) then {quoted} end"
        return f"{expression} as {quoted}"

    # Databases.

    def _open_backend(self, table: str, origin: Table) -> dict[str, Field]:
        if origin.file:
            raise SourceError(
                "A file cannot be read by the database of `source.connect`.",
                "Use duckdb:// for files, or name a table of the database.",
            )
        try:
            schema = self._alike(table, self._backend_table(origin)).schema()
        except RegularsError:
            raise
        except Exception as error:  # noqa: BLE001  # every backend raises its own
            raise SourceError(
                f"The database refuses it ({type(error).__name__}).",
                "Check the name, the query and the rights of the role.",
            ) from None
        return {column: Field(kind) for column, dtype in schema.items() if (kind := kind_of(_ibis_name(dtype)))}

    def _backend_table(self, origin: Table) -> Any:
        if origin.sql:
            query = str(origin.sql).strip().rstrip(";")
            # Ibis would create a temporary view to learn the columns, which a read-only role may not.
            return self.backend.sql(query, schema=self._schema_of(query))
        parts = str(origin.table).rsplit(".", 1)
        return self.backend.table(parts[-1], database=parts[0] if len(parts) == 2 else None)

    def _schema_of(self, query: str) -> Any:
        if self.backend.name != "postgres":
            return None
        import ibis

        with self.backend.raw_sql(f"select * from ({query}) as regulars_columns limit 0") as cursor:
            described = [
                (column.name, column.type_code, column.precision, column.scale) for column in cursor.description
            ]
        types = {
            16: "boolean",
            20: "int64",
            21: "int16",
            23: "int32",
            700: "float32",
            701: "float64",
            1082: "date",
            1114: "timestamp",
            1184: "timestamp('UTC')",
        }
        return ibis.schema(
            {
                column: types.get(
                    code, f"decimal({precision or 38}, {scale if precision else 9})" if code == 1700 else "string"
                )
                for column, code, precision, scale in described
            }
        )

    def _alike(self, table: str, rows: Any) -> Any:
        """`rows` with ids as text, amounts as decimal and times without a zone."""
        changes: dict[str, Any] = {}
        fixed = self.fixed(table)
        for column, dtype in rows.schema().items():
            value, has = rows[column], kind_of(_ibis_name(dtype))
            wanted = fixed.get(column)
            if wanted == "text" and not dtype.is_string():
                changes[column] = (value.cast("int64") if dtype.is_floating() else value).cast("string")
            elif column in self.money(table):
                changes[column] = value.cast("decimal(18, 2)")
            elif dtype.is_timestamp() and dtype.timezone:
                changes[column] = at_zone(self.zone, value)
            elif wanted == "yes_no" and dtype.is_string():
                spelt = value.lower()
                changes[column] = spelt.isin(["true", "yes", "t", "y", "1", "da"])
            elif wanted and has and wanted != has and not (wanted == "time" and has == "date"):
                changes[column] = (
                    value.try_cast(IBIS_TYPE[wanted])
                    if self.backend.name == "duckdb"
                    else value.cast(IBIS_TYPE[wanted])
                )
        return rows.mutate(**changes) if changes else rows

    # What must be there.

    def _check_columns(self) -> None:
        customer, order = self.rules.source.customer, self.rules.source.order
        mapped = {
            "customers": [
                *(getattr(customer, meaning) for meaning in customer.mapped()),
                customer.consent.email,
                customer.consent.sms,
            ],
            "orders": [order.id, order.customer, order.at, order.amount, order.code],
        }
        for table, columns in mapped.items():
            for column in columns:
                if column is not None and self.has(table):
                    self.require(table, column)
        for table, origin in self.rules.source.tables.items():
            for column in (origin.customer, origin.at):
                if column is not None and self.has(str(table)):
                    self.require(str(table), column)

    def require(self, table: str, column: Written) -> bool:
        """Whether `table` has `column`; a problem when not."""
        if str(column) in self.fields(table):
            return True
        import difflib

        near = difflib.get_close_matches(str(column), self.fields(table), 1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        self.problems.add(
            "missing-column",
            column.at(0, len(column)),
            f"Table `{table}` has no column `{column}`.{hint}",
            "it has: " + ", ".join(self.fields(table)),
        )
        return False


SQL_TYPE: dict[str, str] = {
    "text": "varchar",
    "number": "double",
    "date": "date",
    "time": "timestamp",
    "yes_no": "boolean",
}
IBIS_TYPE: dict[str, str] = {
    "text": "string",
    "number": "float64",
    "date": "date",
    "time": "timestamp",
    "yes_no": "boolean",
}


def at_zone(zone: str, value: Any) -> Any:
    """`timezone(zone, value)`: spelt and meant alike by DuckDB and PostgreSQL. With a zone → without, and back."""
    import ibis
    import ibis.expr.datatypes as dt

    def timezone(zone: str, moment: Any) -> Any: ...

    function = ibis.udf.scalar.builtin(timezone, signature=((dt.string, dt.timestamp), dt.timestamp))
    return function(zone, value)


def _ibis_name(dtype: Any) -> str:
    return re.sub(r"[(!].*", "", str(dtype)) or str(dtype)


def _first_words(error: Exception) -> str:
    """The kind of a DuckDB error without what it quotes."""
    return (
        re.sub(r"\s+", " ", str(error).split("\n", 1)[0])[:160]
        if isinstance(error, (duckdb.CatalogException, duckdb.BinderException, duckdb.ParserException))
        else type(error).__name__
    )
