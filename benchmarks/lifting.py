"""How well the intervals of `measure.lift` keep their promise: a line per promise, the worst of its settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from benchmarks import promises
from benchmarks.figures import Figure
from benchmarks.promises import DAYS, Draw, Missed, Shop

RATES = (0.002, 0.01, 0.05, 0.2)
SPREADS = (0.7, 1.0, 1.5, 2.0)
SIZES = (5, 10, 30, 100, 300)
"""Buyers expected in the smaller arm."""
HELD_OUT = (0.05, 0.1, 0.5)


def measure(campaigns: int) -> Iterator[Figure]:
    """A line per promise: the worst of its settings, each with so many campaigns."""
    draw = np.random.default_rng(20261129)
    yield from _shares(draw, campaigns)
    yield from _money(draw, campaigns)
    yield from _looks(draw, campaigns)


def _shares(draw: Draw, campaigns: int) -> Iterator[Figure]:
    settings = [(share, size, held) for share in RATES for size in SIZES for held in HELD_OUT]
    for name, effect in (("no effect", 1.0), ("a third more", 1.33)):
        found = {one: promises.of_rates(draw, *one, effect, campaigns).whole for one in settings}
        worst = max(found, key=lambda one: found[one])
        least = min(found, key=lambda one: found[one])
        yield Figure(
            f"shares from 0.2 to 20 %, {name}: the 95 % interval misses",
            found[worst],
            6.0,
            "whole people: a count of 5 jumps",
            "%",
            f"worst with {_told(worst)}; least {found[least]:.1f} % with {_told(least)}; {len(found)} settings of "
            f"{10 * campaigns:,} campaigns",
        )
    people = [(0.01, (8140, 905)), (0.05, (8140, 905)), (0.2, (2000, 2000)), (0.002, (90_000, 10_000))]
    seen = {one: promises.power(draw, *one, campaigns) for one in people}
    worst_power = max(seen, key=lambda one: abs(seen[one] - 80))
    yield Figure(
        "power announced as 80 %: off by",
        abs(seen[worst_power] - 80),
        2.0,
        "chance",
        "points",
        ", ".join(f"{seen[one]:.1f} % at {100 * one[0]:g} % of {one[1][0]:,} and {one[1][1]:,}" for one in people),
    )


def _money(draw: Draw, campaigns: int) -> Iterator[Figure]:
    for name, more in (("no effect", (1.0, 1.0)), ("30 % more buyers, 10 % more each", (1.3, 1.1))):
        found = {
            (spread, size, held): promises.of_money(
                draw, Shop(0.05, spread, *more), promises.sizes(0.05, size, held), campaigns
            )
            for spread in SPREADS
            for size in SIZES
            for held in HELD_OUT
        }
        yield from _worst(f"money, {name}", found)


def _worst(name: str, found: dict[tuple[float, int, float], tuple[Missed, Missed]]) -> Iterator[Figure]:
    kinds: list[tuple[str, int, Callable[[tuple[float, int, float]], bool], float | None]] = [
        ("Welch's misses where it may be trusted (σ up to 1, 300 buyers)", 0, lambda k: k[0] <= 1 and k[1] >= 300, 6.0),
        ("Welch's misses with few buyers", 0, lambda k: k[1] < 300, None),
        ("the winsorised, steadied misses", 1, lambda _: True, 5.5),
    ]
    for kind, which, fits, target in kinds:
        own = {key: one[which].whole for key, one in found.items() if fits(key)}
        worst = max(own, key=lambda one: own[one])
        least = min(own, key=lambda one: own[one])
        detail = f"worst with {_told_money(worst)}; least {own[least]:.1f} %; {len(own)} settings"
        yield Figure(f"{name}: {kind}", own[worst], target, "skew", "%", detail)


def _looks(draw: Draw, campaigns: int) -> Iterator[Figure]:
    settings = [(0.02, (450, 50)), (0.05, (90, 10)), (0.1, (100, 100)), (0.002, (2000, 2000))]
    found = {one: promises.daily(draw, *one, campaigns) for one in settings}
    worst = max(found, key=lambda one: found[one][0])
    yield Figure(
        f"shares, no effect, {DAYS} daily looks: ever “seen”",
        found[worst][0],
        5.5,
        "the asymptotics while few have bought",
        "%",
        f"worst of {len(found)} settings; the plain interval looked at daily {found[worst][1]:.0f} %",
    )
    shops = [(Shop(0.05, 1.0), (200, 200)), (Shop(0.05, 1.0), (450, 50)), (Shop(0.1, 1.5), (90, 10))]
    amounts_found = {one: promises.daily_money(draw, *one, campaigns // 5) for one in shops}
    worst_money = max(amounts_found, key=lambda one: amounts_found[one][0])
    yield Figure(
        f"money, no effect, {DAYS} daily looks: ever “seen”",
        amounts_found[worst_money][0],
        5.5,
        "the same",
        "%",
        f"{campaigns // 5:,} campaigns; the plain interval looked at daily {amounts_found[worst_money][1]:.0f} %",
    )
    adjusted, length = promises.of_cuped(draw, (1800, 200), campaigns // 5)
    yield Figure(
        "CUPED, no effect, half of the spending known before: misses",
        adjusted.whole,
        6.0,
        "chance",
        "%",
        f"{campaigns // 5:,} campaigns; its interval is {length:.2f} × as long as Welch's",
    )


def _told(setting: tuple[float, int, float]) -> str:
    share, size, held = setting
    return f"{100 * share:g} %, {size} expected among {100 * held:g} % held out"


def _told_money(setting: tuple[float, int, float]) -> str:
    spread, size, held = setting
    return f"σ {spread:g}, {size} buyers among {100 * held:g} % held out"
