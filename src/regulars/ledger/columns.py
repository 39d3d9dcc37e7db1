"""What columns of the ledger hold, alike on SQLite and PostgreSQL: moments, money, indexes of some rows."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import REAL, Column, DateTime, Dialect, Index, Numeric, TypeDecorator, text
from sqlalchemy.types import TypeEngine


class Moment(TypeDecorator[datetime]):
    """An aware UTC time. SQLite keeps it as text (`2026-08-27 07:00:00.000000`), which sorts as time does."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time of the ledger must know its zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002  # SQLAlchemy's signature
    ) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Money(TypeDecorator[Decimal]):
    """An amount with two decimals. SQLite, which has no decimals, keeps a double: exact up to 15 digits."""

    impl = Numeric(14, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(REAL() if dialect.name == "sqlite" else Numeric(14, 2))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        return float(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        return Decimal(f"{value:.2f}") if dialect.name == "sqlite" else Decimal(value)


def money() -> Any:
    """A column of amounts."""
    return Column(Money(), nullable=False)


def moment(*, nullable: bool = False, index: bool = False) -> Any:
    """A column of moments."""
    return Column(Moment(), nullable=nullable, index=index)


def partial(name: str, *columns: str, where: str) -> Index:
    """An index of the rows for which `where` holds."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))
