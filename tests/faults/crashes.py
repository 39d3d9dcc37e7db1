"""T1 and T2: workers killed at random, over and over, while the provider has a bad day."""

from __future__ import annotations

import time

from faults import checks
from faults.conclusion import concluded
from faults.databases import Server, count, rows
from faults.figures import Result, timed
from faults.fleet import fleet
from faults.mishaps import CHANCES
from faults.stage import LATENCY, bound, stage, where

LONGEST_LIFE = 1.5
"""Seconds that a worker has at most before it is killed."""


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
            crew.kill(LONGEST_LIFE)
            time.sleep(0.01)
        emptied = crew.until_empty(600)
        codes = crew.end()
        hit = rows(
            laid, "SELECT count(DISTINCT attempt_id) FROM transition WHERE cause = 'lease over' AND attempt_id <> ''"
        )
        note = f"{crew.kills} kills, {hit[0][0]} requests were out at one"
        parameters = f"{kills} random kills, {people:,} messages, {workers} workers, {where(server)}"
        result = concluded(
            name, parameters, laid, peer, bound=bound(peer, crew.kills, batch), note=note,
            passed=emptied and not any(codes) and crew.kills == kills, through_web=True,
        )  # fmt: skip
    return timed(result, started)
