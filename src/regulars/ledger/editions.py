"""Editions: the rules and campaigns that runs were made with, as they were written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from sqlalchemy import Connection, select
from sqlmodel import col

from regulars.ledger import bulk, crossing
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Edition, Run


@dataclass(frozen=True)
class LastRun:
    """The latest run of a campaign. `as_of` is the moment it took it to be; aware."""

    id: str
    as_of: datetime
    audience: int
    fingerprint: str
    snapshot: str
    """The file name of the snapshot it saw."""


def keep(connection: Connection, fingerprint: str, files: Mapping[str, str], at: datetime) -> None:
    """Keep `files` (`{path: text}`) under the fingerprint of the project they belong to; once is enough."""
    row = {
        "fingerprint": [fingerprint],
        "files": [json.dumps(dict(files), ensure_ascii=False)],
        "first_used_at": pa.array([at], crossing.MOMENT),
    }
    bulk.insert(connection, Edition, pa.table(row), skip_existing=True)


def files(ledger: Ledger, fingerprint: str) -> dict[str, str]:
    """`{path: text}` of the edition with this fingerprint; empty where the ledger has none."""
    with ledger.reading() as connection:
        statement = select(col(Edition.files)).where(col(Edition.fingerprint) == fingerprint)
        kept = connection.execute(statement).scalar()
    return {str(path): str(text) for path, text in json.loads(kept).items()} if kept else {}


def left_by(ledger: Ledger, path: str) -> set[str]:
    """The paths of the latest edition that has no file `path`, without those that ever stood beside it.

    What of them is gone may be what `path` was called before.
    """
    beside: set[str] = set()
    statement = select(col(Edition.files)).order_by(col(Edition.first_used_at).desc(), col(Edition.fingerprint))
    with ledger.reading() as connection:
        for kept in connection.execute(statement).scalars():
            paths = set(json.loads(kept))
            if path not in paths:
                return paths - beside
            beside |= paths
    return set()


def last_run(ledger: Ledger, campaigns: list[str], until: datetime) -> LastRun | None:
    """The latest run up to `until` of any of `campaigns`, the names of one campaign, old and new; None without one."""
    statement = (
        select(col(Run.id), col(Run.as_of), col(Run.audience), col(Run.fingerprint), col(Run.snapshot))
        .where(col(Run.campaign).in_(campaigns), col(Run.as_of) <= until)
        .order_by(col(Run.as_of).desc(), col(Run.started_at).desc(), col(Run.id).desc())
        .limit(1)
    )
    with ledger.reading() as connection:
        row = connection.execute(statement).one_or_none()
    return LastRun(*row) if row else None
