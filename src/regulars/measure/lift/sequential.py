"""Intervals that hold at every look: one may look each day, and stop when one likes.

An asymptotic confidence sequence: the chance that it *ever* leaves out the truth is at most 1 - level. It is wider than
an interval for one look, in exchange.

Waudby-Smith, I., Arbour, D., Sinha, R., Kennedy, E. H. and Ramdas, A. (2024), Time-uniform central limit theory and
asymptotic confidence sequences, Annals of Statistics 52, 2613-2640, theorem 2.2. The mixture goes back to Robbins,
H. (1970), Statistical methods related to the law of the iterated logarithm, Annals of Mathematical Statistics 41,
1397-1409.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from regulars.measure.lift.amounts import Amounts
from regulars.measure.lift.arms import LEVEL, Limits
from regulars.measure.lift.rates import Rate

TUNED_FOR = 5_000
"""People, of both arms, at whom the interval is tightest. It must be settled before the first look."""


def rho_squared(tuned_for: float = TUNED_FOR, level: float = LEVEL) -> float:
    """ρ² = (-2 log α + log(1 - 2 log α)) / t*, with which the sequence is about tightest at t* people."""
    alpha = 1 - level
    return float((-2 * np.log(alpha) + np.log(1 - 2 * np.log(alpha))) / tuned_for)


def multiple(people: float, level: float = LEVEL, tuned_for: float = TUNED_FOR) -> Any:
    """How many standard errors it reaches after so many people: √(2 (tρ²+1)/(tρ²) · log(√(tρ²+1)/α))."""
    mixed = people * rho_squared(tuned_for) + 1
    return np.sqrt(2 * mixed / (mixed - 1) * np.log(np.sqrt(mixed) / (1 - level)))


def p_value(errors: float, people: float, tuned_for: float = TUNED_FOR) -> float:
    """The always-valid p-value of a difference that is `errors` standard errors: the α at which zero just stays in.

    min(1, √(tρ²+1) · exp(-z² tρ² / (2 (tρ²+1)))).
    """
    mixed = people * rho_squared(tuned_for) + 1
    return float(np.minimum(1.0, np.sqrt(mixed) * np.exp(-(errors**2) * (mixed - 1) / (2 * mixed))))


def smoothed(rate: Rate) -> Amounts:
    """A share as an amount of 0 or 1 per person. Its variance is that of one success and one failure more.

    While nobody of a small arm has converted, its variance is not nought.
    """
    share = (rate.successes + 1) / (rate.people + 2)
    return Amounts(rate.people, rate.share, share * (1 - share))


def both_limits(
    first: Amounts, second: Amounts, level: float = LEVEL, tuned_for: float = TUNED_FOR
) -> tuple[Limits, Limits]:
    """Each mean with the limits that hold at every look."""
    reach = multiple(first.people + second.people, level, tuned_for)
    found = [
        Limits(one.mean, one.mean - reach * np.sqrt(one.error), one.mean + reach * np.sqrt(one.error))
        for one in (first, second)
    ]
    return found[0], found[1]
