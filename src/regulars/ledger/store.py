"""The ledger: one database, its transactions, and its rows as Arrow tables."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
from sqlalchemy import Connection, Engine, Executable, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel, col

from regulars import clock
from regulars.errors import OutsideError, ProjectError
from regulars.ledger import bulk, engine, ids, revisions, salts
from regulars.ledger.tables import Salt
from regulars.ledger.turnstile import turn

PULSE_SLOTS = 16

_BEAT = "UPDATE pulse SET changes = changes + 1 WHERE slot = :slot"
_PULSE = "SELECT sum(changes) FROM pulse"
_PRESENT = {
    "postgresql": "SELECT clock_timestamp()",
    "sqlite": "SELECT strftime('%Y-%m-%d %H:%M:%f+00:00', 'now')",
}
_ADOPT = "INSERT INTO salt (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING"


class Ledger:
    """What Regulars did and heard. `open` one to write, `look` at one to read.

    `looking` tells which; `exists` is False for a look at a ledger that nobody has written yet.
    """

    def __init__(self, url: URL, folder: Path, opened: Engine, *, looking: bool = False, exists: bool = True) -> None:
        self.url = url
        self.folder = folder
        self.engine = opened
        self.looking = looking
        self.exists = exists
        self._mine = threading.local()
        self._salts: dict[str, str] = {}
        self._slot = int(ids.one()[-1], 16) % PULSE_SLOTS

    @classmethod
    def open(cls, url: str, folder: Path) -> Ledger:
        """The ledger at `url` (empty: SQLite in `folder`), created or brought up to date first.

        Raises WrongUse for an address that is no ledger's, ProjectError for a ledger of a newer Regulars, OutsideError
        when the database cannot be reached.
        """
        where = engine.address(url, folder)
        ledger = cls(where, folder, engine.connected(where))
        with _outside(where):
            if ledger.dialect == "sqlite":
                with turn(_file(where)):
                    engine.prepare_file(ledger.engine, _file(where))
            connection = ledger.engine.connect()
        with connection:
            engine.refuse_forgetful(connection)
            current = revisions.is_current(connection)
        if not current:
            with ledger._transaction() as connection:
                revisions.upgrade(connection)
            for name in salts.OF_A_LEDGER:
                ledger.salt(name)
        return ledger

    @classmethod
    def look(cls, url: str, folder: Path) -> Ledger:
        """The same ledger, to read: never changes it, never creates it; an empty one where there is none.

        Raises as `open` does, and ProjectError for a ledger of an older Regulars, which only `open` may change.
        """
        where = engine.address(url, folder)
        if where.get_backend_name() == "sqlite" and not _is_begun(_file(where)):
            return cls._nothing(where, folder)
        ledger = cls(where, folder, engine.connected(where, read_only=True), looking=True)
        with _outside(where):
            connection = ledger.engine.connect()
        with connection:
            if revisions.is_current(connection):
                return ledger
            stands_at = revisions.revision(connection)
        ledger.close()
        if stands_at:
            raise ProjectError(
                "The ledger was written by an older Regulars, and looking at it must not change it.",
                "`regulars run`, or any command that writes, brings it up to date.",
            )
        return cls._nothing(where, folder)

    @classmethod
    def _nothing(cls, where: URL, folder: Path) -> Ledger:
        nothing = engine.empty()
        with nothing.begin() as connection:
            SQLModel.metadata.create_all(connection)
        return cls(where, folder, nothing, looking=True, exists=False)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that may write: committed at the end, rolled back when anything is raised.

        Keep it short (10,000 people at most): on SQLite everybody else who writes waits for it, in turn.
        Raises OutsideError when the ledger stays busy, or cannot be reached.
        """
        with self._transaction() as connection:
            yield connection
            connection.execute(text(_BEAT), {"slot": self._slot})

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read with: on SQLite everything read inside is of one moment."""
        with _outside(self.url):
            connection = self.engine.connect()
        with connection:
            yield connection

    def arrow(
        self, statement: str | Executable, parameters: Mapping[str, Any] | None = None, *, schema: pa.Schema
    ) -> pa.Table:
        """The rows of `statement` (SQL text, or a select) as an Arrow table of exactly `schema`, column by position.

        Moments are `timestamp[us, tz=UTC]`, money `decimal128(14, 2)`, text `string`. Parameters are bound by name;
        aware datetimes among them are bound as the ledger keeps times.
        """
        with self.reading() as connection:
            return bulk.read(connection, statement, parameters, schema=schema)

    def salt(self, name: str) -> str:
        """The random secret `name` of this ledger: 32 hexadecimal digits, the same for ever."""
        if name not in self._salts:
            self._salts[name] = self._salt(name)
        return self._salts[name]

    def _salt(self, name: str) -> str:
        with self.reading() as connection:
            value = connection.execute(select(col(Salt.value)).where(col(Salt.name) == name)).scalar()
        if value:
            return str(value)
        if self.looking:
            return salts.kept(self.folder, name)
        with self.writing() as connection:
            value = salts.waiting(self.folder, name) or salts.drawn()
            connection.execute(text(_ADOPT), {"name": name, "value": value})
            return str(connection.execute(select(col(Salt.value)).where(col(Salt.name) == name)).scalar_one())

    def version(self) -> str:
        """Changes whenever anybody has written to this ledger; cheap. Facts read at one version stay true for it."""
        with self.reading() as connection:
            changes = connection.execute(text(_PULSE)).scalar()
        return f"{int(changes):x}" if self.exists and changes is not None else "none"

    def present(self) -> datetime:
        """The present by the database's own clock, which all its workers share; or the time that is set (`clock`).

        Leases are measured with it: a machine whose clock is wrong takes nobody's messages away.
        """
        if clock.is_set():
            return clock.now()
        with self.reading() as connection:
            found = connection.execute(text(_PRESENT[self.dialect])).scalar_one()
        return (datetime.fromisoformat(found) if isinstance(found, str) else found).astimezone(UTC)

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        if self.looking:
            raise RuntimeError("this ledger was opened to look at")
        if getattr(self._mine, "writing", False):
            raise RuntimeError(
                "this thread writes to the ledger already: a second transaction would wait for the first"
            )
        self._mine.writing = True
        try:
            with turn(_file(self.url)) if self.dialect == "sqlite" else nullcontext():
                with _outside(self.url):
                    connection = self.engine.connect().execution_options(**{engine.WRITING: True})
                    transaction = connection.begin()
                with connection, transaction:
                    yield connection
        finally:
            self._mine.writing = False


def _file(url: URL) -> Path:
    return Path(str(url.database))


def _is_begun(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


@contextmanager
def _outside(url: URL) -> Iterator[None]:
    """The database's own refusals, in our words: its own may quote the address with the password in it."""
    try:
        yield
    except DBAPIError as error:
        busy = "locked" in str(error.orig)
        if busy:
            raise OutsideError(
                "The ledger is busy: somebody else has been writing to it for half a minute.",
                "Try again; if nothing else runs, look for a process that hangs.",
            ) from None
        place = str(_file(url)) if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
        raise OutsideError(f"The ledger at `{place}` cannot be opened.", "Look at `REGULARS_LEDGER`.") from error
