"""The sums of a report, from a ledger with many messages, and from one with a tenth of them.

`measure.figures.figures` alone: what the ledger adds up to. The shop's orders, which the report reads as well, are
measured by `snapshot` and `attribution`. Everything is reported on, from the first entry, so the sums grow with it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.big_shop import AT
from benchmarks.claiming import fill
from benchmarks.entering import places
from benchmarks.figures import Figure
from regulars.ledger.store import Ledger
from regulars.measure.figures import figures

SECONDS, TENFOLD = 5.0, 11.0


def measure(finished: int, *, postgresql: bool) -> Iterator[Figure]:
    """Seconds of the sums over `finished` messages, and over those of a tenth."""
    kind = "PostgreSQL" if postgresql else "SQLite"
    with (
        places(postgresql=postgresql) as urls,
        tempfile.TemporaryDirectory() as name,
        Ledger.open(urls[0], Path(name, "much")) as much,
        Ledger.open(urls[1], Path(name, "little")) as little,
    ):
        fill(much, finished)
        fill(little, max(finished // 10, 1))
        long, short = _told(much, finished), _told(little, max(finished // 10, 1))
    bound = "reading every entry and every message once"
    yield Figure(f"{kind}: the sums of a report on {finished:,} messages", long, SECONDS, bound, "s")
    yield Figure(
        f"{kind}: the same over those of a tenth", long / short, TENFOLD, bound, detail=f"{long:.1f} s, {short:.1f} s"
    )


def _told(ledger: Ledger, finished: int) -> float:
    """Seconds."""
    started = time.perf_counter()
    told = figures(ledger, currency="EUR", now=AT)
    seconds = time.perf_counter() - started
    if told["totals"]["sent"] != finished:
        raise AssertionError(told["totals"])
    return seconds
