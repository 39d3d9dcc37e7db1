"""COPY: how many rows enter PostgreSQL at once, on the connection and in the transaction that SQLAlchemy holds.

Arrow writes the rows as CSV, quotes every text and no null, which is what COPY's CSV reads. Only a text with a line
that is nothing but `\\.` would end the rows too early on servers before 18; psycopg writes such rows itself.
"""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from psycopg import Connection as Driver
from psycopg import Cursor, Error, sql
from pyarrow import csv
from sqlalchemy import Connection
from sqlmodel import SQLModel

from regulars.ledger import crossing

STAGE = "regulars_stage"
_END_OF_ROWS = "\\."

_DROP = "DROP TABLE {stage}"
_CSV = "COPY {table} ({columns}) FROM STDIN (FORMAT csv)"
_TEXT = "COPY {table} ({columns}) FROM STDIN"
_STAGE = "CREATE TEMPORARY TABLE {stage} (LIKE {table}) ON COMMIT DROP"
# In one order for everybody: two transactions with the same people then wait for each other, not in a circle.
_TAKE = "INSERT INTO {table} ({columns}) SELECT {columns} FROM {stage} ORDER BY {keys} ON CONFLICT DO NOTHING"


def insert(connection: Connection, table: type[SQLModel], rows: pa.Table, *, skip_existing: bool) -> int:
    """Insert rows that have the ledger's types (`crossing.fitted`); how many are new. See `bulk.insert`."""
    name = crossing.name_of(table)
    try:
        with _driver(connection).cursor() as cursor:
            if skip_existing:
                return _through_stage(cursor, name, crossing.keys(table), rows)
            _copy(cursor, name, rows)
            return int(rows.num_rows)
    except Error as error:
        # PostgreSQL's own words quote the row.
        raise crossing.RowsRefused(name, error.sqlstate or "") from None


def _through_stage(cursor: Cursor[Any], table: str, keys: list[str], rows: pa.Table) -> int:
    stage = f"{STAGE}_{table}"
    words = _words(table=table, stage=stage, columns=rows.column_names, keys=keys)
    cursor.execute(sql.SQL(_STAGE).format(**words))
    _copy(cursor, stage, rows)
    cursor.execute(sql.SQL(_TAKE).format(**words))
    new = cursor.rowcount
    cursor.execute(sql.SQL(_DROP).format(**words))
    return new


def _copy(cursor: Cursor[Any], table: str, rows: pa.Table) -> None:
    words = _words(table=table, columns=rows.column_names)
    if _would_end_early(rows):
        with cursor.copy(sql.SQL(_TEXT).format(**words)) as copy:
            for row in zip(*(column.to_pylist() for column in rows.columns), strict=True):
                copy.write_row(row)
        return
    written = io.BytesIO()
    csv.write_csv(rows, written, csv.WriteOptions(include_header=False))
    with cursor.copy(sql.SQL(_CSV).format(**words)) as copy:
        copy.write(written.getbuffer())


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
