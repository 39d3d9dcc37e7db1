"""Shares of people: Wilson's limits, Newcombe's difference, the p-value that goes with it, and what could be seen.

Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference, JASA 22, 209-212.
Newcombe, R. G. (1998), Interval estimation for the difference between independent proportions, Statistics in
Medicine 17, 873-890, method 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, hypot, inf, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import bdtr, bdtrc, ndtr, ndtri

from regulars.measure.lift import arms
from regulars.measure.lift.arms import LEVEL, Difference, Limits

Floats = NDArray[np.float64]

POWER = 0.8
"""The chance with which a difference is called visible."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`successes` of `people` did it. `people` is at least 1. Numbers, or numpy arrays of many campaigns."""

    successes: Any
    people: Any

    @property
    def share(self) -> Any:
        """From 0 to 1."""
        return self.successes / self.people


def wilson(rate: Rate, level: float = LEVEL) -> tuple[float, float]:
    """The score interval of one share, both ends from 0 to 1.

    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)
    """
    return _score(rate, float(ndtri((1 + level) / 2)))


def _score(rate: Rate, z: float) -> tuple[float, float]:
    p, n = rate.share, rate.people
    middle = p + z * z / (2 * n)
    reach = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    stretch = 1 + z * z / n
    return np.maximum((middle - reach) / stretch, 0.0), np.minimum((middle + reach) / stretch, 1.0)


def limits(rate: Rate, level: float = LEVEL) -> Limits:
    """The share with Wilson's limits."""
    return Limits(rate.share, *wilson(rate, level))


def newcombe(first: Rate, second: Rate, level: float = LEVEL) -> Difference:
    """The difference of two shares, as a fraction from -1 to 1, by the hybrid score interval.

    It keeps its level where shares are near 0 and groups small, where the textbook interval does not.
    """
    return arms.difference(limits(first, level), limits(second, level))


def p_value(first: Rate, second: Rate) -> float:
    """The smallest 1 - level at which Newcombe's interval leaves out zero: below 0.05 where the 95 % one does.

    Not the p-value of a pooled z-test, which can contradict the interval that is shown beside it.
    """
    if first.share == second.share:
        return 1.0
    high, low = (first, second) if first.share > second.share else (second, first)

    def lower_end(z: float) -> float:
        reach = hypot(high.share - _score(high, z)[0], _score(low, z)[1] - low.share)
        return float(high.share - low.share - reach)

    # At z the whole of either arm's Wilson interval, the lower end is below zero: there is always a root.
    furthest = 1.0
    while lower_end(furthest) > 0:
        furthest *= 2
    return float(2 * ndtr(-brentq(lower_end, 0.0, furthest, xtol=1e-12)))


def chance(share: float, difference: float, people: tuple[int, int], level: float = LEVEL) -> float:
    """How likely Newcombe's interval leaves out zero on the right side, from 0 to 1: exactly, by both binomials.

    `share` is the second arm's, `difference` how much more the first truly does, `people` first and second.
    """
    return _chance(share + difference, people[0], *_seen(share, people, level))


def detectable(share: float, people: tuple[int, int], level: float = LEVEL, power: float = POWER) -> float:
    """The smallest true difference (fraction) that is seen with a chance of `power`; infinite where none is.

    `share` is the second arm's true share, `people` the sizes of the first and the second.
    """
    counts = _seen(share, people, level)

    def lacking(first: float) -> float:
        return _chance(first, people[0], *counts) - power

    if share >= 1 or lacking(1.0) < 0:
        return inf
    return float(brentq(lacking, share, 1.0, xtol=1e-12)) - share


def _seen(share: float, people: tuple[int, int], level: float) -> tuple[Floats, Floats]:
    """The chances of how many of the second arm do it; and with each, how many of the first show a difference."""
    first, second = people
    spread = sqrt(second * share * (1 - share))
    low, high = (max(0, floor(second * share - 7 * spread)), min(second, ceil(second * share + 7 * spread + 10)))
    counts = np.arange(low, high + 1, dtype=float)
    chances = np.diff(bdtr(counts, second, share), prepend=bdtr(low - 1, second, share) if low else 0.0)
    none, least = np.zeros_like(counts), np.full_like(counts, first + 1)
    while np.any(least - none > 1):
        middle = np.floor((none + least) / 2)
        shows = newcombe(Rate(middle, first), Rate(counts, second), level).low > 0
        none, least = np.where(shows, none, middle), np.where(shows, middle, least)
    return chances, least


def _chance(share: float, people: int, chances: Floats, least: Floats) -> float:
    # With none of the first arm nothing is seen, so `least` is at least 1; where it is one more than all, never.
    return float(chances @ bdtrc(np.minimum(least - 1, people), people, share))
