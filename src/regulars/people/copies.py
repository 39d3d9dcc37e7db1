"""Copies of the shop's people in `.regulars`, Parquet: the rows of one person read, or taken out."""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import duckdb

from regulars.people import engine

GROUP = 10_000
"""Rows in a row group: what a batch is enrolled by."""


def rows_of(
    connection: engine.Connection, file: Path, columns: Iterable[str], values: Collection[str]
) -> list[dict[str, Any]]:
    """The rows of `file` in which one of `columns`, as far as it has them, holds one of `values`."""
    theirs = _theirs(connection, file, columns, values)
    found: list[dict[str, Any]] = engine.arrow(
        connection, f"select * from {_relation(file)} where {theirs or 'false'}"
    ).to_pylist()
    return found


def without(connection: engine.Connection, file: Path, columns: Iterable[str], values: Collection[str]) -> int:
    """Write `file` anew without those rows, as old as it was and for the same eyes; how many they were.

    A file that has none of `columns` goes altogether: nobody can tell whose rows it holds. So does a damaged one.
    """
    try:
        theirs = _theirs(connection, file, columns, values)
        if not theirs:
            file.unlink(missing_ok=True)
            return 1
        row = connection.execute(f"select count(*) from {_relation(file)} where {theirs}").fetchone()
        if row is None or not row[0]:
            return 0
        stands = file.stat()
        partial = file.with_name(f"{file.stem}.{secrets.token_hex(4)}.partial")
        partial.touch(0o600)
        options = f"format parquet, compression zstd, row_group_size {GROUP}"
        connection.execute(
            f"copy (select * from {_relation(file)} where not ({theirs})) to {engine.text(str(partial))} ({options})"
        )
    except duckdb.Error:
        file.unlink(missing_ok=True)
        return 1
    partial.chmod(stands.st_mode)
    os.utime(partial, ns=(stands.st_atime_ns, stands.st_mtime_ns))
    partial.replace(file)
    return int(row[0])


def _relation(file: Path) -> str:
    return f"read_parquet({engine.text(str(file))})"


def _theirs(connection: engine.Connection, file: Path, columns: Iterable[str], values: Collection[str]) -> str:
    """SQL: whether a row is theirs; empty where the file has none of the columns."""
    has = {row[0] for row in connection.execute(f"describe select * from {_relation(file)}").fetchall()}
    listed = ", ".join(engine.text(value) for value in sorted(values))
    tests = [
        f"coalesce(cast({engine.name(column)} as varchar) in ({listed}), false)" for column in columns if column in has
    ]
    return " or ".join(tests)
