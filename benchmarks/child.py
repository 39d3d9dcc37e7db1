"""One way of doing one thing, in a process of its own, so that its time and its memory are its own.

    python -m benchmarks.child WAY ROOT CUSTOMERS KIND     prints {"seconds": …, "gigabytes": …, …} as JSON

The parent calls `run`. Imports are done before the clock starts, on both sides.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.big_shop import AT, BigShop


def run(way: str, shop: BigShop) -> dict[str, Any]:
    """What a child says that does `way` (a name of `WAYS`) with `shop`."""
    arguments = [sys.executable, "-m", "benchmarks.child", way, str(shop.root), str(shop.customers), shop.kind]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    repository = Path(__file__).resolve().parents[1]
    done = subprocess.run(arguments, cwd=repository, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def lay(shop: BigShop) -> dict[str, Any]:
    """The shop's own files: here, so that the parent stays small."""
    shop.lay()
    return {}


def ours(shop: BigShop) -> dict[str, Any]:
    """The snapshot as `plan` and `run` take it, from an opened project and its ledger to the file."""
    import ibis.backends.duckdb  # noqa: F401  # loaded before the clock starts

    from regulars.campaigns.desk import Desk
    from regulars.ledger import facts

    with Desk.open(shop.root) as desk:
        facts.contact_facts(desk.ledger, desk.day(AT), AT)
        started, spent = time.perf_counter(), time.process_time()
        snapshot = desk.snapshot(AT)
        times = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - spent}
    return times | {"file": str(snapshot.path)}


def by_hand(shop: BigShop) -> dict[str, Any]:
    """The hand-written statement, allowed as much memory as ours."""
    from benchmarks import by_hand
    from regulars.people.engine import MEMORY

    file = shop.root / "by_hand.parquet"
    started, spent = time.perf_counter(), time.process_time()
    by_hand.snapshot(shop, file, MEMORY)
    return {"seconds": time.perf_counter() - started, "cpu": time.process_time() - spent, "file": str(file)}


def whole(shop: BigShop) -> dict[str, Any]:
    """The snapshot and the selection of every campaign, with nothing kept from before."""
    import ibis.backends.duckdb  # noqa: F401  # loaded before the clock starts

    from regulars.campaigns.desk import Desk
    from regulars.campaigns.select import Selector, summary
    from regulars.ledger import facts

    people: dict[str, int] = {}
    with Desk.open(shop.root) as desk:
        facts.contact_facts(desk.ledger, desk.day(AT), AT)
        started, spent = time.perf_counter(), time.process_time()
        snapshot = desk.snapshot(AT)
        parts = {"snapshot": time.perf_counter() - started}
        for campaign in desk.project.campaigns:
            begun = time.perf_counter()
            counts = summary(desk, Selector(desk, campaign, AT).run(snapshot, "selected"))
            parts[campaign], people[campaign] = time.perf_counter() - begun, counts["audience"]
        times = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - spent}
    return times | {"parts": parts, "people": people}


def why(shop: BigShop) -> dict[str, Any]:
    """One customer and one campaign explained, asked by e-mail address, from opening the project to the answer."""
    import ibis.backends.duckdb  # noqa: F401  # loaded before the clock starts

    from regulars import clock
    from regulars.campaigns.desk import Desk
    from regulars.campaigns.why.explain import why as explained
    from regulars.ledger import facts, page  # noqa: F401  # loaded before the clock starts
    from regulars.words import render  # noqa: F401  # loaded before the clock starts

    somebody = f"person.{shop.customers * 2 // 5}@example.com"
    with clock.frozen(AT):
        started, spent = time.perf_counter(), time.process_time()
        with Desk.open(shop.root, looking=True) as desk:
            (told,) = explained(desk, somebody, ["winback"], AT)["campaigns"]
        times = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - spent}
    return times | {"verdict": told["verdict"]}


def ran(shop: BigShop) -> dict[str, Any]:
    """Yesterday's run of the campaign that is planned, as far as deciding."""
    from benchmarks.planning import CAMPAIGN, YESTERDAY
    from regulars import clock
    from regulars.campaigns import running
    from regulars.campaigns.desk import Desk

    with Desk.open(shop.root) as desk, clock.frozen(YESTERDAY):
        running.finish(desk, running.select(desk, CAMPAIGN, YESTERDAY).run_id)
    return {}


def plan(shop: BigShop) -> dict[str, Any]:
    """The plan of one campaign, from an opened project to all that is printed."""
    import ibis.backends.duckdb  # noqa: F401  # loaded before the clock starts

    from benchmarks.planning import CAMPAIGN
    from regulars import clock
    from regulars.campaigns.desk import Desk
    from regulars.campaigns.planning.plan import plan as planned
    from regulars.cli.plan_text import of_plan
    from regulars.ledger import facts

    with Desk.open(shop.root, looking=True) as desk, clock.frozen(AT):
        facts.contact_facts(desk.ledger, desk.day(AT), AT)
        started, spent = time.perf_counter(), time.process_time()
        foreseen = planned(desk, [CAMPAIGN], AT)
        of_plan(foreseen, desk)
        times = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - spent}
    (one,) = foreseen["campaigns"]
    return times | {"audience": one["audience"], "entered": one["compared"]["entered"]}


WAYS = {"lay": lay, "ours": ours, "by_hand": by_hand, "whole": whole, "why": why, "ran": ran, "plan": plan}


def main() -> None:
    """Do what the arguments say."""
    way, root, customers, kind = sys.argv[1:]
    said = WAYS[way](BigShop(Path(root), int(customers), kind))
    print(json.dumps(said | {"gigabytes": peak()}))


def peak() -> float:
    """The most memory this process ever held, in GB. `ru_maxrss` would include its parent's, from before `exec`."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if "VmHWM" in line) / 1024**2
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**3


if __name__ == "__main__":
    main()
