"""What an order is worth: the gamma-gamma model of spend per order.

The amount of an order varies around a mean of the customer's own (gamma, shape `p`), and the means vary between
customers (`q` and `v`). It takes the number of orders and their amount for independent. Fader, P. S. and Hardie,
B. G. S. (2013), The Gamma-Gamma Model of Monetary Value, brucehardie.com/notes/025.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from regulars.errors import NotIdentified, WrongUse
from regulars.worth.ascent import FEWEST, certain, climb, few, highest
from regulars.worth.cells import Cells, Numbers, cells

NAMES = ("p", "q", "v")
STARTS = ((1.0, 1.0, 1.0), (0.0, 0.5, 0.0), (2.5, 1.5, -1.0))
"""Where to begin, as logarithms, with money in mean amounts."""
COARSE = 20_000


@dataclass(frozen=True)
class GammaGamma:
    """A fitted model. `v` is in the currency it was fitted to; `log_likelihood` of all customers who came back."""

    p: float
    q: float
    v: float
    log_likelihood: float
    repeaters: int = 0

    @property
    def mean(self) -> float:
        """What an order of somebody of whom nothing is known is worth on average."""
        return self.p * self.v / (self.q - 1)

    def expected_spend(self, frequency: ArrayLike, monetary: ArrayLike) -> Numbers:
        """What an order of a customer is worth on average (eq. 5): between everybody's mean and their own.

        `frequency`: repeat orders; `monetary`: their mean amount, which does not matter where there are none.
        """
        x, own = np.asarray(frequency, dtype=np.float64), np.asarray(monetary, dtype=np.float64)
        spend: Numbers = self.p * (self.v + np.where(x > 0, x * own, 0.0)) / (self.p * x + self.q - 1)
        return spend


class Spending:
    """The mean log-likelihood of cells of (frequency, mean amount), and its gradient (eq. 1a)."""

    def __init__(self, cells: Cells) -> None:
        """Cells are of customers who came back, sorted by frequency."""
        x, own = cells.columns
        self._x, self._weights, self._spent = x, cells.weights, x * own
        self._counts, which = np.unique(x, return_inverse=True)
        self._counted, self._total = np.bincount(which, cells.weights), cells.customers
        self._logs = float((cells.weights * x * np.log(x * own)).sum())
        self._amounts = float((cells.weights * np.log(own)).sum())

    def __call__(self, at: Numbers) -> tuple[float, Numbers]:
        """At the logarithms of p, q and v."""
        from scipy.special import digamma, gammaln

        p, q, v = (float(one) for one in np.exp(at))
        x, many, total = self._counts, self._counted, self._total
        shape, log_all = p * self._x + q, np.log(v + self._spent)
        value = many @ (gammaln(p * x + q) - gammaln(p * x)) + total * (q * np.log(v) - gammaln(q))
        value += p * self._logs - self._amounts - (self._weights * shape * log_all).sum()
        weighed = self._weights * log_all
        by_p = many @ (x * (digamma(p * x + q) - digamma(p * x))) + self._logs - (weighed * self._x).sum()
        by_q = many @ digamma(p * x + q) + total * (np.log(v) - digamma(q)) - weighed.sum()
        by_v = total * q / v - (self._weights * shape / (v + self._spent)).sum()
        return float(value) / total, np.asarray([by_p, by_q, by_v]) * np.exp(at) / total


def fit_gamma_gamma(frequency: ArrayLike, monetary: ArrayLike, *, weights: ArrayLike | None = None) -> GammaGamma:
    """The model that makes these amounts likeliest; one number per customer, or per `weights` customers who are alike.

    `frequency`: orders after the first; `monetary`: their mean amount. Customers without a repeat order, or whose mean
    is not above 0, are left out. Raises NotIdentified where the data do not tell the parameters.
    """
    alike = cells(frequency, monetary, weights=weights)
    x, own = alike.columns
    if (x < 0).any() or (x != np.floor(x)).any():
        raise WrongUse("A frequency is no count.", "It is the number of orders after the first.")
    paid = (x > 0) & (own > 0)
    alike = Cells((x[paid], own[paid]), alike.weights[paid])
    repeaters = alike.customers
    if repeaters < FEWEST:
        raise NotIdentified(f"{few(repeaters)} paid for a repeat order, and the model of spend asks for {FEWEST}.")
    unit = float((alike.weights * alike.columns[1]).sum()) / repeaters
    scaled = Cells((alike.columns[0], alike.columns[1] / unit), alike.weights)
    rough = Spending(scaled.sample(COARSE))
    near = highest(rough, STARTS)
    bend = near.curvature(rough)
    top = climb(Spending(scaled), near.at, bend)
    certain(top, bend, repeaters, NAMES)
    p, q, v = (float(one) for one in np.exp(top.at))
    if q <= 1:
        raise NotIdentified("A few orders are so large that a mean amount would say nothing: it has no end.")
    likely = top.value * repeaters - repeaters * float(np.log(unit))
    return GammaGamma(p, q, v * unit, likely, round(repeaters))
