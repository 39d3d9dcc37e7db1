"""What databases spell otherwise, where Ibis gives no word for it or one that means something else.

Only what differs stands here: DuckDB and PostgreSQL share one spelling, and BigQuery, Snowflake and ClickHouse have
theirs. A database that is not named is spoken to as DuckDB.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cache
from typing import Any

BLANKS = " \t\n\r\f"
"""What Snowflake can spell of the blanks that `trim` takes off; it would read `\\v` as the letter v."""


@dataclass(frozen=True)
class Dialect:
    """The words of one database; `name` is Ibis's. Values are Ibis columns."""

    name: str = "duckdb"

    def local(self, zone: str, moment: Any) -> Any:
        """A moment with a zone, by the clock of `zone` and without one."""
        match self.name:
            case "bigquery":
                return call("DATETIME", "timestamp", moment, zone)
            case "snowflake":
                return call("CONVERT_TIMEZONE", "timestamp('UTC')", zone, moment).cast("timestamp")
            case "clickhouse":
                return self._without_zone(call("toTimeZone", "timestamp", moment, zone))
            case _:
                return call("timezone", "timestamp", zone, moment)

    def moved(self, zone: str, to: str, moment: Any) -> Any:
        """A moment by the clock of `zone` as the clock of `to` shows it, both without a zone."""
        match self.name:
            case "bigquery":
                return self.local(to, call("TIMESTAMP", "timestamp('UTC')", moment, zone))
            case "snowflake":
                return call("CONVERT_TIMEZONE", "timestamp", zone, to, moment)
            case "clickhouse":
                written = call("toString", "string", moment)
                return self.local(to, call("toDateTime64", "timestamp('UTC')", written, 6, zone))
            case _:
                return call("timezone", "timestamp", to, call("timezone", "timestamp('UTC')", zone, moment))

    def _without_zone(self, moment: Any) -> Any:
        """ClickHouse keeps no moment without a zone: what is written is read again by the server's clock."""
        return call("toDateTime64", "timestamp", call("toString", "string", moment), 6)

    def trimmed(self, text: Any) -> Any:
        """A text without blanks around it."""
        return call("TRIM", "string", text, BLANKS) if self.name == "snowflake" else text.strip()

    def text(self, operation: str, value: Any) -> Any:
        """`lower`, `upper` or `length` of a text, by characters: ClickHouse counts and changes bytes otherwise."""
        if self.name == "clickhouse":
            return call(f"{operation}UTF8", "int64" if operation == "length" else "string", value)
        return getattr(value, operation)()

    def day(self, text: Any) -> Any:
        """A text such as 1958-03-09 as a day; ClickHouse's own `Date` begins in 1970."""
        return call("toDate32OrNull", "date", text) if self.name == "clickhouse" else text.cast("date")

    def different(self, value: Any, where: Any | None) -> Any:
        """How many different values there are, exactly."""
        if self.name == "clickhouse":
            return aggregate("uniqExact", "int64", value, where)
        return value.nunique(where=where)

    def known_or_not(self, value: Any) -> Any:
        """A column that may be unknown: in ClickHouse one that may not gives 0 over no rows."""
        own = value.type()
        return call("toNullable", str(own(nullable=True)), value) if self._never_null(own) else value

    def _never_null(self, dtype: Any) -> bool:
        return self.name == "clickhouse" and not dtype.nullable


def call(name: str, gives: str, *args: Any) -> Any:
    """The database's own function `name` of `args` (Ibis values, texts, whole numbers); `gives`: an Ibis type."""
    import ibis

    values = [ibis.literal(arg) if isinstance(arg, str | int) else arg for arg in args]
    return _function(name, gives, tuple(str(value.type()) for value in values))(*values)


def aggregate(name: str, gives: str, value: Any, where: Any | None) -> Any:
    """The database's own aggregate `name` over a column."""
    return _aggregate(name, gives, str(value.type()))(value, where=where)


@cache
def _function(name: str, gives: str, takes: tuple[str, ...]) -> Any:
    import ibis

    return ibis.udf.scalar.builtin(_stub(name, len(takes)), name=name, signature=(takes, gives))


@cache
def _aggregate(name: str, gives: str, takes: str) -> Any:
    import ibis

    return ibis.udf.agg.builtin(_stub(name, 1), name=name, signature=((takes,), gives))


def _stub(name: str, arguments: int) -> Any:
    """A function that Ibis looks at and never calls: it learns the names of the arguments from it."""

    def stub(*_args: Any) -> None: ...

    stub.__name__ = name
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    stub.__signature__ = inspect.Signature([inspect.Parameter(f"a{n}", kind) for n in range(arguments)])  # type: ignore[attr-defined]  # functions have one, mypy does not know
    return stub
