"""`regulars check` on the sample shop: the whole process, as somebody at a keyboard waits for it."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.big_shop import TODAY
from benchmarks.figures import Figure, median, paired

TARGET = 1.5
MANY, MANY_TARGET = 100, 3.0
NEVER = ("prefect", "fastapi")
"""What `check` must not load."""
COMMAND = [sys.executable, "-c", "import sys; from regulars.cli import main; sys.exit(main())", "check"]


def measure(folder: Path, customers: int, times: int) -> Iterator[Figure]:
    """The first time, with CSV files to convert, and the median of `times` more."""
    from regulars.sample import shop
    from regulars.sample.scaffold import lay_project

    root = folder / "sample"
    lay_project(root)
    shop.lay(root, TODAY, customers=customers)
    loaded = _modules(root)
    if loaded:
        raise AssertionError(f"check loads {', '.join(loaded)}")
    for kept in (root / ".regulars").rglob("*.*"):
        kept.unlink()
    first, _ = _check(root)
    waits, works = zip(*(_check(root) for _ in range(times)), strict=True)
    detail = f"{median(works):.2f} s of CPU; the first time, with CSV to convert, {first:.2f} s"
    yield Figure("check, the whole process", median(waits), TARGET, "importing pyarrow, sqlglot, duckdb", "s", detail)


def many(folder: Path, customers: int, pairs: int) -> Iterator[Figure]:
    """The same with a hundred campaigns, each with words of its own, against the six of the sample."""
    from regulars.sample import shop
    from regulars.sample.scaffold import lay_project

    few, much = folder / "few", folder / "many"
    for root in (few, much):
        lay_project(root)
        shop.lay(root, TODAY, customers=customers)
    own = len(list((few / "campaigns").iterdir()))
    _multiply(much, MANY)
    for root in (few, much):
        _check(root)
    ratio, long, short = paired(lambda: _check(much)[1], lambda: _check(few)[1], pairs)
    detail = f"CPU of the whole process: {long:.2f} s for {MANY}, {short:.2f} s for {own}"
    yield Figure(
        f"check with {MANY} campaigns, against {own}", ratio, MANY_TARGET, "reading YAML and templates", "×", detail
    )


def _multiply(root: Path, wanted: int) -> None:
    """Copy the campaigns of `root`, each with its templates, until there are `wanted`."""
    # One campaign alone may reward friends.
    campaigns = [one for one in sorted((root / "campaigns").iterdir()) if "\nreferral:" not in one.read_text("utf-8")]
    for number in range(wanted - len(campaigns)):
        campaign = campaigns[number % len(campaigns)]
        name, words = f"{campaign.stem}_{number}", root / "templates" / campaign.stem
        text = campaign.read_text("utf-8")
        if words.is_dir():
            shutil.copytree(words, words.with_name(name))
            text = text.replace(f"{campaign.stem}/", f"{name}/")
        campaign.with_name(f"{name}.yaml").write_text(text, encoding="utf-8")


def _environment() -> dict[str, str]:
    """As at a keyboard: Python may keep compiled modules."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _check(root: Path) -> tuple[float, float]:
    """Seconds by the clock, and of CPU."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(COMMAND, cwd=root, env=_environment(), check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - started, work


def _modules(root: Path) -> list[str]:
    """Which of `NEVER` it loads; also warms the disk."""
    command = [sys.executable, "-X", "importtime", *COMMAND[1:]]
    done = subprocess.run(command, cwd=root, env=_environment(), check=True, capture_output=True, text=True)
    names = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    return [name for name in NEVER if name in names]
