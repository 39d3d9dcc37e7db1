"""A provider's health, as all workers know it: whether to ask it now, and how many messages to risk in one request.

After a failure nobody asks for a while, each time twice as long; then one worker tries one message. When that goes
well the way is free again, and requests grow back to their full size. Nygard's circuit breaker, kept in the ledger so
that an outage is met once and not by every worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
from sqlalchemy import Connection, Select, select, update
from sqlmodel import col

from regulars.ledger import bulk
from regulars.ledger.crossing import MOMENT
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Breaker

FIRST_PAUSE = timedelta(seconds=0.25)
LONGEST_PAUSE = timedelta(seconds=5)
TRIAL = timedelta(seconds=50)
"""How long one worker may try before another may: longer than the longest request."""
AFTER_FAILURE = 50
"""So many messages share a request after the first success, then four times as many after each, until all may."""
GROWTH = 4
FULL = 1_000


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a worker may ask the provider now.

    `batch`: at most so many messages share a request; 0: as many as the channel takes. `trial`: one message only, and
    nobody else asks meanwhile. `free_at`: when to come back, where it may not ask.
    """

    free: bool = True
    batch: int = 0
    trial: bool = False
    free_at: datetime | None = None


def ask(ledger: Ledger, account: str, at: datetime) -> Health:
    """Whether to ask the provider of `account` at `at`; who gets the trial of an open breaker has it alone."""
    with ledger.reading() as connection:
        row = connection.execute(_of(account)).first()
    if row is None or row.open_until is None:
        return Health(batch=row.batch if row else 0)
    if row.open_until > at:
        return Health(free=False, free_at=row.open_until)
    with ledger.writing() as connection:
        statement = update(Breaker).where(col(Breaker.account) == account, col(Breaker.open_until) == row.open_until)
        won = connection.execute(statement.values(open_until=at + TRIAL)).rowcount == 1
    return Health(batch=1, trial=True) if won else Health(free=False, free_at=at + FIRST_PAUSE)


def failing(connection: Connection) -> dict[str, int]:
    """Providers that did not answer as they should the last time: account → failures since the last success."""
    statement = select(col(Breaker.account), col(Breaker.failures)).where(col(Breaker.failures) > 0)
    return dict(connection.execute(statement.order_by(col(Breaker.account))).tuples().all())


def nobody(ledger: Ledger, account: str, at: datetime) -> None:
    """Who was given the trial has found nothing to try with: it is free again."""
    with ledger.writing() as connection:
        connection.execute(update(Breaker).where(col(Breaker.account) == account).values(open_until=at))


def failed(connection: Connection, account: str, at: datetime, *, wait: timedelta | None = None) -> None:
    """The provider did not answer as it should; `wait` is how long it asked us to."""
    row = connection.execute(_of(account)).first()
    failures = (row.failures if row else 0) + 1
    pause = min(FIRST_PAUSE * float(2 ** min(failures - 1, 16)), LONGEST_PAUSE)
    _set(connection, account, failures=failures, batch=1, open_until=at + max(pause, wait or pause))


def succeeded(connection: Connection, account: str) -> None:
    """The provider answered as it should."""
    row = connection.execute(_of(account)).first()
    if row is None or (row.failures == 0 and row.batch == 0 and row.open_until is None):
        return
    grown = AFTER_FAILURE if row.batch <= 1 else row.batch * GROWTH
    _set(connection, account, failures=0, batch=0 if grown >= FULL else grown, open_until=None)


def paused(connection: Connection, account: str, until: datetime) -> None:
    """Nobody asks before `until`, without this being a failure: the provider said that we are too fast."""
    row = connection.execute(_of(account)).first()
    # Who was told this may have had the trial: how long that may last must not outlive it.
    failures, batch = (row.failures, row.batch) if row else (0, 0)
    _set(connection, account, failures=failures, batch=batch, open_until=until)


def _of(account: str) -> Select[tuple[int, int, datetime | None]]:
    return select(col(Breaker.failures), col(Breaker.batch), col(Breaker.open_until)).where(
        col(Breaker.account) == account
    )


def _set(connection: Connection, account: str, *, failures: int, batch: int, open_until: datetime | None) -> None:
    values = {"failures": failures, "batch": batch, "open_until": open_until}
    if connection.execute(update(Breaker).where(col(Breaker.account) == account).values(**values)).rowcount:
        return
    row = {
        "account": [account], "failures": [failures], "batch": [batch],
        "open_until": pa.array([open_until], MOMENT),
    }  # fmt: skip
    bulk.insert(connection, Breaker, pa.table(row), skip_existing=True)
