"""Fresh ledgers in a tenth of the time: what the migrations say to an empty database is kept, and said again.

Alembic reads and compiles its files for every database. Hundreds of tests begin with an empty ledger; the migrations
themselves are tested in tests/ledger, and run whole for the first ledger of every process and kind.

What SQLAlchemy makes of a statement is kept too: it forgets with each engine, and a test opens a dozen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

from sqlalchemy import Connection, Engine, event, inspect, text

from regulars.ledger import revisions

_SAID: dict[str, list[tuple[str, Any]]] = {}
"""By dialect: statements and their parameters, in order."""
_READS = ("SELECT", "PRAGMA", "ROLLBACK", "SAVEPOINT")


def quickened(upgrade: Callable[[Connection], None]) -> Callable[[Connection], None]:
    """`revisions.upgrade` that runs the migrations once for each dialect and repeats their statements afterwards."""

    def quick(connection: Connection) -> None:
        kind = connection.dialect.name
        if kind == "postgresql":
            connection.execute(text(revisions._ONE_AT_A_TIME))
        if inspect(connection).get_table_names():
            upgrade(connection)
        elif kind in _SAID:
            for statement, parameters in _SAID[kind]:
                connection.exec_driver_sql(statement, parameters)
        else:
            _SAID[kind] = _listened(connection, upgrade)

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


class Compiled(MutableMapping[Any, Any]):
    """Statements as one kind of database takes them. SQLAlchemy's key begins with the dialect, one for each engine."""

    def __init__(self) -> None:
        self._kept: dict[Any, Any] = {}

    def __getitem__(self, key: Any) -> Any:
        return self._kept[key[1:]]

    def __setitem__(self, key: Any, compiled: Any) -> None:
        self._kept[key[1:]] = compiled

    def __delitem__(self, key: Any) -> None:
        del self._kept[key[1:]]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


_COMPILED: dict[str, Compiled] = {}


def remembering(connected: Callable[..., Engine]) -> Callable[..., Engine]:
    """`engine.connected` whose engines compile no statement that one of them has compiled before."""

    def remembered(*given: Any, **named: Any) -> Engine:
        opened = connected(*given, **named)
        opened.update_execution_options(compiled_cache=_COMPILED.setdefault(opened.dialect.name, Compiled()))
        return opened

    return remembered
