"""Connections to the ledger: SQLite through SQLAlchemy's own driver, PostgreSQL through psycopg.

Nothing else may ever open a SQLite ledger: a second SQLite library in the process breaks this one's locks.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import StaticPool

from regulars.errors import OutsideError, WrongUse

BUSY = 30_000
"""Milliseconds a writer waits for another one on SQLite."""
CACHE = -65_536
"""SQLite's page cache, in KiB (negative means KiB): the random inserts of a chunk stay in memory."""
WRITING = "regulars_writing"
"""Execution option of a connection: its transaction takes SQLite's write lock at once."""


def _no_rows(record: logging.LogRecord) -> bool:
    """At DEBUG SQLAlchemy logs every row it reads, and `hide_parameters` does not hide those: they are people."""
    return record.levelno > logging.DEBUG


for _name in ("sqlalchemy.engine.Engine", "sqlalchemy.engine.base.Engine"):
    logging.getLogger(_name).addFilter(_no_rows)


def address(url: str, folder: Path) -> URL:
    """The ledger's address: `url` (`REGULARS_LEDGER`), or SQLite in `folder` when that is empty.

    Raises WrongUse when `url` names a database that is neither SQLite nor PostgreSQL.
    """
    if not url:
        return URL.create("sqlite", database=str(folder / "ledger.sqlite"))
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise WrongUse("`REGULARS_LEDGER` is not a database's address.", _EXAMPLES) from None
    kind = parsed.get_backend_name()
    if kind in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if kind == "sqlite" and parsed.database and parsed.database != ":memory:":
        return URL.create("sqlite", database=str(Path(parsed.database).absolute()))
    raise WrongUse("A ledger is a SQLite file or a PostgreSQL database; `REGULARS_LEDGER` names neither.", _EXAMPLES)


def file_of(url: URL) -> Path:
    """The file of a SQLite ledger."""
    return Path(str(url.database))


_EXAMPLES = "Leave it empty, or write `postgresql+psycopg://user@host/database`."


def connected(url: URL, *, read_only: bool = False) -> Engine:
    """An engine whose connections keep the ledger's promises. `read_only` ones cannot change anything."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, read_only=read_only)
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=True)
    setting = "default_transaction_read_only = on" if read_only else "synchronous_commit = on"

    def prepare(connection: Any, _record: Any) -> None:
        connection.execute(f"SET {setting}")
        connection.commit()

    event.listen(engine, "connect", prepare)
    return engine


def refuse_forgetful(connection: Connection) -> None:
    """Raise OutsideError for a PostgreSQL that does not wait for its disk: after a crash it would send twice."""
    if connection.dialect.name == "postgresql" and connection.exec_driver_sql("SHOW fsync").scalar() == "off":
        raise OutsideError(
            "This PostgreSQL runs with fsync = off: after a crash it would forget what was sent, and send it again.",
            "Set `fsync = on` in its postgresql.conf, or take another database for REGULARS_LEDGER.",
        )


def prepare_file(engine: Engine, file: Path) -> None:
    """Make the SQLite file, readable by its owner alone, in the mode that lets people read while somebody writes."""
    if not file.exists():
        file.touch(mode=0o600)
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        if cursor.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            cursor.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def scrub(opened: Engine) -> bool:
    """Leave nothing of erased rows in a SQLite file or its log; whether that came off, which a reader can prevent.

    Raises the driver's OperationalError where there is no room for a second copy of the file.
    """
    connection = opened.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.execute("VACUUM")
        busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()
    return not busy


def empty() -> Engine:
    """An engine on a SQLite database in memory, for a ledger that does not exist yet."""
    engine = create_engine(
        "sqlite://", hide_parameters=True, poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    _own_transactions(engine)
    return engine


def _sqlite(url: URL, *, read_only: bool) -> Engine:
    if read_only:
        file = Path(str(url.database)).absolute()
        url = url.set(database=file.as_uri(), query={"mode": _looking_mode(file), "uri": "true"})
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY / 1000})

    def prepare(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA busy_timeout = {BUSY}")
        connection.execute(f"PRAGMA cache_size = {CACHE}")
        connection.execute("PRAGMA foreign_keys = ON")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
        else:
            connection.execute("PRAGMA synchronous = FULL")

    event.listen(engine, "connect", prepare)
    _own_transactions(engine)
    return engine


def _looking_mode(file: Path) -> str:
    """`rw` where nothing waits in the log: only who may write can take away the files that reading lays beside it.

    `ro` where a killed writer left something there, which closing an `rw` connection would move into the ledger.
    `query_only` guards both.
    """
    log = file.with_name(file.name + "-wal")
    waits = log.exists() and log.stat().st_size > 0
    return "rw" if not waits and os.access(file, os.W_OK) and os.access(file.parent, os.W_OK) else "ro"


def _own_transactions(engine: Engine) -> None:
    """Python's sqlite3 begins transactions when it likes; the ledger says itself when, and of which kind."""

    def leave_alone(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    def begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get(WRITING)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    event.listen(engine, "connect", leave_alone, insert=True)
    event.listen(engine, "begin", begin)
