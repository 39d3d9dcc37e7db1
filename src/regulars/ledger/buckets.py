"""Rate limits that all workers keep together: a bucket of tokens per account, filled as time goes by.

Who wants to send takes what it needs at once, also more than there is, and waits for as long as the debt lasts: the
order is that of asking, nobody starves, and the rate holds however many workers there are.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa
from sqlalchemy import select, update
from sqlmodel import col

from regulars.ledger import bulk
from regulars.ledger.crossing import MOMENT
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Bucket

BURST = timedelta(seconds=1)
"""What may be saved up while nobody sends."""


def reserve(ledger: Ledger, account: str, wanted: float, rate: float, at: datetime) -> timedelta:
    """Take `wanted` tokens of an account that gets `rate` a second; how long to wait before using them."""
    burst = rate * BURST.total_seconds()
    statement = select(col(Bucket.tokens), col(Bucket.filled_at)).where(col(Bucket.account) == account)
    with ledger.writing() as connection:
        first = {"account": [account], "tokens": [burst], "filled_at": pa.array([at], MOMENT)}
        bulk.insert(connection, Bucket, pa.table(first), skip_existing=True)
        tokens, filled_at = connection.execute(statement.with_for_update()).one()
        passed = max((at - filled_at).total_seconds(), 0.0)
        left = min(tokens + passed * rate, burst) - wanted
        taken = update(Bucket).where(col(Bucket.account) == account)
        connection.execute(taken.values(tokens=left, filled_at=max(at, filled_at)))
    return timedelta(seconds=max(-left / rate, 0.0))
