"""Confidence intervals of a difference between two groups. Pure functions on numbers.

Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference, JASA 22, 209-212.
Newcombe, R. G. (1998), Interval estimation for the difference between independent proportions, Statistics in
Medicine 17, 873-890, method 10.
Welch, B. L. (1947), The generalization of "Student's" problem when several different population variances are
involved, Biometrika 34, 28-35.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from regulars.measure import student

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Rate:
    """`successes` of `people` did it. `people` is at least 1."""

    successes: int
    people: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.successes / self.people


@dataclass(frozen=True, slots=True)
class Amounts:
    """An amount for each of `people`, those with nothing included: their mean and sample variance."""

    people: int
    mean: float
    variance: float

    @classmethod
    def of_sums(cls, people: int, total: float, squares: float) -> Amounts:
        """From the sum of the amounts and the sum of their squares; `people` is at least 1."""
        mean = total / people
        spread = max(squares - total * mean, 0.0)
        return cls(people, mean, spread / (people - 1) if people > 1 else 0.0)


@dataclass(frozen=True, slots=True)
class Difference:
    """The first group minus the second, with the interval in which it lies."""

    difference: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether the interval leaves out zero: that there is a difference, and its sign, can be told."""
        return self.low > 0 or self.high < 0


def wilson(rate: Rate, level: float = LEVEL) -> tuple[float, float]:
    """The score interval of one share, both ends from 0 to 1.

    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    p, n = rate.share, rate.people
    middle = p + z * z / (2 * n)
    reach = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    stretch = 1 + z * z / n
    return max((middle - reach) / stretch, 0.0), min((middle + reach) / stretch, 1.0)


def newcombe(first: Rate, second: Rate, level: float = LEVEL) -> Difference:
    """The difference of two shares, as a fraction from -1 to 1, by the hybrid score interval.

    With d = p₁ - p₂ and Wilson's limits l, u of each: d - √((p₁-l₁)² + (u₂-p₂)²) to d + √((u₁-p₁)² + (p₂-l₂)²).
    It keeps its level where shares are near 0 and groups small, where the textbook interval does not.
    """
    low_1, high_1 = wilson(first, level)
    low_2, high_2 = wilson(second, level)
    p_1, p_2 = first.share, second.share
    d = p_1 - p_2
    below = sqrt((p_1 - low_1) ** 2 + (high_2 - p_2) ** 2)
    above = sqrt((high_1 - p_1) ** 2 + (p_2 - low_2) ** 2)
    return Difference(d, d - below, d + above)


def welch(first: Amounts, second: Amounts, level: float = LEVEL) -> Difference:
    """The difference of two means, in the unit of the amounts, with unequal variances.

    d ± t √(s₁²/n₁ + s₂²/n₂), t of Student's distribution with Welch's degrees of freedom
    (s₁²/n₁ + s₂²/n₂)² / ((s₁²/n₁)²/(n₁-1) + (s₂²/n₂)²/(n₂-1)). Each group has at least 2 people.
    """
    d = first.mean - second.mean
    error_1, error_2 = first.variance / first.people, second.variance / second.people
    error = error_1 + error_2
    if not error:
        return Difference(d, d, d)
    freedom = 1 / ((error_1 / error) ** 2 / (first.people - 1) + (error_2 / error) ** 2 / (second.people - 1))
    reach = student.quantile((1 + level) / 2, freedom) * sqrt(error)
    return Difference(d, d - reach, d + reach)
