"""Fresh ledgers in a tenth of the time: what the migrations say to an empty database is kept, and said again.

Alembic reads and compiles its files for every database. Hundreds of tests begin with an empty ledger; the migrations
themselves are tested in tests/ledger, and run whole for the first ledger of every process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, event, inspect

from regulars.ledger import revisions

_SAID: dict[str, list[tuple[str, Any]]] = {}
"""By dialect: statements and their parameters, in order."""
_READS = ("SELECT", "PRAGMA", "ROLLBACK", "SAVEPOINT")


def quickened(upgrade: Callable[[Connection], None]) -> Callable[[Connection], None]:
    """`revisions.upgrade` that runs the migrations once for each dialect and repeats their statements afterwards."""

    def quick(connection: Connection) -> None:
        if connection.dialect.name == "postgresql" or revisions.revision(connection):
            upgrade(connection)
        elif "sqlite" in _SAID and not inspect(connection).get_table_names():
            for statement, parameters in _SAID["sqlite"]:
                connection.exec_driver_sql(statement, parameters)
        else:
            _SAID["sqlite"] = _listened(connection, upgrade)

    return quick


def _listened(connection: Connection, upgrade: Callable[[Connection], None]) -> list[tuple[str, Any]]:
    said: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(_READS):
            said.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", hear)
    try:
        upgrade(connection)
    finally:
        event.remove(connection, "before_cursor_execute", hear)
    return said
