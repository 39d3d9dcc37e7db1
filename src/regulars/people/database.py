"""The shop's database or warehouse, asked through Ibis: read only, and every table made alike."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from regulars.errors import RegularsError, SourceError
from regulars.lang.expressions import Field
from regulars.lang.model import Kind, Table
from regulars.people import columns
from regulars.people.columns import kind_of
from regulars.people.dialects import Dialect

WAIT = 10
"""Seconds until a database that does not answer counts as unreachable."""

_LONG = r"(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
_SHORT = r"(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8])"
_LEAP = r"([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29"
_DAY = rf"([0-9]{{4}}-({_LONG}|{_SHORT})|{_LEAP})"
_HOUR = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
READABLE: dict[Kind, str] = {
    "number": r"^-?[0-9]+(\.[0-9]+)?$",
    "date": rf"^{_DAY}([T ].*)?$",
    "time": rf"^{_DAY}([T ]{_HOUR})?$",
}
"""Texts that a database can cast without raising: hardly any has `try_cast`."""
IBIS_TYPE: dict[Kind, str] = {
    "text": "string",
    "number": "float64",
    "date": "date",
    "time": "timestamp",
    "yes_no": "boolean",
}
POSTGRES_TYPES = {
    16: "boolean",
    20: "int64",
    21: "int16",
    23: "int32",
    25: "string",
    700: "float32",
    701: "float64",
    1042: "string",
    1043: "string",
    1082: "date",
    1114: "timestamp",
    1184: "timestamp('UTC')",
    2950: "uuid",
}
"""Object ids of PostgreSQL's types; columns of every other one are left out."""


