"""Where a figure stood when its goal was set: a run writes it down once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pyarrow as pa
from sqlalchemy import Connection, select
from sqlmodel import col

from regulars.ledger import bulk
from regulars.ledger.store import Ledger
from regulars.ledger.tables import GoalStart

_ROWS = pa.schema([("figure", pa.string()), ("goal", pa.string()), ("since", pa.string()), ("baseline", pa.float64())])


@dataclass(frozen=True)
class Start:
    """The `figure` stood at `baseline` (None: unknown) on the day `since` (ISO), when the `goal` was first seen."""

    figure: str
    goal: str
    since: str
    baseline: float | None


def starts(ledger: Ledger) -> dict[tuple[str, str], Start]:
    """(figure, goal) → where it began, for every goal that a run has seen."""
    columns = (GoalStart.figure, GoalStart.goal, GoalStart.since, GoalStart.baseline)
    with ledger.reading() as connection:
        rows = connection.execute(select(*(col(one) for one in columns)))
        return {(row.figure, row.goal): Start(*row) for row in rows}


def begin(connection: Connection, new: Iterable[Start]) -> None:
    """Write down where goals begin; one that has begun stays as it is."""
    rows = pa.Table.from_pylist([asdict(one) for one in new], schema=_ROWS)
    bulk.insert(connection, GoalStart, rows, skip_existing=True)
