"""The inbox: posts of providers as they came, each kept once before it is answered, and read afterwards.

Beside a PostgreSQL ledger it is a table of the same database; beside a SQLite one a file of its own, so that a run
that writes chunk after chunk never delays an answer. How far it was read is the ledger's cursor `inbox`: an older copy
of the ledger reads again what it has forgotten.
"""

from __future__ import annotations

import contextlib
import json
import queue
import re
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self
from urllib.parse import quote

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    delete,
    func,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from regulars import clock
from regulars.errors import OutsideError
from regulars.ledger import engine
from regulars.ledger.columns import Moment
from regulars.ledger.store import Ledger

FILE = "inbox.sqlite"
CURSOR = "inbox"
"""The ledger's cursor: the id of the last post that was read."""
WINDOW = 0.003
"""Seconds that a post waits for others to share its commit with."""
TOGETHER = 500
"""At most so many posts share a commit."""
SLICE = 200
"""So many old posts are thrown away at a time, so that nobody waits for it."""

_ID = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
INBOX = Table(
    "inbox",
    MetaData(),
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("provider", String, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("told", String, nullable=False),
    Column("received_at", Moment(), nullable=False),
    UniqueConstraint("provider", "digest"),
    sqlite_autoincrement=True,
)
FORGET_AT_ONCE = 200
STRUCK = b"forgotten"
_NUMBER = re.compile(r"\+?[0-9]{7,15}")
# Ids must become visible in their order: a reader that has seen one would never come back for a lower one.
_IN_ORDER = "SELECT pg_advisory_xact_lock(hashtext('regulars.inbox'))"
_BEGIN_AT = (
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'inbox', :first WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence)"
)


@dataclass(frozen=True, slots=True)
class Post:
    """A genuine post. Its `repr` shows no content."""

    provider: str
    """`sendgrid`, `twilio-status` or `twilio-inbound`."""
    digest: str
    """What makes it one among those of its provider."""
    body: bytes = field(repr=False)
    told: str = field(default="", repr=False)
    """What matters of its address and headers."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A post in the inbox."""

    id: int
    provider: str
    body: bytes = field(repr=False)
    told: str = field(repr=False)
    received_at: datetime