@dataclass
class Database:
    """What `source.connect` names. `zone` is what its naked times mean."""

    connect: str
    zone: str

    @cached_property
    def backend(self) -> Any:
        """The Ibis backend, connected; raises SourceError, whose text never holds the address."""
        import ibis

        url = self._url()
        kind, _, rest = url.partition("://")
        if kind.startswith("postgres") and "connect_timeout" not in rest:
            url += f"{'&' if '?' in rest else '?'}connect_timeout={WAIT}"
        try:
            return ibis.connect(url)
        except Exception as error:  # noqa: BLE001  # every backend raises its own; none of their texts may reach a reader: they hold passwords
            raise SourceError(
                f"The database of `source.connect` ({kind if rest else 'no address'}) cannot be "
                f"reached ({type(error).__name__}).",
                "Check the address, the password and the network.",
            ) from None

    def _url(self) -> str:
        missing = [name for name in re.findall(r"\$\{(\w+)\}", self.connect) if not os.environ.get(name)]
        if missing:
            raise SourceError(
                f"`source.connect` wants the environment variable {missing[0]}, which is not set.",
                "Set it before running Regulars.",
            )
        return re.sub(r"\$\{(\w+)\}", lambda found: os.environ[found[1]], self.connect)

    def fields(self, origin: Table, fixed: dict[str, Kind], money: frozenset[str]) -> dict[str, Field]:
        """The columns that rules can read; raises SourceError when the database does not hand the table out."""
        try:
            schema = self.expression(origin, fixed, money).schema()
        except RegularsError:
            raise
        except Exception as error:  # noqa: BLE001  # every backend raises its own
            raise SourceError(
                f"The database refuses it ({type(error).__name__}).",
                "Check the name, the query and the rights of the role.",
            ) from None
        columns.differ_by_more_than_case("It", schema.names)
        return {column: Field(kind) for column, dtype in schema.items() if (kind := kind_of(_name(dtype)))}

    def expression(self, origin: Table, fixed: dict[str, Kind], money: frozenset[str]) -> Any:
        """The table, its columns made alike; those that no rule can read are left out."""
        rows = self._rows(origin)
        readable = {column: dtype for column, dtype in rows.schema().items() if kind_of(_name(dtype))}
        return rows.select(
            **{
                column: self._alike(
                    self.dialect.known_or_not(rows[column]), dtype, fixed.get(column), decimal=column in money
                )
                for column, dtype in readable.items()
            }
        )

    def fetch(self, expression: Any) -> pa.Table:
        """The rows of `expression`; raises SourceError without a word of what they hold."""
        try:
            return expression.to_pyarrow()
        except Exception as error:  # noqa: BLE001  # every backend raises its own, and quotes the value it stumbled over
            raise SourceError(
                f"The database could not answer ({type(error).__name__}).",
                "Look into its log; a rule may meet a value that it cannot compute with.",
            ) from None

    def unreadable(self, origin: Table, fixed: dict[str, Kind]) -> dict[str, int]:
        """For text columns that must be something else: how many of their values cannot be read."""
        rows = self._rows(origin)
        texts = {
            column: kind
            for column, kind in fixed.items()
            if kind != "text" and column in rows.columns and rows[column].type().is_string()
        }
        if not texts:
            return {}
        counted = {
            column: (self._given(rows[column]).count() - self._read(self._given(rows[column]), kind).count())
            for column, kind in texts.items()
        }
        row = self.fetch(rows.aggregate(**counted)).to_pylist()[0]
        return {column: int(count) for column, count in row.items() if count}

    def _rows(self, origin: Table) -> Any:
        if origin.sql:
            query = str(origin.sql).strip().rstrip(";")
            # Ibis would create a temporary view to learn the columns, which a read-only role may not.
            return self.backend.sql(query, schema=self._schema_of(query))
        schema, _, table = str(origin.table).rpartition(".")
        return self.backend.table(table, database=schema or None)

    def _schema_of(self, query: str) -> Any:
        if self.backend.name != "postgres":
            return None
        import ibis

        with self.backend.raw_sql(f"select * from ({query}) as regulars_columns limit 0") as cursor:
            described = [
                (column.name, column.type_code, column.precision, column.scale) for column in cursor.description
            ]
        return ibis.schema({column: _postgres_type(*facts) for column, *facts in described})

    @property
    def dialect(self) -> Dialect:
        """How this database spells what databases spell differently."""
        return Dialect(self.backend.name)

    def _alike(self, value: Any, dtype: Any, wanted: Kind | None, *, decimal: bool) -> Any:
        if dtype.is_uuid():
            value, dtype = (text := value.cast("string")), text.type()
        has = kind_of(_name(dtype))
        if wanted == "text" and not dtype.is_string():
            return (value.cast("int64") if dtype.is_floating() else value).cast("string")
        if decimal:
            return (self._read(self._given(value), "number") if dtype.is_string() else value).cast("decimal(18, 2)")
        if dtype.is_timestamp() and dtype.timezone:
            value, has = self.dialect.local(self.zone, value), "time"
        if wanted is None or wanted == has or (wanted == "time" and has == "date"):
            # A file cannot tell an empty text from none: a rule means the same over both.
            return value.nullif("") if dtype.is_string() else value
        if dtype.is_string():
            return self._read(self._given(value), wanted)
        # PostgreSQL casts yes and no to and from `int` alone.
        if (has, wanted) == ("number", "yes_no"):
            return value != 0
        return (value.cast("int32") if has == "yes_no" else value).cast(IBIS_TYPE[wanted])

    def _given(self, value: Any) -> Any:
        """A text, or unknown where it is blank."""
        return self.dialect.trimmed(value).nullif("")

    def _read(self, value: Any, kind: Kind) -> Any:
        """A text as what it must be; unknown where it is not."""
        import ibis

        if kind == "yes_no":
            spelt = self.dialect.text("lower", value)
            return ibis.cases((spelt.isin(columns.YES), True), (spelt.isin(columns.NO), False))
        readable = value.re_search(READABLE[kind])
        text = value.left(10) if kind == "date" else value
        known = ibis.cases((readable, text))
        return self.dialect.day(known) if kind == "date" else known.cast(IBIS_TYPE[kind])


def _postgres_type(code: int, precision: int | None, scale: int | None) -> str:
    if code == NUMERIC:
        return f"decimal({precision or 38}, {scale if precision else 9})"
    return POSTGRES_TYPES.get(code, "binary")


NUMERIC = 1700


def _name(dtype: Any) -> str:
    """The type alone: `!decimal(18, 2)` is one that is never unknown."""
    return re.sub(r"\(.*", "", str(dtype).lstrip("!"))
