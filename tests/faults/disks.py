"""T16 and T17: a disk that is full, and a ledger that was put back from a backup."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from faults import checks, ears
from faults.conclusion import concluded
from faults.databases import Server, count
from faults.figures import Result, timed
from faults.fleet import Fleet, fleet
from faults.laying import Laid
from faults.pauses import IN_COMMIT
from faults.stage import stage, where
from faults.tracing import tracing
from regulars import clock
from regulars.campaigns import reconcile

REFUSAL = "older copy"


def full(*, people: int = 400, batch: int = 50, error: str = "ENOSPC") -> Result:
    """T16: from some moment on nothing can be flushed to the disk. The worker stops, and sends nothing unwritten."""
    started = time.monotonic()
    with stage(people, None) as (laid, peer), fleet(laid, 0, batch=batch) as crew:
        codes = []
        for nth in (1, 3, 6, 9):
            worker = crew.start(waits=True, until_empty=True)
            with tracing(worker, IN_COMMIT, f"error={error}:when={nth}+"):
                worker.join(30)
            codes.append(worker.exitcode)
        intended = count(laid, "after = 'sending'", "transition")
        unwritten = len(peer.truth()) - intended
        crew.workers = [crew.start()]
        emptied = crew.until_empty(60)
        crew.end()
        parameters = f"{error} on every flush from some moment on, {people} messages, SQLite"
        note = f"exit codes {codes}, {max(0, unwritten)} letters without an intent"
        passed = emptied and all(codes) and unwritten <= 0
        result = concluded("T16", parameters, laid, peer, bound=len(codes) * batch, passed=passed, note=note)
    return timed(result, started)


def restored(server: Server | None, *, people: int = 2_000, elsewhere: bool = False) -> Result:
    """T17: the ledger of a while ago is put back. Nobody may send from it before somebody has looked.

    `elsewhere`: on another machine, which has never seen this ledger: only the provider's events give it away.
    """
    started = time.monotonic()
    with stage(people, server) as (laid, peer), fleet(laid, 0, batch=100) as crew:
        _some(crew, peer, people // 4)
        copy = _copied(laid, server)
        _until_empty(crew)
        before = len(peer.truth())
        old = _put_back(laid, copy, server)
        if elsewhere:
            (laid.root / ".regulars" / "witness.json").unlink()
            ears.hand_over(old, peer)
        crew.laid, crew.job = old, replace(crew.job, environment=old.environment)
        worker = crew.start(until_empty=True)
        worker.join(60)
        said = (laid.root / f"{worker.name}.log").read_text()
        refused = worker.exitcode != 0 and REFUSAL in said
        again = sum(len(times) - 1 for times in peer.truth().values())
        ears.hand_over(old, peer)
        with old.desk() as desk:
            recovered = reconcile.recover(desk, clock.now())
        crew.start(until_empty=True).join(60)
        found = checks.look(old, peer.truth(), finished=False)
        if server:
            server.drop(copy)
    which = "on another machine, after its events" if elsewhere else "on the same machine"
    parameters = f"a backup put back {which}, {people:,} messages, {where(server)}"
    note = f"{'refused' if refused else 'NOT refused'}; {again} sent twice before anybody looked; "
    note += f"after --recovered {recovered.accepted:,} known as sent; {before:,} sent in all"
    passed = refused and again == 0 and found.duplicates == 0
    return timed(Result("T17", parameters, passed, found.duplicates, note=note), started)


def _some(crew: Fleet, peer: Any, number: int) -> None:
    """Send some of the letters, then end cleanly."""
    crew.workers = [crew.start()]
    crew.until(lambda: peer.figures()["different"] >= number, 60, every=0.01)
    crew.end()
    crew.workers = []


def _until_empty(crew: Fleet) -> None:
    crew.workers = [crew.start()]
    crew.until_empty(120)
    crew.end()
    crew.workers = []


def _copied(laid: Laid, server: Server | None) -> str:
    if server:
        return server.create(urlsplit(laid.ledger).path.strip("/"))
    copy = laid.root / "backup.sqlite"
    with closing(sqlite3.connect(laid.file)) as now, closing(sqlite3.connect(copy)) as kept:
        now.backup(kept)
    return str(copy)


def _put_back(laid: Laid, copy: str, server: Server | None) -> Laid:
    if server:
        return replace(laid, ledger=server.url(copy))
    for end in ("-wal", "-shm"):
        laid.file.with_name(laid.file.name + end).unlink(missing_ok=True)
    shutil.copy(Path(copy), laid.file)
    return laid
