"""The figures of a report from a ledger with many messages, and from one whose history is a tenth as long.

`measure.figures.figures` alone: what the ledger adds up to, counted before as `regulars conversions` does. The shop's
orders, which the report reads as well, are measured by `snapshot` and `attribution`. As many people enter a day in
either; a tenth of them is held out, a thirtieth orders, every second message gives a code.
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from benchmarks.big_shop import AT
from benchmarks.claiming import ROWS
from benchmarks.entering import places
from benchmarks.figures import Figure
from regulars.campaigns.cohorts import count_in
from regulars.ledger.store import Ledger
from regulars.measure.figures import figures

SECONDS, TENFOLD = 5.0, 1.5
A_DAY = 27_000
"""Messages: ten million a year."""
CAMPAIGNS, PERIOD, ROUNDS = 20, 30, 5
MILLION = 1_000_000
HELD_OUT = "i % 11 = 0"
DAY = "({last} - i) / {a_day}"
AGO = {
    "sqlite": (
        "strftime('%Y-%m-%d %H:%M:%f000', '{0}', '-' || ({1}) || ' days')",
        "date('{0}', '-' || ({1}) || ' days')",
        "0",
    ),
    "postgresql": (
        "timestamptz '{0}+00' - ({1}) * interval '1 day'",
        "to_char(timestamp '{0}' - ({1}) * interval '1 day', 'YYYY-MM-DD')",
        "false",
    ),
}
"""So many days before a moment: as a moment, and as a day; and how `false` is written."""
STATEMENTS = (
    """INSERT INTO enrolment (id, campaign, customer_id, occasion, arm, entered_at, due_at, run_id, offer_step,
                              ended_at, end_reason, row_ids, entered_on)
    {rows} SELECT {id}, 'c' || i % {campaigns}, 'person-' || i, '1',
           CASE WHEN {held} THEN 'holdout' ELSE 'treated' END,
                     {at}, {at}, '', 0, {at}, 'finished', '', {on} FROM n""",
    """INSERT INTO message (id, enrolment_id, campaign, name, customer_id, channel, language, template, template_hash,
                            address, address_hash, context, state, reason, due_at, not_before, expires_at, local_day,
                            claim_token, attempt_id, tries, provider_id, sent_at, company)
    {rows} SELECT {id}, {id}, 'c' || i % {campaigns}, 'first', 'person-' || i, 'email', 'ro', 'winback/first', 'hash',
           'person.' || i || '@example.com', 'hash-' || i, '{{}}',
                     CASE i % 3 WHEN 0 THEN 'delivered' WHEN 1 THEN 'opened' ELSE 'clicked' END, '',
                     {at}, {at}, {at}, {on}, '', 'a' || i / 1000, 1, 'p' || i, {at}, 0 FROM n WHERE NOT {held}""",
    """INSERT INTO code (code, enrolment_id, message_name, campaign, customer_id, kind, value, currency, issued_at,
                         valid_until, shared, gift, holder_only)
    {rows} SELECT 'K' || i, {id}, 'first', 'c' || i % {campaigns}, 'person-' || i, 'percent', 10, 'EUR',
           {at}, {until},
                     {false}, '', {false} FROM n WHERE i % 2 = 0 AND NOT {held}""",
    """INSERT INTO outcome (enrolment_id, orders, revenue, first_at, updated_at)
    {rows} SELECT {id}, 1, i % 9973 / 100.0, {at}, {at} FROM n WHERE i % 29 = 0""",
    """INSERT INTO conversion (order_id, campaign, enrolment_id, message_id, customer_id, arm, evidence, amount,
                               currency, at, recorded_at)
    {rows} SELECT 'o' || i, 'c' || i % {campaigns}, {id}, {id}, 'person-' || i, 'treated', 'click',
           i % 9973 / 100.0, 'EUR', {at}, {at} FROM n WHERE i % 29 = 0 AND NOT {held}""",
)


def measure(finished: int, *, postgresql: bool) -> Iterator[Figure]:
    """Seconds of the figures over `finished` messages; and of those of a month, beside a tenth of the history."""
    kind = "PostgreSQL" if postgresql else "SQLite"
    since = f"{AT - timedelta(days=PERIOD):%Y-%m-%d}"
    with (
        places(postgresql=postgresql) as urls,
        tempfile.TemporaryDirectory() as name,
        Ledger.open(urls[0], Path(name, "much")) as much,
        Ledger.open(urls[1], Path(name, "little")) as little,
    ):
        counted = [_fill(much, finished), _fill(little, max(finished // 10, 1))]
        whole = min(_told(much, "") for _ in range(ROUNDS))
        pairs = [(_told(much, since), _told(little, since)) for _ in range(ROUNDS)]
    bound = "reading the sums of every cohort, and what its buyers spent"
    detail = f"counted once in {counted[0]:.0f} s"
    yield Figure(f"{kind}: the figures of a report on {finished:,} messages", whole, SECONDS, bound, "s", detail=detail)
    long, short = (min(several) for several in zip(*pairs, strict=True))
    told = f"{long:.2f} s, {short:.2f} s"
    yield Figure(f"{kind}: of {PERIOD} days, beside ten times the history", long / short, TENFOLD, bound, detail=told)


def _fill(ledger: Ledger, finished: int) -> float:
    """Entries day by day up to now, with all that hangs on them; seconds that counting them took."""
    with ledger.reading() as connection:
        rows, number = ROWS[connection.dialect.name]
    days = DAY.format(last=finished, a_day=A_DAY)
    now, later = (f"{AT + when:%Y-%m-%d %H:00:00}" for when in (timedelta(hours=-1), timedelta(days=13)))
    moment, day, no = AGO[ledger.dialect]
    words = {
        "rows": rows,
        "id": number.format("i"),
        "campaigns": CAMPAIGNS,
        "held": HELD_OUT,
        "at": moment.format(now, days),
        "until": moment.format(later, days),
        "on": day.format(now, days),
        "false": no,
    }
    for statement in STATEMENTS:
        for first in range(1, finished + 1, MILLION):
            with ledger.writing() as connection:
                bound = {"first": first, "last": min(first + MILLION - 1, finished)}
                # A colon before a letter would be a parameter.
                connection.execute(text(statement.format(**words).replace(":%", r"\:%")), bound)
    started = time.perf_counter()
    count_in(ledger, "UTC")
    return time.perf_counter() - started


def _told(ledger: Ledger, since: str) -> float:
    """Seconds."""
    gc.collect()
    started = time.perf_counter()
    told = figures(ledger, currency="EUR", now=AT, period=(since, ""))
    seconds = time.perf_counter() - started
    if not told["totals"]["sent"]:
        raise AssertionError(told["totals"])
    return seconds
