"""T1 and T2: workers killed at random, over and over, while the provider has a bad day."""

from __future__ import annotations

import time

from faults import checks, figures
from faults.databases import Server, count
from faults.figures import Result
from faults.fleet import fleet
from faults.mishaps import CHANCES
from faults.stage import LATENCY, bound, stage


def killed(
    name: str,
    server: Server | None,
    *,
    people: int = 100_000,
    kills: int = 200,
    workers: int = 4,
    batch: int = 100,
    faults: bool = True,
    seed: int = 1,
    mutant: str = "",
) -> Result:
    """Kill -9 a random worker every moment until `kills` are done; then let them finish."""
    started = time.monotonic()
    weather = {"latency": LATENCY, "chances": CHANCES if faults else {}, "seed": seed}
    with (
        stage(people, server, weather=weather) as (laid, peer),
        fleet(laid, workers, seed, batch=batch, mutant=mutant) as crew,
    ):
        while crew.kills < kills and count(laid, checks.UNDER_WAY):
            time.sleep(crew.random.uniform(0.05, 0.25))
            crew.kill()
        emptied = crew.until_empty(600)
        codes = crew.end()
        found = checks.look(laid, peer.truth())
        most = bound(peer, crew.kills, batch)
    where = "PostgreSQL" if server else "SQLite, 4 ordinary workers"
    note = f"{found.really_sent:,} of them really sent; {crew.kills} kills"
    result = figures.of(
        name,
        f"{kills} kills, {people:,} messages, {workers} workers, {where}",
        found,
        bound=most,
        note=note,
        passed=emptied and not any(codes),
    )
    return figures.timed(result, started)
