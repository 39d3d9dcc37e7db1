"""DuckDB in process: the engine that does the rest, so that a rule means the same everywhere."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pyarrow as pa

Connection = duckdb.DuckDBPyConnection
"""DuckDB in process, as other parts hold it."""

MEMORY = "3GB"
"""More than this spills to `.regulars/tmp`: a laptop must stay usable beside a million customers."""


def connect(scratch: Path) -> Connection:
    """A fresh in-memory DuckDB whose overflow goes to `scratch`. Its session zone is UTC; callers say other zones.

    `REGULARS_DUCKDB_MEMORY` and `REGULARS_DUCKDB_THREADS` keep it from taking the whole of a machine that others share.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": os.environ.get("REGULARS_DUCKDB_MEMORY", MEMORY)
    }
    if threads := os.environ.get("REGULARS_DUCKDB_THREADS"):
        config["threads"] = threads
    connection = duckdb.connect(config=config)
    connection.execute(f"set temp_directory = {text(str(scratch))}")
    connection.execute("set TimeZone = 'UTC'")
    # Where it takes Python for interactive (`python -c`, a notebook), DuckDB draws a bar into the answer on stdout.
    connection.execute("set enable_progress_bar = false")
    for macro in MACROS:
        connection.execute(macro)
    return connection


def name(identifier: str) -> str:
    """`identifier` quoted for SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """`value` as a literal for SQL."""
    return "'" + value.replace("'", "''") + "'"


def arrow(connection: Connection, sql: str, parameters: object = None) -> pa.Table:
    """The result of `sql` as one Arrow table."""
    return connection.execute(sql, parameters).to_arrow_table()


def keep(connection: Connection, relation: str, rows: pa.Table) -> None:
    """Copy an Arrow table into DuckDB as the temporary table `relation`."""
    connection.register("regulars_arriving", rows)
    try:
        connection.execute(f"create or replace temp table {name(relation)} as select * from regulars_arriving")
    finally:
        connection.unregister("regulars_arriving")


MACROS = (
    # 29 February is kept on 28 February in common years.
    """create macro anniversary(born, in_year) as make_date(
         in_year, month(born),
         case when month(born) = 2 and day(born) = 29
               and not (in_year % 4 = 0 and (in_year % 100 <> 0 or in_year % 400 = 0)) then 28 else day(born) end)""",
    """create macro last_anniversary(born, on_day) as
         case when anniversary(born, year(on_day)) <= on_day then anniversary(born, year(on_day))
              else anniversary(born, year(on_day) - 1) end""",
    """create macro next_anniversary(born, on_day) as
         case when anniversary(born, year(on_day)) >= on_day then anniversary(born, year(on_day))
              else anniversary(born, year(on_day) + 1) end""",
    # A share from 0 to 1 out of a hash: the same for the same salt and words, independent between them.
    "create macro hash_share(words) as ('0x' || left(sha256(words), 13))::bigint / 4503599627370496.0",
)
