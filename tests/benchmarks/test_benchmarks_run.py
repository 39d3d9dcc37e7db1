"""The benchmarks run at a tiny size and say what they measured; how fast they are is for `make bench` to say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TINY = ["--customers", "500", "--people", "300", "--sample", "60", "--pairs", "1", "--rounds", "1", "--times", "1"]
TINY += ["--events", "900", "--letters", "300", "--finished", "2000", "--claims", "8", "--messages", "2000"]
FIGURES = {
    "check": 1,
    "check-many": 1,
    "rendering": 4,
    "snapshot": 2,
    "plan": 1,
    "csv": 2,
    "growth": 1,
    "why": 2,
    "attribution": 2,
}


def lines_of(name: str, folder: Path) -> list[str]:
    """What `python -m benchmarks NAME` prints. It fails when a figure misses its target, which tiny ones may."""
    command = [sys.executable, "-m", "benchmarks", name, *TINY, "--folder", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(("name", "figures"), FIGURES.items())
def test_each_benchmark_prints_what_it_measured_and_what_bounds_it(name: str, figures: int, tmp_path: Path) -> None:
    lines = lines_of(name, tmp_path)

    assert len(lines) == figures
    for line in lines:
        assert re.search(r"\d+\.\d\d (×|s|GB|µs)", line), line
        assert "bound by" in line


def test_enrolling_is_measured_whole_and_in_parts(tmp_path: Path) -> None:
    lines = lines_of("enrolling", tmp_path)

    assert "from the batch to committed" in lines[0]
    assert "from Arrow tables to committed" in lines[1]
    assert "another writer waits" in lines[2]


def test_intake_is_measured_from_the_wire_to_the_ledger(tmp_path: Path) -> None:
    lines = lines_of("intake", tmp_path)

    assert re.search(r"from the wire to the ledger .* \d+\.\d\d s .*events/s; half the answers in \d+ ms", lines[0])


def test_sending_is_measured_against_the_bare_ways(tmp_path: Path) -> None:
    lines = lines_of("sending", tmp_path)

    assert [line.partition(": ")[0] for line in lines[:5]] == ["SQLite"] * 5
    assert "bare aiohttp over ours" in lines[0]
    assert "per second of CPU" in lines[0]


def test_claiming_is_measured_beside_a_full_ledger(tmp_path: Path) -> None:
    lines = lines_of("claiming", tmp_path)

    assert lines[0].startswith("SQLite: a claim beside 2,000 finished messages, p95")
    assert "bound by" in lines[0]


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    lines_of("snapshot", tmp_path)

    assert not list(tmp_path.rglob("*.parquet"))
