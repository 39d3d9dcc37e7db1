"""The snapshot of a large shop, against a hand-written DuckDB statement for the same columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb

from benchmarks import child
from benchmarks.big_shop import LINES_EACH, ORDERS_EACH, BigShop
from benchmarks.figures import Figure, median, paired

TARGET, MEMORY = 1.5, 4.0


def measure(folder: Path, customers: int, pairs: int) -> Iterator[Figure]:
    """Ratio and memory over Parquet."""
    shop = BigShop(folder / f"parquet-{customers}", customers)
    child.run("lay", shop)
    said: dict[str, list[dict[str, float]]] = {"ours": [], "by_hand": []}
    files: dict[str, str] = {}

    def once(way: str) -> float:
        if way == "ours":
            shop.forget()
        answer = child.run(way, shop)
        files[way] = answer.pop("file")
        said[way].append(answer)
        return float(answer["seconds"])

    ratio, mine, other = paired(lambda: once("ours"), lambda: once("by_hand"), pairs)
    differing = different(files["ours"], files["by_hand"])
    if differing:
        raise AssertionError(f"these columns differ: {differing}")
    cpu = median([one["cpu"] for one in said["ours"]]) / median([one["cpu"] for one in said["by_hand"]])
    best = min(one["seconds"] for one in said["ours"]) / min(one["seconds"] for one in said["by_hand"])
    size = f"{customers:,} customers, {customers * ORDERS_EACH:,} orders"
    yield Figure(
        f"snapshot of {size}, Parquet",
        ratio,
        TARGET,
        f"counting distinct categories over {customers * LINES_EACH:,} lines, the same in both",
        detail=f"{mine:.1f} s, by hand {other:.1f} s; {cpu:.2f} × its CPU; best against best {best:.2f} ×",
    )
    yield Figure(
        "  its memory at most",
        max(one["gigabytes"] for one in said["ours"]),
        MEMORY,
        "the hash table of lines by customer and category",
        "GB",
    )


def from_csv(folder: Path, customers: int) -> Iterator[Figure]:
    """The same rows as CSV: the first time the files are read as text, cast and kept; the second time they stand."""
    shop = BigShop(folder / f"parquet-{customers}", customers)
    texts = BigShop(folder / f"csv-{customers}", customers, "csv")
    child.run("lay", shop)
    texts.lay_from(shop)
    for name, bound in (("first", "reading every value as text, twice"), ("second", "the same as Parquet")):
        shop.forget()
        texts.forget(tables=name == "first")
        parquet, answer = child.run("ours", shop), child.run("ours", texts)
        detail = f"{answer['seconds']:.1f} s, {answer['gigabytes']:.1f} GB; Parquet {parquet['seconds']:.1f} s"
        ratio = answer["seconds"] / parquet["seconds"]
        yield Figure(f"the same from CSV, the {name} time, against Parquet", ratio, None, bound, detail=detail)


def different(one: str, other: str) -> list[str]:
    """The columns in which two snapshots differ for somebody; what only one of them has the orders do not tell."""
    ours, theirs = ([row[0] for row in duckdb.sql(f"describe from '{file}'").fetchall()] for file in (one, other))
    columns = [column for column in ours if column in theirs]
    counts = ", ".join(f'count(*) filter (where a."{column}" is distinct from b."{column}")' for column in columns)
    row = duckdb.sql(f"select {counts} from '{one}' a full join '{other}' b using (customer_id)").fetchone() or ()
    return [column for column, count in zip(columns, row, strict=True) if count]


def growth(folder: Path, customers: int, pairs: int) -> Iterator[Figure]:
    """What ten times as many customers cost: the snapshot and the selection of every campaign, from nothing."""
    large = BigShop(folder / f"parquet-{customers}", customers)
    small = replace(large, root=folder / f"parquet-{customers // 10}", customers=customers // 10)

    work: dict[int, list[float]] = {large.customers: [], small.customers: []}

    def once(shop: BigShop) -> float:
        shop.forget()
        answer = child.run("whole", shop)
        work[shop.customers].append(answer["cpu"])
        return float(answer["seconds"])

    for shop in (large, small):
        child.run("lay", shop)
    ratio, mine, other = paired(lambda: once(large), lambda: once(small), pairs)
    cpu = median(work[large.customers]) / median(work[small.customers])
    yield Figure(
        f"from {small.customers:,} to {large.customers:,} customers",
        ratio,
        11,
        "memory bandwidth: hash tables that no longer fit the caches",
        detail=f"{other:.1f} s → {mine:.1f} s, snapshot and all campaigns; {cpu:.2f} × the CPU",
    )
