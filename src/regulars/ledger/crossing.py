"""How rows cross between Arrow and the database: column by column, never a Python object per row and field more.

SQLite has neither times nor decimals: a moment is text as SQLAlchemy writes it (`2026-08-27 07:00:00.000000`), money a
double. Both are made, and read, by Arrow for a whole column.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Boolean, Column, Float, Integer, Table, UniqueConstraint
from sqlmodel import SQLModel

from regulars.errors import OutsideError
from regulars.ledger.columns import Moment, Money

MOMENT = pa.timestamp("us", tz="UTC")
MONEY = pa.decimal128(14, 2)
_NAIVE = pa.timestamp("us")


class RowsRefused(OutsideError):
    """The database refused rows: a unique key or a required value. `sqlstate` is PostgreSQL's code, if it said one."""

    def __init__(self, table: str, sqlstate: str = "") -> None:
        code = f" ({sqlstate})" if sqlstate else ""
        super().__init__(f"The ledger refused rows of `{table}`{code}; nothing of this step was written.")
        self.table = table
        self.sqlstate = sqlstate


def columns(table: type[SQLModel]) -> list[Column[Any]]:
    """The columns of a table, in their order."""
    return list(table.__table__.columns)  # type: ignore[attr-defined]  # SQLModel adds it to table classes


def keys(table: type[SQLModel]) -> list[str]:
    """The columns of the table's unique keys, the primary one last."""
    own: Table = table.__table__  # type: ignore[attr-defined]  # SQLModel adds it to table classes
    unique = [key for key in own.constraints if isinstance(key, UniqueConstraint)]
    if len(unique) > 1:
        raise NotImplementedError("say in which order rows of a table with several unique keys are written")
    return list(dict.fromkeys(stored.name for key in [*unique, own.primary_key] for stored in key.columns))


def name_of(table: type[SQLModel]) -> str:
    """The table's name in the database."""
    return str(table.__tablename__)


def kind(column: Column[Any]) -> pa.DataType:
    """The Arrow type a column of the ledger crosses in."""
    if isinstance(column.type, Moment):
        return MOMENT
    if isinstance(column.type, Money):
        return MONEY
    if isinstance(column.type, Boolean):
        return pa.bool_()
    if isinstance(column.type, Float):
        return pa.float64()
    return pa.int64() if isinstance(column.type, Integer) else pa.string()


def schema(table: type[SQLModel]) -> pa.Schema:
    """The Arrow schema of a table of the ledger."""
    return pa.schema([(column.name, kind(column)) for column in columns(table)])


def fitted(table: type[SQLModel], rows: pa.Table) -> pa.Table:
    """`rows` with the ledger's types, in the ledger's order, missing columns filled with the model's defaults.

    Raises ValueError for a column the table does not have, a missing one without a default, or a time without a zone.
    """
    known = {column.name: column for column in columns(table)}
    if unknown := sorted(set(rows.column_names) - set(known)):
        raise ValueError(f"`{name_of(table)}` has no column {', '.join(unknown)}")
    arrays = {}
    for name, column in known.items():
        if name in rows.column_names:
            arrays[name] = _fitted(rows[name], kind(column))
        elif (default := _default(table, column)) is not _NUMBERED:
            arrays[name] = pa.repeat(pa.scalar(default, kind(column)), rows.num_rows)
    return pa.table(arrays)


def tuples(rows: pa.Table) -> Iterator[tuple[Any, ...]]:
    """The rows as SQLite takes them."""
    return zip(*(_plain(column) for column in rows.columns), strict=True) if rows.num_rows else iter(())


def table_of(rows: Sequence[Sequence[Any]], wanted: pa.Schema) -> pa.Table:
    """Rows of either database as an Arrow table of exactly the `wanted` schema."""
    if not rows:
        return wanted.empty_table()
    arrays = [_read(values, field.type) for values, field in zip(zip(*rows, strict=True), wanted, strict=True)]
    return pa.table(arrays, schema=wanted)


def _fitted(values: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    if wanted == MOMENT and (not pa.types.is_timestamp(values.type) or values.type.tz is None):
        if values.null_count == len(values):
            return values.cast(_NAIVE).cast(MOMENT)
        raise ValueError("a time of the ledger must know its zone")
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if wanted == MONEY and pa.types.is_integer(values.type):
        values = values.cast(pa.decimal128(19, 0))
    elif wanted == MONEY and values.type != MONEY:
        values = pc.round(values, 2)
    return values if values.type == wanted else values.cast(wanted)


_NUMBERED = object()
"""Stands for the value of a column that the database numbers itself."""


def _default(table: type[SQLModel], column: Column[Any]) -> Any:
    field = table.model_fields[column.name]
    if column.primary_key and field.default is None:
        return _NUMBERED
    if field.is_required():
        raise ValueError(f"rows of `{name_of(table)}` lack `{column.name}`")
    return field.get_default(call_default_factory=True, validated_data={})


def _plain(values: pa.ChunkedArray) -> Iterable[Any]:
    if len(values) and values.null_count == len(values):
        return itertools.repeat(None, len(values))
    if pa.types.is_timestamp(values.type):
        values = values.cast(_NAIVE).cast(pa.string())
    elif pa.types.is_decimal(values.type):
        values = values.cast(pa.float64())
    plain: list[Any] = values.to_pylist()
    return plain


def _read(values: Sequence[Any], wanted: pa.DataType) -> pa.Array:
    example = next((value for value in values if value is not None), None)
    if pa.types.is_timestamp(wanted) and isinstance(example, str):
        return pa.array(values, pa.string()).cast(_NAIVE).cast(wanted)
    if pa.types.is_decimal(wanted) and isinstance(example, (float, int)):
        return pa.array(values, pa.float64()).cast(wanted)
    if pa.types.is_boolean(wanted) and isinstance(example, int):
        return pa.array(values, pa.int64()).cast(wanted) if not isinstance(example, bool) else pa.array(values, wanted)
    if pa.types.is_floating(wanted):
        return pa.array([value if value is None else float(value) for value in values], wanted)
    if pa.types.is_integer(wanted) and not isinstance(example, (int, type(None))):
        return pa.array([value if value is None else int(value) for value in values], wanted)
    return pa.array(values, wanted)
