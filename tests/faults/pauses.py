"""T5, T6 and T10: databases that crash, workers that sleep too long, and workers that are asked to end."""

from __future__ import annotations

import heapq
import os
import signal
import time
from collections.abc import Container
from typing import Any

from faults.checks import UNDER_WAY
from faults.conclusion import concluded
from faults.databases import Server, count, rows
from faults.figures import Result, timed
from faults.fleet import Fleet, fleet
from faults.stage import LATENCY, SLOW, bound, stage, where
from faults.tracing import tracing

IN_COMMIT = "fsync,fdatasync"


def crashed_servers(
    server: Server, *, people: int = 20_000, crashes: int = 8, workers: int = 4, batch: int = 100
) -> Result:
    """T5: end the whole PostgreSQL at once, again and again, while workers send."""
    started = time.monotonic()
    with stage(people, server, weather={"latency": LATENCY}) as (laid, peer), fleet(laid, workers, batch=batch) as crew:
        for number in range(crashes):
            share = people * (number + 1) // (crashes + 2)
            crew.until(lambda: peer.figures()["different"] >= share, 120)  # noqa: B023  # asked at once
            server.crash()
        emptied = crew.until_empty(300)
        crew.end()
        parameters = f"{crashes} crashes (immediate), {people:,} messages, {workers} workers, PostgreSQL"
        most = bound(peer, crashes * workers, batch)
        result = concluded("T5", parameters, laid, peer, bound=most, passed=emptied)
    return timed(result, started)


def killed_in_commit(*, people: int = 4_000, kills: int = 8, batch: int = 100) -> Result:
    """T5 on SQLite: kill a worker while its commit waits for the disk."""
    started = time.monotonic()
    with stage(people, None, weather={"latency": (0.0, 0.01)}) as (laid, peer), fleet(laid, 0, batch=batch) as crew:
        done = 0
        for number in range(kills):
            done += _killed_at_flush(crew, 3 + number)
        crew.workers = [crew.start() for _ in range(2)]
        emptied = crew.until_empty(300)
        crew.end()
        parameters = f"{kills} kills in commit, {people:,} messages, SQLite"
        most = bound(peer, kills, batch)
        result = concluded("T5", parameters, laid, peer, bound=most, passed=emptied and done == kills)
    return timed(result, started)


def _killed_at_flush(crew: Fleet, n: int) -> bool:
    """Kill a worker at its `n`-th flush to the disk."""
    worker = crew.start(waits=True)
    with tracing(worker, IN_COMMIT, f"signal=KILL:when={n}"):
        worker.join(60)
    return bool(worker.exitcode == -signal.SIGKILL)


def slept(
    server: Server | None,
    *,
    people: int = 20_000,
    naps: int = 50,
    workers: int = 4,
    batch: int = 50,
    lease: int = 2,
) -> Result:
    """T6: put workers to sleep for two leases while their letters are out; the others go on."""
    started = time.monotonic()
    job = {"batch": batch, "lease": lease, "deadline": lease * 0.75}
    with stage(people, server, weather={"latency": SLOW}) as (laid, peer), fleet(laid, workers, **job) as crew:
        done = _naps(crew, naps, 2 * lease, at_once=workers - 1)
        emptied = crew.until_empty(600)
        crew.end()
        given_up = count(laid, "cause = 'lease over' AND after = 'ambiguous'", "transition")
        parameters = f"{naps} × SIGSTOP for two leases, {people:,} messages, {workers} workers, {where(server)}"
        note = f"{done} naps, in which {given_up:,} messages were given up"
        passed = emptied and done == naps and given_up > 0
        # Who sleeps longer than a request may take gets no answer any more: its letters are in doubt.
        result = concluded("T6", parameters, laid, peer, bound=naps * batch, passed=passed, note=note)
    return timed(result, started)


def _naps(crew: Fleet, naps: int, seconds: float, *, at_once: int) -> int:
    """Put busy workers to sleep; how many naps there were before the work was done."""
    asleep: list[tuple[float, int, Any]] = []
    done = 0
    while (done < naps and count(crew.laid, UNDER_WAY)) or asleep:
        now = time.monotonic()
        while asleep and asleep[0][0] <= now:
            crew.wake(heapq.heappop(asleep)[2])
        sleeping = {worker.pid for _, _, worker in asleep}
        if done < naps and len(asleep) < at_once and (worker := _busy(crew, sleeping)) is not None:
            os.kill(worker.pid, signal.SIGSTOP)
            done += 1
            heapq.heappush(asleep, (now + seconds, done, worker))
        time.sleep(crew.random.uniform(0.01, 0.1))
    return done


def asked_to_end(
    server: Server | None, *, people: int = 20_000, times: int = 50, workers: int = 4, batch: int = 50
) -> Result:
    """T10: SIGTERM while letters are out. They are answered, what is claimed goes back, and the exit code is 0."""
    started, slowest, codes = time.monotonic(), 0.0, list[int | None]()
    with stage(people, server, weather={"latency": SLOW}) as (laid, peer), fleet(laid, workers, batch=batch) as crew:
        while len(codes) < times and count(laid, UNDER_WAY):
            worker = _busy(crew)
            if worker is None:
                time.sleep(0.01)
                continue
            time.sleep(crew.random.uniform(0, 0.2))
            begun = time.monotonic()
            worker.terminate()
            worker.join(60)
            slowest = max(slowest, time.monotonic() - begun)
            codes.append(worker.exitcode)
            crew.workers[crew.workers.index(worker)] = crew.start()
        asked = len(codes)
        emptied = crew.until_empty(600)
        codes += crew.end()
        left = count(laid, "cause = 'lease over'", "transition")
        parameters = f"{times} × SIGTERM, {people:,} messages, {workers} workers, {where(server)}"
        note = f"slowest exit {slowest:.1f} s, exit codes {sorted(set(map(str, codes)))}, {left} messages left behind"
        passed = emptied and asked == times and not any(codes) and left == 0
        result = concluded("T10", parameters, laid, peer, bound=0, passed=passed, note=note)
    return timed(result, started)


def _busy(crew: Fleet, but: Container[int] = ()) -> Any:
    """A worker whose letters are out, at random; None where nobody's are."""
    out = {name for (name,) in rows(crew.laid, "SELECT DISTINCT worker FROM attempt WHERE state = 'intent'")}
    busy = [one for one in crew.workers if one.name in out and one.is_alive() and one.pid not in but]
    return crew.random.choice(busy) if busy else None
