"""T1 and T2: workers killed at random, over and over, while the provider has a bad day."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from collections.abc import Iterator
from pathlib import Path
import tempfile
import time
from typing import Any

from faults import checks, figures
from faults.databases import Server
from faults.figures import Result
from faults.fleet import fleet
from faults.laying import Laid, lay
from faults.mishaps import CHANCES, UNSETTLED
from faults.peer import Peer, provider

LATENCY = (0.05, 0.15)


@contextmanager
def stage(people: int, server: Server | None, *, weather: Mapping[str, Any] | None = None, **laying: Any) -> Iterator[tuple[Laid, Peer]]:
    """A provider, and a project with a ledger of its own whose letters are planned."""
    with tempfile.TemporaryDirectory(prefix="faults", ignore_cleanup_errors=True) as folder, provider(**(weather or {})) as peer:
        database = server.create() if server else ""
        try:
            url = server.url(database) if server else ""
            yield lay(Path(folder) / "shop", people, peer.settings(), ledger=url, **laying), peer
        finally:
            if server:
                server.drop(database)


def bound(peer: Peer, kills: int, batch: int) -> int:
    """As many messages as may be ambiguous: a batch for each kill, and what was in requests whose answer was lost."""
    carried = peer.figures()["carried"]
    return kills * batch + sum(n for met, n in carried.items() if met in UNSETTLED)


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
    with stage(people, server, weather=weather) as (laid, peer), fleet(laid, workers, seed, batch=batch, mutant=mutant) as crew:
        while crew.kills < kills and checks_left(laid):
            time.sleep(crew.random.uniform(0.05, 0.25))
            crew.kill()
        emptied = crew.until_empty(600)
        codes = crew.end()
        found = checks.look(laid, peer.truth())
        most = bound(peer, crew.kills, batch)
    where = "PostgreSQL" if server else "SQLite, 4 ordinary workers"
    note = f"{found.really_sent:,} of them really sent; {crew.kills} kills"
    result = figures.of(name, f"{kills} kills, {people:,} messages, {workers} workers, {where}", found, bound=most, note=note, passed=emptied and not any(codes))
    return figures.timed(result, started)


def checks_left(laid: Laid) -> bool:
    """Whether there is something left to be killed over."""
    from faults.databases import count

    return count(laid, checks.UNDER_WAY) > 0
