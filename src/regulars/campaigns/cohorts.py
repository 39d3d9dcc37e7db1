"""Counting what changed of cohorts, so that reports add up sums instead of reading the whole ledger.

What an entry's customer spent in the year before comes from the shop's own orders (365 days): of what was spent before,
most is spent again; taken out of both arms it leaves less noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns.desk import Desk
from regulars.ledger.cohorts import changes, sums
from regulars.ledger.cohorts.changes import Day
from regulars.ledger.store import Ledger

BEFORE = timedelta(days=365)
AT_ONCE = 20_000
"""Entries that are counted in one transaction, unless one cohort alone has more."""
_PLACED = "regulars_placed_before"


@dataclass
class Before:
    """What people spent in the year before they entered; the orders are read once, when they are first asked for."""

    desk: Desk
    at: datetime
    since: str = ""
    """The first day (ISO) that will be asked about; empty: that of the entries asked about first."""
    _laid: bool = field(default=False, init=False)

    def __call__(self, entries: pa.Table) -> pa.Array:
        """For `entries` (customer_id, entered_at) in their order: hundredths."""
        if not self._laid:
            first = pc.min(entries["entered_at"]).as_py()
            if self.since:
                first = min(first, datetime.fromisoformat(self.since).replace(tzinfo=UTC))
            orders = self.desk.placed(first - BEFORE - timedelta(days=1), self.at)
            self.desk.keep(_PLACED, orders.select(["customer_id", "at", "amount"]))
            self._laid = True
        places = pa.array(range(entries.num_rows), pa.int64())
        asked = entries.select(["customer_id", "entered_at"]).append_column("place", places)
        found = self.desk.arrow(_SPENT, asked=asked)
        return found["cents"].combine_chunks()


def count(desk: Desk, at: datetime) -> int:
    """Make the sums of all cohorts of which something changed; how many cohorts.

    In transactions of some thousand entries each: who is interrupted goes on the next time.
    """
    return count_in(desk.ledger, desk.zone, lambda since: Before(desk, at, since))


def count_in(ledger: Ledger, zone: str, spent: Callable[[str], sums.Before] | None = None) -> int:
    """The same of a ledger alone. `spent`: given the first day (ISO) of them, what their people spent before."""
    with ledger.writing() as connection:
        read = changes.last_settled(connection)
    with ledger.reading() as connection:
        changed = changes.since_counted(connection)
        sizes = changes.sizes(connection, changed.days)
    # What is known of others is asked while these are counted: nothing of it may be out of date.
    with ledger.writing() as connection:
        sums.drop(connection, sizes)
    days = sorted(sizes)
    before = spent(min((day.entered_on for day in days if day.entered_on), default="")) if spent is not None else None
    for some in _together(days, sizes):
        with ledger.writing() as connection:
            # Whoever counts at the same time may have kept them already.
            changes.alone(connection)
            sums.drop(connection, some)
            sums.keep(connection, sums.counted(connection, some, zone, before))
    with ledger.writing() as connection:
        changes.counted(connection, changed.marks, read)
    return len(days)


def _together(days: Sequence[Day], sizes: Mapping[Day, int]) -> Iterator[list[Day]]:
    """The cohorts, so many at once that they have few entries together."""
    some: list[Day] = []
    entries = 0
    for day in days:
        if some and entries + sizes[day] > AT_ONCE:
            yield some
            some, entries = [], 0
        some.append(day)
        entries += sizes[day]
    if some:
        yield some


_SPENT = f"""
    select coalesce(cast(sum(p.amount) * 100 as bigint), 0) as cents
    from asked e left join {_PLACED} p
      on p.customer_id = e.customer_id and p.at <= e.entered_at and p.at > e.entered_at - interval '{BEFORE.days} days'
    group by e.place order by e.place"""
