"""Who still buys, and how often: the BG/NBD model of repeat orders.

While alive, a customer orders at random at a rate of their own (gamma, `r` and `alpha`); after each repeat order they
may leave for good, with a probability of their own (beta, `a` and `b`). Equations by number are those of Fader, P. S.,
Hardie, B. G. S. and Lee, K. L. (2005), "Counting Your Customers" the Easy Way, Marketing Science 24, 275-284.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from regulars.errors import NotIdentified, WrongUse
from regulars.worth.ascent import FEWEST, certain, climb, few, highest
from regulars.worth.cells import Cells, Numbers, cells
from regulars.worth.likelihood import Buying

NAMES = ("r", "alpha", "a", "b")
STARTS = ((-0.5, 0.0, 0.0, 0.5), (0.0, 1.0, -2.0, 1.0), (-1.5, -1.0, 0.5, 2.0))
"""Where to begin, as logarithms, with times in tenths of the longest."""
COARSE = 20_000
"""Cells that are enough to come near the top."""
SINGLE = 1e-4
"""So near to a = 1 or a + b = 1 the expected number of orders is taken from both sides."""
SOON, LONGEST = 10.0, 10_000
"""Terms of the series fall off faster than the tenth power of their number; so many are taken at most."""
LEAVING = 5.99
"""Twice the gain in log-likelihood over a model in which nobody leaves: chi-square, 2 degrees of freedom, 95 %."""


@dataclass(frozen=True)
class BGNBD:
    """A fitted model. `alpha` is in the unit of the times it was fitted to; `log_likelihood` of all customers."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    customers: int = 0
    repeaters: int = 0

    def p_alive(self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Numbers:  # noqa: N803  # the papers' name
        """The probability that somebody has not left by `T` (Fader, Hardie and Lee 2008, note on P(alive), eq. 1).

        `frequency`: repeat orders; `recency`: from the first order to the last; `T`: from the first order to now. It is
        1 for whoever has ordered once: in this model people leave after a repeat order only.
        """
        x, recent, age = _arrays(frequency, recency, T)
        odds = (
            np.log(self.a)
            - np.log(self.b + np.maximum(x, 1) - 1)
            + (self.r + x) * np.log((self.alpha + age) / (self.alpha + recent))
        )
        # The logarithm of a large number of quiet days would overflow as odds.
        alive: Numbers = np.where(x > 0, 1 / (1 + np.exp(np.minimum(odds, 700.0))), 1.0)
        return alive

    def p_order(self, horizon: float, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Numbers:  # noqa: N803  # the papers' name
        """The probability of at least one order within `horizon` from now.

        Somebody alive orders at a rate that is gamma with shape r + x and rate alpha + T, so that no order comes within
        t with probability ((alpha + T) / (alpha + T + t)) ** (r + x).
        """
        x, recent, age = _arrays(frequency, recency, T)
        none = ((self.alpha + age) / (self.alpha + age + horizon)) ** (self.r + x)
        chance: Numbers = self.p_alive(x, recent, age) * (1 - none)
        return chance

    def expected_orders(self, horizon: float, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Numbers:  # noqa: N803  # the papers' name
        """How many orders to expect within `horizon` from now (eq. 10).

        Computed after Euler's transformation of 2F1, whose parameters then do not grow with the number of orders. Where
        the formula has no value though its limit has one (a = 1, a + b = 1), it is the mean of both sides.
        """
        x, recent, age = _arrays(frequency, recency, T)
        beside = 2 * SINGLE if min(abs(self.a - 1), abs(self.a + self.b - 1)) < SINGLE else 0.0
        sides = [self._orders(self.a + aside, horizon, x, age) for aside in ((-beside, beside) if beside else (0.0,))]
        expected: Numbers = self.p_alive(x, recent, age) * sum(sides) / len(sides)
        return expected

    def _orders(self, a: float, horizon: float, x: Numbers, age: Numbers) -> Numbers:
        """Of somebody who is alive now."""
        rest = (self.alpha + age) / (self.alpha + age + horizon)
        series = _hypergeometric(a - 1, a + self.b - 1 - self.r, a + self.b + x - 1, 1 - rest)
        orders: Numbers = (a + self.b + x - 1) / (a - 1) * (1 - rest ** (a - 1) * series)
        return orders


def fit_bgnbd(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,  # noqa: N803  # the papers' name
    *,
    weights: ArrayLike | None = None,
) -> BGNBD:
    """The model that makes these customers likeliest; one number each, or one per `weights` customers who are alike.

    `frequency`: orders after the first; `recency`: from the first order to the last; `T`: from the first order to now;
    times in one unit, which `alpha` has too. Raises NotIdentified where the data do not tell the parameters, WrongUse
    for numbers no customer can have.
    """
    alike = cells(frequency, recency, T, weights=weights)
    _possible(alike)
    x, recent, age = alike.columns
    repeaters = float(alike.weights[x > 0].sum())
    if repeaters < FEWEST:
        raise NotIdentified(f"{few(repeaters)} ordered again, and the model of repeat orders asks for {FEWEST}.")
    unit = float(age.max()) / 10
    scaled = Cells((x, recent / unit, age / unit), alike.weights)
    rough = Buying(scaled.sample(COARSE))
    near = highest(rough, STARTS)
    bend = near.curvature(rough)
    top = climb(Buying(scaled), near.at, bend)
    without = cells(x, np.zeros(len(x)), scaled.columns[2], weights=alike.weights)
    immortal = highest(Buying(without, leaves=False), [start[:2] for start in STARTS[:2]])
    if 2 * alike.customers * (top.value - immortal.value) < LEAVING:
        raise NotIdentified(
            "Nobody seems to have left for good: customers order as if for ever, which no model can foretell."
        )
    certain(top, bend, alike.customers, NAMES)
    r, alpha, a, b = (float(one) for one in np.exp(top.at))
    # A density of so many times, each in the unit that was given.
    likely = top.value * alike.customers - float((alike.weights * x).sum()) * float(np.log(unit))
    return BGNBD(r, alpha * unit, a, b, likely, round(alike.customers), round(repeaters))


def _hypergeometric(one: float, other: float, under: Numbers, at: Numbers) -> Numbers:
    """Gauss's 2F1, for 0 <= `at` < 1.

    With a large third parameter SciPy's has no value near 1, where the series itself ends soon.
    """
    from scipy.special import hyp2f1

    ends_soon = under - one - other > SOON
    under, at = np.broadcast_arrays(under, at)
    found: Numbers = np.array(hyp2f1(one, other, under, np.where(ends_soon, 0.0, at)))
    if ends_soon.any():
        below, place, step = under[ends_soon], at[ends_soon], 0
        total = term = np.ones_like(below)
        while np.abs(term).max() > np.finfo(float).eps and step < LONGEST:
            term = term * place * (one + step) * (other + step) / ((below + step) * (step + 1))
            total, step = total + term, step + 1
        found[ends_soon] = total
    return found


def _possible(alike: Cells) -> None:
    x, recent, age = alike.columns
    if (x < 0).any() or (x != np.floor(x)).any():
        raise WrongUse("A frequency is no count.", "It is the number of orders after the first.")
    if (recent < 0).any() or (recent > age).any() or ((x == 0) & (recent != 0)).any():
        raise WrongUse(
            "A recency is below 0, above T, or not 0 without a repeat order.",
            "It is the time from the first order to the last.",
        )


def _arrays(*given: ArrayLike) -> list[Numbers]:
    return [np.asarray(one, dtype=np.float64) for one in given]
