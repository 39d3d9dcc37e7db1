"""T5, T6 and T10: databases that crash, workers that sleep too long, and workers that are asked to end."""

from __future__ import annotations

import heapq
import os
import signal
import time
from typing import Any

from faults import checks, figures
from faults.databases import Server, count, rows
from faults.figures import Result
from faults.fleet import Fleet, fleet
from faults.stage import LATENCY, bound, stage, where
from faults.tracing import tracing, until

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
        found = checks.look(laid, peer.truth())
        most = bound(peer, crashes * workers, batch)
    parameters = f"{crashes} crashes (immediate), {people:,} messages, {workers} workers, PostgreSQL"
    return figures.timed(figures.of("T5", parameters, found, bound=most, passed=emptied), started)


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
        found = checks.look(laid, peer.truth())
        most = bound(peer, kills, batch)
    parameters = f"{kills} kills in commit, {people:,} messages, SQLite"
    result = figures.of(
        "T5", parameters, found, bound=most, passed=emptied and done == kills, note=f"{done} kills came"
    )
    return figures.timed(result, started)


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
    lease: float = 2.0,
) -> Result:
    """T6: put workers to sleep for two leases, some at a time, while the others go on."""
    started = time.monotonic()
    weather = {"latency": LATENCY}
    with (
        stage(people, server, weather=weather) as (laid, peer),
        fleet(laid, workers, batch=batch, lease=lease, deadline=lease * 0.75) as crew,
    ):
        slept = _naps(crew, naps, 2 * lease, at_once=workers - 1)
        emptied = crew.until_empty(300)
        crew.end()
        found = checks.look(laid, peer.truth())
        most = naps * batch
        woke_late = count(laid, "cause = 'lease over' AND after = 'ambiguous'", "transition")
    note = f"{slept} naps, {woke_late:,} messages were given up meanwhile"
    parameters = f"{naps} × SIGSTOP for two leases, {people:,} messages, {workers} workers, {where(server)}"
    return figures.timed(
        figures.of("T6", parameters, found, bound=most, passed=emptied and slept == naps, note=note), started
    )


def _naps(crew: Fleet, naps: int, seconds: float, *, at_once: int) -> int:
    """Put workers to sleep at random moments; how many naps there were before the work was done."""
    asleep: list[tuple[float, int, Any]] = []
    done = 0
    while done < naps or asleep:
        now = time.monotonic()
        while asleep and asleep[0][0] <= now:
            crew.wake(heapq.heappop(asleep)[2])
        sleeping = {worker.pid for _, _, worker in asleep}
        if done < naps and len(asleep) < at_once and (worker := crew.at_work(sleeping)) is not None:
            os.kill(worker.pid, signal.SIGSTOP)
            done += 1
            heapq.heappush(asleep, (now + seconds, done, worker))
        time.sleep(crew.random.uniform(0.02, 0.3))
    return done


def asked_to_end(
    server: Server | None, *, people: int = 20_000, times: int = 50, workers: int = 4, batch: int = 100
) -> Result:
    """T10: SIGTERM in the middle of the work. What is out is answered, what is claimed goes back, and the exit is 0."""
    started, slowest, codes = time.monotonic(), 0.0, list[int | None]()
    with stage(people, server, weather={"latency": LATENCY}) as (laid, peer), fleet(laid, workers, batch=batch) as crew:
        for _ in range(times):
            until(lambda: crew.at_work() is not None)
            time.sleep(crew.random.uniform(0.05, 0.4))
            worker = crew.at_work()
            begun = time.monotonic()
            worker.terminate()
            worker.join(60)
            slowest = max(slowest, time.monotonic() - begun)
            codes.append(worker.exitcode)
            held = count(laid, f"worker = '{worker.name}' AND state = 'intent'", "attempt")
            codes += [99] if held else []
            crew.workers[crew.workers.index(worker)] = crew.start()
        emptied = crew.until_empty(300)
        codes += crew.end()
        found = checks.look(laid, peer.truth())
        left = rows(laid, "SELECT count(*) FROM transition WHERE cause = 'lease over'")[0][0]
    note = f"slowest exit {slowest:.1f} s, exit codes {sorted(set(map(str, codes)))}, {left} messages left behind"
    parameters = f"{times} × SIGTERM, {people:,} messages, {workers} workers, {where(server)}"
    passed = emptied and not any(codes) and left == 0
    return figures.timed(figures.of("T10", parameters, found, bound=0, passed=passed, note=note), started)
