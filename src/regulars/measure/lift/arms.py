"""Two arms with limits of their own, put together: their difference, and how much more in proportion.

The method of variance estimates recovery, from the limits l and u around each arm's estimate m. With the score limits
of two shares it is Newcombe's interval of their difference, with Student's limits of two means it is Welch's, and of
their ratio Fieller's: whatever the limits, zero is left out of the one exactly where it is left out of the other.

Zou, G. Y. and Donner, A. (2008), Construction of confidence limits about effect measures: a general approach,
Statistics in Medicine 27, 1693-1702 (the difference). Donner, A. and Zou, G. Y. (2012), Closed-form confidence
intervals for functions of the normal mean and standard deviation, Statistical Methods in Medical Research 21, 347-359
(the ratio). Fieller, E. C. (1954), Some problems in interval estimation, JRSS B 16, 175-185.

Everything here takes floats, or numpy arrays with as many campaigns as one likes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Limits:
    """What one arm did, and where the truth may lie."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """The first arm minus the second, with the interval in which it lies; or their ratio minus one."""

    difference: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether the interval leaves out zero."""
        return bool(self.low > 0 or self.high < 0)

    @property
    def reach(self) -> float:
        """Half its length: what stands behind `±`."""
        return (self.high - self.low) / 2


def difference(first: Limits, second: Limits) -> Difference:
    """d = m₁ - m₂, from d - √((m₁-l₁)² + (u₂-m₂)²) to d + √((u₁-m₁)² + (m₂-l₂)²), in the arms' own unit."""
    d = first.value - second.value
    below = np.hypot(first.value - first.low, second.high - second.value)
    above = np.hypot(first.high - first.value, second.value - second.low)
    return Difference(d, d - below, d + above)


def relative(first: Limits, second: Limits) -> Difference:
    """m₁/m₂ - 1, as a fraction: 0.25 is a quarter more.

    The ends are the ratios R at which the interval of m₁ - R·m₂ begins and ends at zero. Both are infinite (or not a
    number) where the second arm cannot be told from zero: then no end is known.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        product = first.value * second.value
        low_top = first.low * (2 * first.value - first.low)
        low_under = second.high * (2 * second.value - second.high)
        high_top = first.high * (2 * first.value - first.high)
        high_under = second.low * (2 * second.value - second.low)
        low = low_top / (product + np.sqrt(np.maximum(product**2 - low_top * low_under, 0)))
        high = (product + np.sqrt(np.maximum(product**2 - high_top * high_under, 0))) / high_under
        apart = second.low > 0
        value: Any = np.where(second.value > 0, np.divide(first.value, second.value), np.nan)[()]
        least: Any = np.where(apart | (low >= 0), low, -np.inf)[()]
        most: Any = np.where(apart, high, np.inf)[()]
        return Difference(value - 1, least - 1, most - 1)
