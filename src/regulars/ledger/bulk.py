"""Many rows at once, always on the ledger's own connection and in the caller's transaction.

SQLite takes rows by `executemany`; PostgreSQL by COPY, into a temporary table first where rows may exist already.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    SQLColumnExpression,
    String,
    bindparam,
    cast,
    column,
    func,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

from regulars.ledger import crossing
from regulars.ledger.columns import Moment

FETCH = 100_000
"""How many rows are Python objects at one time on their way to Arrow."""
SLICE = 10_000
"""How many values one question about existing rows carries."""


def insert(connection: Connection, table: type[SQLModel], rows: pa.Table, *, skip_existing: bool = False) -> int:
    """Insert `rows` (columns named as the table's; missing ones take the model's defaults); how many are new.

    `skip_existing` leaves out rows that any unique key of the table already has, also when another transaction is
    writing them at this moment. Without it such a row raises `crossing.RowsRefused`.
    """
    if not rows.num_rows:
        return 0
    rows = crossing.fitted(table, rows)
    if connection.dialect.name == "postgresql":
        # Its driver takes a while to load, and most ledgers are files.
        from regulars.ledger import postgres

        return postgres.insert(connection, table, rows, skip_existing=skip_existing)
    names = ", ".join(f'"{name}"' for name in rows.column_names)
    places = ", ".join("?" * rows.num_columns)
    unless = " ON CONFLICT DO NOTHING" if skip_existing else ""
    statement = f'INSERT INTO "{crossing.name_of(table)}" ({names}) VALUES ({places}){unless}'
    try:
        return connection.exec_driver_sql(statement, list(crossing.tuples(rows))).rowcount
    except IntegrityError:
        raise crossing.RowsRefused(crossing.name_of(table)) from None


def existing(connection: Connection, table: type[SQLModel], column: str, values: pa.Array) -> pa.Array:
    """Those of `values` (text) that some row of `table` has in `column`: each once, in no particular order."""
    found: list[str] = []
    stored = next(stored for stored in crossing.columns(table) if stored.name == column)
    wanted = pc.unique(values)
    statement = select(stored).where(among(connection, stored, "wanted")).distinct()
    for start in range(0, len(wanted), SLICE):
        bound = listed(connection, wanted.slice(start, SLICE).to_pylist())
        found += connection.execute(statement, {"wanted": bound}).scalars().all()
    return pa.array(found, pa.string())


def read(
    connection: Connection,
    statement: str | Executable,
    parameters: Mapping[str, Any] | None = None,
    *,
    schema: pa.Schema,
) -> pa.Table:
    """The rows of `statement` as an Arrow table of exactly `schema`, column by position (see `Ledger.arrow`)."""
    bound = parameters or {}
    if isinstance(statement, str):
        moments = [bindparam(name, type_=Moment()) for name, value in bound.items() if isinstance(value, datetime)]
        statement = text(statement).bindparams(*moments)
    result = connection.execute(statement, bound)
    # Past SQLAlchemy's result types, which would touch every value in Python; Arrow converts whole columns.
    cursor = result.cursor
    if cursor is None:
        raise ValueError("a statement that returns no rows cannot be read")
    chunks = []
    while rows := cursor.fetchmany(FETCH):
        chunks.append(crossing.table_of(rows, schema))
    result.close()
    return pa.concat_tables(chunks) if chunks else schema.empty_table()


def among(connection: Connection, stored: SQLColumnExpression[str], parameter: str) -> ColumnElement[bool]:
    """`stored` is one of a list of texts, bound as one `parameter`, so that every length is the same statement."""
    if connection.dialect.name == "postgresql":
        return stored == func.any(bindparam(parameter, type_=ARRAY(String)))
    return stored.in_(select(column("value")).select_from(func.json_each(bindparam(parameter, type_=String))))


def listed(connection: Connection, values: Sequence[str]) -> Any:
    """The value to bind for `among`."""
    return list(values) if connection.dialect.name == "postgresql" else json.dumps(list(values))


def rowset(connection: Connection, parameter: str, kinds: Mapping[str, TypeEngine[Any]]) -> FromClause:
    """Rows with columns of `kinds`, bound as one `parameter` (see `json_of`), to join with or to update from."""
    bound = bindparam(parameter, type_=String)
    if connection.dialect.name == "postgresql":
        fields = [column(name, kind) for name, kind in kinds.items()]
        rows = func.json_to_recordset(cast(bound, JSON)).table_valued(*fields, name=parameter)
        return rows.render_derived(with_types=True)
    entry = func.json_each(bound).table_valued("value", name=f"{parameter}_json")
    taken = [func.json_extract(entry.c.value, f"$.{name}", type_=kind).label(name) for name, kind in kinds.items()]
    return select(*taken).subquery(parameter)


def json_of(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> str:
    """The value to bind for a `rowset`: texts, numbers, aware datetimes and None."""
    zone = "+00" if connection.dialect.name == "postgresql" else ""

    def moment(value: datetime) -> str:
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") + zone

    return json.dumps(rows, default=moment)
