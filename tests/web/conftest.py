"""Visits to the web app of a small shop, on either ledger. It is laid once, and each test has a copy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from visits import Visit, lay, surround, visited


class Laid(NamedTuple):
    """A shop to copy: its folder, what went out, and the PostgreSQL database of its ledger."""

    root: Path
    arrived: list[Any]
    database: str = ""


@pytest.fixture(scope="session")
def laid_in_a_file(tmp_path_factory: pytest.TempPathFactory) -> Laid:
    root = tmp_path_factory.mktemp("laid") / "shop"
    return Laid(root, lay(root))


@pytest.fixture(scope="session")
def laid_in_postgres(tmp_path_factory: pytest.TempPathFactory, postgres_server: Any) -> Laid:
    root = tmp_path_factory.mktemp("laid") / "shop"
    statement(postgres_server, "CREATE DATABASE laid_visit")
    return Laid(root, lay(root, postgres_server.get_uri("laid_visit")), "laid_visit")


def statement(server: Any, sql: str) -> None:
    import psycopg

    with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
        connection.execute(sql)


@pytest.fixture
def quick_visit(laid_in_a_file: Laid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visit]:
    """A visit on a file alone, for what has nothing to do with the ledger."""
    shutil.copytree(laid_in_a_file.root, tmp_path / "shop")
    surround(monkeypatch, "")
    with visited(tmp_path / "shop", laid_in_a_file.arrived) as opened:
        yield opened


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def visit(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visit]:
    """A visit, on a ledger in a file and on a real PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("quick_visit")
        return
    laid, server = request.getfixturevalue("laid_in_postgres"), request.getfixturevalue("postgres_server")
    shutil.copytree(laid.root, tmp_path / "shop")
    statement(server, f"CREATE DATABASE visit TEMPLATE {laid.database}")
    try:
        surround(monkeypatch, server.get_uri("visit"))
        with visited(tmp_path / "shop", laid.arrived) as opened:
            yield opened
    finally:
        statement(server, "DROP DATABASE visit WITH (FORCE)")