class Inbox:
    """Open it with `open` or `beside`, close it with `close`. Any number of threads may use one."""

    def __init__(self, opened: Engine, *, own: bool = True) -> None:
        """`opened` is an engine of a database that has the table; `own`: it is given back at the end."""
        self.engine = opened
        self._own = own
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._starting = threading.Lock()
        self._closed = False

    @classmethod
    def open(cls, url: str, folder: Path) -> Inbox:
        """The inbox of the ledger at `url` (empty: SQLite in `folder`), created where there is none yet.

        Raises WrongUse as `Ledger.open` does, and OutsideError when the database cannot be reached.
        """
        where = engine.address(url, folder)
        if where.get_backend_name() == "sqlite":
            where = _beside(where)
        try:
            opened = engine.connected(where)
            if opened.dialect.name == "sqlite":
                file = Path(str(where.database))
                file.parent.mkdir(parents=True, exist_ok=True)
                engine.prepare_file(opened, file)
            with opened.connect().execution_options(**{engine.WRITING: True}) as connection, connection.begin():
                _create(connection)
        except DBAPIError:
            raise OutsideError("The inbox cannot be opened.", "Look at `REGULARS_LEDGER`.") from None
        return cls(opened)

    @classmethod
    def beside(cls, ledger: Ledger) -> Inbox | None:
        """The inbox of an open ledger, to read from; None where nothing was ever heard."""
        if ledger.dialect == "sqlite":
            where = _beside(ledger.url)
            if not Path(str(where.database)).exists():
                return None
            found = cls(engine.connected(where))
        else:
            found = cls(ledger.engine, own=False)
        with found.engine.connect() as connection:
            if inspect(connection).has_table(INBOX.name):
                return found
        found.close()
        return None

    def keep(self, posts: Sequence[Post]) -> int:
        """Keep posts durably; how many are new. Several callers at once share one commit.

        Raises OutsideError when they could not be kept.
        """
        return self.keep_soon(posts).result()

    def keep_soon(self, posts: Sequence[Post]) -> Future[int]:
        """`keep` for who cannot wait in its thread."""
        done: Future[int] = Future()
        with self._starting:
            if self._closed:
                done.set_exception(_not_kept())
                return done
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, name="regulars-inbox", daemon=True)
                self._writer.start()
            self._waiting.put(_Waiting(posts, clock.now(), done))
        return done

    def unread(self, after: int, limit: int) -> list[Kept]:
        """Up to `limit` posts behind the one with the id `after`, in the order they came."""
        wanted = (INBOX.c.id, INBOX.c.provider, INBOX.c.body, INBOX.c.told, INBOX.c.received_at)
        statement = select(*wanted).where(INBOX.c.id > after).order_by(INBOX.c.id).limit(limit)
        with self.engine.connect() as connection:
            return [Kept(*row) for row in connection.execute(statement)]

    def backlog(self, position: int) -> int:
        """How many posts wait behind the one with the id `position`."""
        statement = select(func.count()).where(INBOX.c.id > position)
        with self.engine.connect() as connection:
            return int(connection.execute(statement).scalar_one())

    def purge(self, before: datetime, position: int) -> int:
        """Throw away what came before a moment and was read (up to the id `position`); how many."""
        old = select(INBOX.c.id).where(INBOX.c.received_at < before, INBOX.c.id <= position).limit(SLICE)
        gone = 0
        while True:
            with self._writing() as connection:
                found = connection.execute(old).scalars().all()
                if found:
                    connection.execute(delete(INBOX).where(INBOX.c.id.in_(found)))
            gone += len(found)
            if len(found) < SLICE:
                return gone

    def forget(self, texts: Sequence[str]) -> int:
        """Strike addresses and phone numbers out of all posts; how many posts held one.

        The posts stay, and what they say of others with them. A SQLite inbox keeps nothing of it in its free pages.
        """
        spelt = _spellings(texts)
        if not spelt:
            return 0
        struck, last = 0, 0
        while posts := self.unread(last, FORGET_AT_ONCE):
            last = posts[-1].id
            changed = {post.id: body for post in posts if (body := spelt.sub(STRUCK, post.body)) != post.body}
            if changed:
                with self._writing() as connection:
                    for number, body in changed.items():
                        connection.execute(update(INBOX).where(INBOX.c.id == number).values(body=body))
            struck += len(changed)
        if struck and self.engine.dialect.name == "sqlite":
            engine.scrub(self.engine)
        return struck

    def close(self) -> None:
        """Keep what still waits, and give the connections back."""
        with self._starting:
            self._closed = True
            writer = self._writer
            if writer:
                self._waiting.put(None)
        if writer:
            writer.join()
        if self._own:
            self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self.engine.connect().execution_options(**{engine.WRITING: True}) as connection, connection.begin():
            yield connection

    def _write(self) -> None:
        """The writer: takes what waits, and what comes within the window, and commits it at once."""
        over = False
        while not over:
            group: list[_Waiting] = []
            item = self._waiting.get()
            deadline = time.monotonic() + WINDOW
            while item is not None:
                group.append(item)
                if len(group) >= TOGETHER:
                    break
                try:
                    item = self._waiting.get(timeout=max(deadline - time.monotonic(), 0))
                except queue.Empty:
                    break
            over = item is None
            self._commit(group)

    def _commit(self, group: Sequence[_Waiting]) -> None:
        try:
            with self._writing() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(text(_IN_ORDER))
                counts = [sum(_put(connection, post, one.at) for post in one.posts) for one in group]
        except Exception:  # noqa: BLE001  # whatever the database said, nobody may be told that it was kept
            for one in group:
                one.done.set_exception(_not_kept())
            return
        for one, new in zip(group, counts, strict=True):
            one.done.set_result(new)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Posts of one caller, when they came, and whom to tell."""

    posts: Sequence[Post]
    at: datetime
    done: Future[int]


def _put(connection: Connection, post: Post, at: datetime) -> int:
    row = {"provider": post.provider, "digest": post.digest, "body": post.body, "told": post.told, "received_at": at}
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(INBOX).values(row).on_conflict_do_nothing().returning(INBOX.c.id)
    return len(connection.execute(statement).all())


def _spellings(texts: Sequence[str]) -> re.Pattern[bytes] | None:
    """What matches these addresses and numbers in a body, as JSON or a form spells them; None where there are none."""
    named = {one for one in texts if "@" in one or _NUMBER.fullmatch(one)}
    spelt = {way.encode() for one in named for way in (one, quote(one, safe=""), quote(one), json.dumps(one)[1:-1])}
    longest_first = sorted((re.escape(way) for way in spelt), key=lambda way: -len(way))
    return re.compile(b"|".join(longest_first), re.IGNORECASE) if spelt else None


def _not_kept() -> OutsideError:
    return OutsideError("The inbox could not keep a post.", "The provider will send it again; look at the database.")


def _beside(ledger: URL) -> URL:
    return ledger.set(database=str(Path(str(ledger.database)).with_name(FILE)))


def _create(connection: Connection) -> None:
    """The table, where there is none; two processes may come at once."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(_IN_ORDER))
    INBOX.create(connection, checkfirst=True)
    if connection.dialect.name == "sqlite":
        # A file that was lost and made anew must not give ids that the ledger believes it has read.
        connection.execute(text(_BEGIN_AT), {"first": int(clock.now().timestamp() * 1000)})
