"""Runs of campaigns: when each began, what it saw and what it decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlmodel import col

from regulars import clock
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Run


@dataclass(frozen=True)
class Past:
    """A run that is over: the moment it was for, people in its audience, and what it decided (see `begin`)."""

    as_of: datetime
    audience: int
    counts: dict[str, Any]


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
    converts: tuple[str, int] = ("", 0),
) -> None:
    """Write down that a run begins: `counts` is {"send": {channel: n}, "withheld": {reason: n}, "holdout": n, …}.

    `converts`: what counts as success, and within how many seconds of entering.
    """
    row = Run(
        id=run_id,
        campaign=campaign,
        as_of=as_of,
        started_at=clock.now(),
        audience=audience,
        fingerprint=fingerprint,
        snapshot=snapshot,
        counts=dict(counts),
        converts_of=converts[0],
        converts_within=converts[1],
    )
    connection.execute(insert(Run).values(**row.model_dump()))


def finish(connection: Connection, run_id: str, at: datetime) -> None:
    """Write down that a run is over."""
    connection.execute(update(Run).where(col(Run.id) == run_id).values(finished_at=at))


def latest(ledger: Ledger, campaign: str, former: str = "", n: int = 1, *, finished: bool = False) -> list[Past]:
    """The last `n` runs of a campaign, under its name or its `former` one, the newest first.

    `finished`: without those that decided and never came to their end.
    """
    statement = select(Run.as_of, Run.audience, Run.counts)  # type: ignore[call-overload]  # columns of a table
    statement = statement.where(col(Run.campaign).in_((campaign, former or campaign)))
    if finished:
        statement = statement.where(col(Run.finished_at).is_not(None))
    statement = statement.order_by(col(Run.started_at).desc(), col(Run.id).desc()).limit(n)
    with ledger.reading() as connection:
        return [Past(row.as_of, row.audience, dict(row.counts)) for row in connection.execute(statement)]


def was_ever_empty(ledger: Ledger, campaign: str, former: str = "") -> bool:
    """Whether any run of a campaign found nobody in its audience."""
    names = col(Run.campaign).in_((campaign, former or campaign))
    statement = select(col(Run.id)).where(names, col(Run.audience) == 0).limit(1)
    with ledger.reading() as connection:
        return connection.execute(statement).first() is not None
