"""COPY: how many rows enter PostgreSQL at once, on the connection and in the transaction that SQLAlchemy holds.

Arrow writes the rows as CSV, quotes every text and no null, which is what COPY's CSV reads. Only a text with a line
that is nothing but `\\.` would end the rows too early on servers before 18; psycopg writes such rows itself.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from psycopg import Connection as Driver
from psycopg import Cursor, Error, sql
from psycopg.errors import UniqueViolation
from pyarrow import csv
from sqlalchemy import Connection
from sqlmodel import SQLModel

from regulars.ledger import crossing

STAGE = "regulars_stage"
FEW = 100
"""So many rows are faster as statements than through a temporary table."""
_END_OF_ROWS = "\\."

_DROP = "DROP TABLE {stage}"
_CSV = "COPY {table} ({columns}) FROM STDIN (FORMAT csv)"
_TEXT = "COPY {table} ({columns}) FROM STDIN"
_STAGE = "CREATE TEMPORARY TABLE {stage} (LIKE {table}) ON COMMIT DROP"
_TAKE = "INSERT INTO {table} ({columns}) SELECT {columns} FROM {stage} ON CONFLICT DO NOTHING"
_FEW = "INSERT INTO {table} ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING"


def insert(connection: Connection, table: type[SQLModel], rows: pa.Table, *, skip_existing: bool) -> int:
    """Insert rows that have the ledger's types (`crossing.fitted`); how many are new. See `bulk.insert`."""
    name = crossing.name_of(table)
    try:
        with _driver(connection).cursor() as cursor:
            if not skip_existing:
                return _copy(cursor, name, rows)
            keys = crossing.keys(table)
            # In one order for everybody: two transactions with the same people wait for each other, not in a circle.
            rows = rows.sort_by([(key, "ascending") for key in keys])
            if rows.num_rows <= FEW:
                return _one_by_one(cursor, name, rows)
            return _all_new(connection, cursor, name, rows) or _through_stage(cursor, name, rows)
    except Error as error:
        # PostgreSQL's own words quote the row.
        raise crossing.RowsRefused(name, error.sqlstate or "") from None


def _one_by_one(cursor: Cursor[Any], table: str, rows: pa.Table) -> int:
    words = _words(table=table, columns=rows.column_names)
    words["values"] = sql.SQL(", ").join([sql.Placeholder()] * rows.num_columns)
    cursor.executemany(sql.SQL(_FEW).format(**words), list(tuples(rows)))
    return cursor.rowcount


def _all_new(connection: Connection, cursor: Cursor[Any], table: str, rows: pa.Table) -> int:
    """As if all rows were new, which they nearly always are, and twice as fast; 0, and nothing done, if one is not."""
    try:
        with connection.begin_nested():
            return _copy(cursor, table, rows)
    except UniqueViolation:
        return 0


def _through_stage(cursor: Cursor[Any], table: str, rows: pa.Table) -> int:
    stage = f"{STAGE}_{table}"
    words = _words(table=table, stage=stage, columns=rows.column_names)
    cursor.execute(sql.SQL(_STAGE).format(**words))
    _copy(cursor, stage, rows)
    cursor.execute(sql.SQL(_TAKE).format(**words))
    new = cursor.rowcount
    cursor.execute(sql.SQL(_DROP).format(**words))
    return new


def _copy(cursor: Cursor[Any], table: str, rows: pa.Table) -> int:
    words = _words(table=table, columns=rows.column_names)
    if _would_end_early(rows):
        with cursor.copy(sql.SQL(_TEXT).format(**words)) as copy:
            for row in tuples(rows):
                copy.write_row(row)
        return int(rows.num_rows)
    written = io.BytesIO()
    csv.write_csv(rows, written, csv.WriteOptions(include_header=False))
    with cursor.copy(sql.SQL(_CSV).format(**words)) as copy:
        copy.write(written.getbuffer())
    return int(rows.num_rows)


def tuples(rows: pa.Table) -> Iterator[tuple[Any, ...]]:
    """The rows as psycopg takes them."""
    return zip(*(column.to_pylist() for column in rows.columns), strict=True)


def _driver(connection: Connection) -> Driver[Any]:
    driver: Driver[Any] = connection.connection.driver_connection  # type: ignore[assignment]  # psycopg, by our URL
    return driver


def _words(**names: str | list[str]) -> dict[str, sql.Composable]:
    return {
        key: sql.SQL(", ").join(map(sql.Identifier, name)) if isinstance(name, list) else sql.Identifier(name)
        for key, name in names.items()
    }


def _would_end_early(rows: pa.Table) -> bool:
    texts = [column for column in rows.columns if pa.types.is_string(column.type)]
    return any(pc.any(pc.match_substring(column, _END_OF_ROWS)).as_py() for column in texts)
