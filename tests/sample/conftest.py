"""The sample shop, laid once, and a DuckDB that sees its files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from regulars import sample
from regulars.sample import tables

DAY = date(2026, 11, 21)


def _seen(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection with one table of text for each file."""
    connection = duckdb.connect()
    for table in tables.COLUMNS:
        file = tables.path(folder, table)
        connection.execute(f"create table {table} as from read_csv('{file}', all_varchar = true)")
    return connection


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop as `init` lays it. Read it, do not write to it."""
    folder = tmp_path_factory.mktemp("shop")
    sample.lay(folder, DAY)
    return folder


@pytest.fixture(scope="session")
def look(shop: Path) -> duckdb.DuckDBPyConnection:
    return _seen(shop)


@pytest.fixture(scope="session")
def seen() -> Callable[[Path], duckdb.DuckDBPyConnection]:
    """Look into a shop that is not `shop`."""
    return _seen


@pytest.fixture
def living(shop: Path, tmp_path: Path) -> Path:
    """A copy of the shop in which orders may arrive."""
    shutil.copytree(shop, tmp_path, dirs_exist_ok=True)
    return tmp_path
