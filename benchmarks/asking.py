"""`why` for one customer among many, against the snapshot of all of them: with the day's snapshot kept, and without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks import child
from benchmarks.big_shop import ORDERS_EACH, BigShop
from benchmarks.figures import Figure, median, paired

TARGET = 0.1
WAYS = {
    "kept": ("with the day's snapshot kept", "reading the ids of all orders, for the rows that a value came from"),
    "alone": ("without a snapshot", "reading the ids of all customers and orders, to find one person's rows"),
}


def measure(folder: Path, customers: int, pairs: int) -> Iterator[Figure]:
    """Each way in turn with the snapshot, every one in a process of its own, from opening the project to the answer."""
    shop = BigShop(folder / f"parquet-{customers}", customers)
    child.run("lay", shop)
    people = f"{customers:,} customers, {customers * ORDERS_EACH:,} orders"
    for way, (name, bound) in WAYS.items():
        said: dict[str, list[dict[str, float]]] = {"why": [], "ours": []}

        def ask(way: str = way, said: dict[str, list[dict[str, float]]] = said) -> float:
            if way == "alone":
                shop.forget()
            elif not list((shop.root / ".regulars").glob("snapshots/*.parquet")):
                child.run("ours", shop)
            said["why"].append(child.run("why", shop))
            return said["why"][-1]["seconds"]

        def count(said: dict[str, list[dict[str, float]]] = said) -> float:
            shop.forget()
            said["ours"].append(child.run("ours", shop))
            return said["ours"][-1]["seconds"]

        ratio, mine, other = paired(ask, count, pairs)
        cpu = median([one["cpu"] for one in said["why"]]) / median([one["cpu"] for one in said["ours"]])
        memory = max(one["gigabytes"] for one in said["why"])
        detail = f"{mine:.2f} s, {memory:.2f} GB; the snapshot {other:.1f} s; {cpu:.2f} × its CPU"
        yield Figure(f"why one of {people}, {name}", ratio, TARGET, bound, detail=detail)
