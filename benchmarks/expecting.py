"""Fitting BG/NBD to many customers, against PyPI's lifetimes in an environment of its own (it wants numpy below 2)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure
from regulars.measure.clv import BGNBD, fit_bgnbd

TARGET = 1 / 8
PYTHON = "REGULARS_LIFETIMES_PYTHON"
"""The environment variable that names the other Python."""
MISSING = f"""expected: not measured. It needs lifetimes in an environment of its own:
    python3 -m venv lifetimes-env
    lifetimes-env/bin/pip install "lifetimes==0.11.3" "numpy<2"
    {PYTHON}=lifetimes-env/bin/python python -m benchmarks expected"""
NAMES = ("r", "alpha", "a", "b")
THREE_DIGITS = 5e-4
TRUTH = (0.6, 60.0, 0.9, 2.5)
"""What the customers are drawn by: times in days, first orders spread over two years."""
OTHER = """
import json, sys, time
import numpy as np
from lifetimes import BetaGeoFitter
rows = np.load(sys.argv[1])
begun = time.perf_counter()
model = BetaGeoFitter()
model.fit(rows[0], rows[1], rows[2])
print(json.dumps({"seconds": time.perf_counter() - begun, **{name: float(model.params_[name]) for name in NAMES}}))
"""


def measure(folder: Path, customers: int) -> Iterator[Figure]:
    """Ours, before and after lifetimes, over it, in wall time of the fit alone; nothing where it is not installed."""
    other = os.environ.get(PYTHON, "")
    if not other:
        print(MISSING, file=sys.stderr)
        return
    rows = buyers(customers)
    file = folder / "buyers.npy"
    np.save(file, rows)
    fit_bgnbd(*rows[:, :5_000])  # both have loaded their libraries before they are timed
    _, before = timed(rows)
    program = f"NAMES = {NAMES}\n{OTHER}"
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    said = subprocess.run([other, "-c", program, str(file)], capture_output=True, text=True, check=True, env=clean)
    theirs = json.loads(said.stdout.splitlines()[-1])
    ours, after = timed(rows)
    seconds = (before + after) / 2
    apart = furthest(ours, theirs)
    if apart > THREE_DIGITS:
        raise AssertionError(f"the parameters differ by {apart:.1e}: {ours}, {theirs}")
    yield Figure(
        f"BG/NBD fitted to {customers:,} customers, over lifetimes",
        seconds / theirs["seconds"],
        TARGET,
        "one exponential per distinct (frequency, recency, T) and step",
        detail=f"{seconds:.1f} s, lifetimes {theirs['seconds']:.1f} s; parameters at most {apart:.0e} apart",
    )


def timed(rows: np.ndarray) -> tuple[BGNBD, float]:
    """The model, and the seconds it took."""
    begun = time.perf_counter()
    return fit_bgnbd(*rows), time.perf_counter() - begun


def furthest(ours: BGNBD, theirs: dict[str, float]) -> float:
    """The largest difference of a parameter, as a share of it."""
    return max(abs(getattr(ours, name) / theirs[name] - 1) for name in NAMES)


def buyers(size: int) -> np.ndarray:
    """(frequency, recency, T) of invented customers, a row each."""
    chance, (r, alpha, a, b) = np.random.default_rng(1), TRUTH
    rate, leaves = chance.gamma(r, 1 / alpha, size), chance.beta(a, b, size)
    age = chance.integers(1, 731, size).astype(float)
    frequency, recency, now, alive = np.zeros(size), np.zeros(size), np.zeros(size), np.ones(size, dtype=bool)
    while alive.any():
        now = now + chance.exponential(1 / rate)
        orders = alive & (now <= age)
        frequency[orders] += 1
        recency[orders] = now[orders]
        alive = orders & (chance.random(size) >= leaves)
    return np.array([frequency, np.floor(recency), age])
