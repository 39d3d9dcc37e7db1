"""Runs of campaigns: when each began, what it saw and what it decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, update
from sqlmodel import col

from regulars import clock
from regulars.ledger.tables import Run


def begin(
    connection: Connection,
    run_id: str,
    campaign: str,
    *,
    as_of: datetime,
    audience: int,
    fingerprint: str,
    snapshot: str,
    counts: Mapping[str, Any],
) -> None:
    """Write down that a run begins: `counts` is {"send": {channel: n}, "withheld": {reason: n}, "holdout": n, …}."""
    row = Run(
        id=run_id,
        campaign=campaign,
        as_of=as_of,
        started_at=clock.now(),
        audience=audience,
        fingerprint=fingerprint,
        snapshot=snapshot,
        counts=dict(counts),
    )
    connection.execute(insert(Run).values(**row.model_dump()))


def finish(connection: Connection, run_id: str, at: datetime) -> None:
    """Write down that a run is over."""
    connection.execute(update(Run).where(col(Run.id) == run_id).values(finished_at=at))
