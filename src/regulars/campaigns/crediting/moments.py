"""Moments without a zone: DuckDB reckons with them many times as fast as with aware ones. All of them are UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

_BARE, _UTC = pa.timestamp("us"), pa.timestamp("us", tz="UTC")


def bare(rows: pa.Table) -> pa.Table:
    """`rows` with moments as UTC without a zone."""
    return rows.cast(pa.schema([(one.name, _BARE if one.type == _UTC else one.type) for one in rows.schema]))


def aware(rows: pa.Table) -> pa.Table:
    """`rows` with times that know again that they are UTC."""
    return rows.cast(pa.schema([(one.name, _UTC if one.type == _BARE else one.type) for one in rows.schema]))


def literal(moment: datetime) -> str:
    """An aware moment as DuckDB's UTC time without a zone."""
    return f"timestamp '{moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ')}'"
