"""Claiming from a ledger that is full of finished messages, against one that holds nothing but what is waiting.

Both ledgers get the same messages that wait; one has had, before, as many finished ones as the option `--finished`
says, with their entries. `outbox.claim` takes a thousand from each in turn. Between claims what was taken is settled,
as a worker would. The finished rows are made by the databases themselves, a million at a time.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text

from benchmarks.big_shop import AT
from benchmarks.enrolling import chunk_of
from benchmarks.entering import places
from benchmarks.figures import Figure
from regulars.ledger import outbox
from regulars.ledger.store import Ledger

TARGET = 2.0
CLAIMS, AT_ONCE, FIRST = 60, 1_000, 5
"""Claims, messages of each, and how many of the first claims do not count."""
MILLION = 1_000_000
ROWS = {
    "sqlite": (
        "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)",
        "printf('%032x', {})",
    ),
    "postgresql": (
        "WITH n(i) AS (SELECT generate_series(CAST(:first AS bigint), CAST(:last AS bigint)))",
        "lpad(to_hex({}), 32, '0')",
    ),
}
ENTRIES = """
INSERT INTO enrolment (id, campaign, customer_id, occasion, arm, entered_at, due_at, run_id, offer_step, ended_at,
                       end_reason, row_ids)
{rows} SELECT {id}, 'c' || i % 20, 'old-' || i, '1', 'treated', '{at}', '{at}', '', 0, '{at}', 'finished', '' FROM n
"""
MESSAGES = """
INSERT INTO message (id, enrolment_id, campaign, name, customer_id, channel, language, template, template_hash,
                     address, address_hash, context, state, reason, due_at, not_before, expires_at, local_day,
                     claim_token, attempt_id, tries, provider_id, sent_at, company)
{rows} SELECT {id}, {id}, 'c' || i % 20, 'first', 'old-' || i, 'email', 'ro', 'winback/first', '{hash}',
              'person.' || i || '@example.com', 'hash-' || i, '{{"customer": {{"first_name": "Ana"}}}}', 'accepted', '',
              '{at}', '{at}', '{at}', '2026-07-01', '', {attempt}, 1, 'p' || i, '{at}', 0 FROM n
"""


def measure(finished: int, *, postgresql: bool, claims: int = CLAIMS) -> Iterator[Figure]:
    """The slowest twentieth of the claims from the full ledger over that from the other."""
    kind = "PostgreSQL" if postgresql else "SQLite"
    with (
        places(postgresql=postgresql) as urls,
        tempfile.TemporaryDirectory() as name,
        Ledger.open(urls[0], Path(name, "full")) as full,
        Ledger.open(urls[1], Path(name, "other")) as other,
    ):
        fill(full, finished)
        for ledger in (full, other):
            wait(ledger, claims)
        took = claimed(full), claimed(other)
        seconds = [[next(one) for one in took] for _ in range(claims)][FIRST:]
    ours, bare = zip(*seconds, strict=True)
    yield Figure(
        f"{kind}: a claim beside {finished:,} finished messages, p95",
        p95(ours) / p95(bare),
        TARGET,
        "reading and setting the rows it takes, and the commit",
        detail=f"{AT_ONCE:,} messages: p95 {p95(ours) * 1000:.0f} ms, median {statistics.median(ours) * 1000:.0f} ms; "
        f"else {p95(bare) * 1000:.0f} ms, {statistics.median(bare) * 1000:.0f} ms",
    )


def fill(ledger: Ledger, finished: int) -> None:
    """Messages that went out a while ago, and their entries, which are over."""
    with ledger.reading() as connection:
        rows, number = ROWS[connection.dialect.name]
    at = "2026-07-01 07:00:00.000000" + ("+00" if "series" in rows else "")
    attempt = number.format("i / 1000")
    for statement in (ENTRIES, MESSAGES):
        said = statement.format(rows=rows, id=number.format("i"), attempt=attempt, at=at, hash="0" * 64)
        for first in range(1, finished + 1, MILLION):
            bound = {"first": first, "last": min(first + MILLION - 1, finished)}
            with ledger.writing() as connection:
                connection.execute(text(said), bound)


def wait(ledger: Ledger, claims: int) -> None:
    """Messages that are due, enough for all claims."""
    for start in range(0, claims * AT_ONCE, 10_000):
        with ledger.writing() as connection:
            outbox.enrol(connection, *chunk_of(start, 10_000))


def claimed(ledger: Ledger) -> Iterator[float]:
    """Seconds of one claim after another."""
    while True:
        gc.collect()
        started = time.perf_counter()
        claim = outbox.claim(ledger, "email", AT_ONCE, AT, "bench")
        seconds = time.perf_counter() - started
        if claim is None or len(claim.rows) != AT_ONCE:
            raise AssertionError("not enough is waiting")
        with ledger.writing() as connection:
            outbox.close(connection, [row.moved("suppressed", "measured") for row in claim.rows], AT)
        yield seconds


def p95(seconds: tuple[float, ...]) -> float:
    """The least of the slowest twentieth."""
    return sorted(seconds)[int(len(seconds) * 0.95)]
