"""A plan with edited rules, against the snapshot of all people: what it costs to foresee an edit.

The day before, the campaign ran by other rules: another threshold in a ladder, and a trait counted otherwise. The plan
has all that somebody sees: who came and who left and why, what is withheld, costs, samples. Nothing of the day is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from benchmarks import child
from benchmarks.big_shop import AT, ORDERS_EACH, BigShop
from benchmarks.figures import Figure, median, paired

TARGET = 1.6
CAMPAIGN = "winback"
YESTERDAY = AT - timedelta(days=1)
EDITS = (
    ("days_since(last_order) > 180", "days_since(last_order) > 150"),
    ("value: max(ordered_at)}", "value: max(ordered_at), where: total > 0}"),
)


def measure(folder: Path, customers: int, pairs: int) -> Iterator[Figure]:
    """Both in turn, every one in a process of its own."""
    shop = BigShop(folder / f"parquet-{customers}", customers)
    child.run("lay", shop)
    shop.forget()
    rules = shop.root / "rules.yaml"
    before = rules.read_text(encoding="utf-8")
    child.run("ran", shop)
    said: dict[str, list[dict[str, float]]] = {"plan": [], "ours": []}

    def once(way: str) -> float:
        forget_today(shop)
        said[way].append(child.run(way, shop))
        return said[way][-1]["seconds"]

    try:
        rules.write_text(edited(before), encoding="utf-8")
        ratio, mine, other = paired(lambda: once("plan"), lambda: once("ours"), pairs)
    finally:
        rules.write_text(before, encoding="utf-8")
        shop.forget()
    cpu = median([one["cpu"] for one in said["plan"]]) / median([one["cpu"] for one in said["ours"]])
    moved = said["plan"][-1]
    if not moved["entered"]:
        raise AssertionError("the edit moved nobody")
    yield Figure(
        f"plan with edited rules, {customers:,} customers, {customers * ORDERS_EACH:,} orders",
        ratio,
        TARGET,
        "the snapshot itself; then judging the audience, and the campaigns that go before it",
        detail=f"{mine:.1f} s, the snapshot {other:.1f} s; {cpu:.2f} × its CPU; {moved['audience']:,} in the audience",
    )


def edited(rules: str) -> str:
    """The rules after the edit."""
    for before, after in EDITS:
        if before not in rules:
            raise AssertionError(f"the rules do not say: {before}")
        rules = rules.replace(before, after)
    return rules


def forget_today(shop: BigShop) -> None:
    """Delete what was counted of today; what yesterday's run saw stays, as it would."""
    for kept in (shop.root / ".regulars" / "snapshots").glob("*"):
        if not kept.name.startswith(f"{YESTERDAY.date()}-"):
            kept.unlink()
