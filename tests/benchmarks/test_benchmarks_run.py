"""The benchmarks run at a tiny size and say what they measured; how fast they are is for `make bench` to say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TINY = ["--customers", "500", "--people", "300", "--sample", "60", "--pairs", "1", "--rounds", "1", "--times", "1"]
TINY += ["--events", "900", "--letters", "300", "--finished", "2000", "--claims", "8", "--campaigns", "100"]
TINY += ["--messages", "2000"]
FIGURES = {
    "check": 1,
    "check-many": 1,
    "rendering": 4,
    "snapshot": 2,
    "plan": 1,
    "csv": 2,
    "growth": 1,
    "why": 2,
    "lift": 12,
    "attribution": 2,
    "report": 4,
}


NAMES = [*FIGURES, "enrolling", "intake", "sending", "claiming"]

pytestmark = pytest.mark.xdist_group("benchmarks")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[str]]]:
    """What one `python -m benchmarks` prints, by benchmark; it exits with 1 when a figure misses its target."""
    folder = tmp_path_factory.mktemp("bench")
    command = [sys.executable, "-m", "benchmarks", *NAMES, *TINY, "--folder", str(folder), "--named"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    lines: dict[str, list[str]] = {name: [] for name in NAMES}
    for line in done.stdout.splitlines():
        name, _, figure = line.partition("\t")
        lines[name].append(figure)
    yield lines
    assert not list(folder.rglob("*.parquet")), "the large shop was left behind"


@pytest.mark.parametrize(("name", "figures"), FIGURES.items())
def test_each_benchmark_prints_what_it_measured_and_what_bounds_it(
    name: str, figures: int, told: dict[str, list[str]]
) -> None:
    assert len(told[name]) == figures
    for line in told[name]:
        assert re.search(r"\d+\.\d\d (×|s|GB|µs|%|points)", line), line
        assert "bound by" in line


def test_fitting_says_what_to_install_where_nothing_is_there_to_compare_with(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "expected", "--folder", str(tmp_path)]
    alone = {name: value for name, value in os.environ.items() if name != "REGULARS_LIFETIMES_PYTHON"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300, env=alone)
    assert 'pip install "lifetimes==0.11.3" "numpy<2"' in done.stderr


def test_enrolling_is_measured_whole_and_in_parts(told: dict[str, list[str]]) -> None:
    lines = told["enrolling"]

    assert "from the batch to committed" in lines[0]
    assert "from Arrow tables to committed" in lines[1]
    assert "another writer waits" in lines[2]


def test_intake_is_measured_from_the_wire_to_the_ledger(told: dict[str, list[str]]) -> None:
    measured = told["intake"][0]

    assert re.search(r"from the wire to the ledger .* \d+\.\d\d s .*events/s; half the answers in \d+ ms", measured)


def test_sending_is_measured_against_the_bare_ways(told: dict[str, list[str]]) -> None:
    lines = told["sending"]

    assert [line.partition(": ")[0] for line in lines[:5]] == ["SQLite"] * 5
    assert "bare aiohttp over ours" in lines[0]
    assert "per second of CPU" in lines[0]


def test_claiming_is_measured_beside_a_full_ledger(told: dict[str, list[str]]) -> None:
    line = told["claiming"][0]

    assert line.startswith("SQLite: a claim beside 2,000 finished messages, p95")
    assert "bound by" in line
