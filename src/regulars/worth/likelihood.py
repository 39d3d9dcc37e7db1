"""How likely customers are under the BG/NBD model, with its slope: see `bgnbd` for the model and its source."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regulars.worth.cells import Cells, Numbers

LARGEST_POWER = 700.0
"""Of e, in a double."""


class Buying:
    """The mean log-likelihood of cells of (frequency, recency, T), and its gradient (Fader, Hardie and Lee, eq. 6).

    It is computed over as little as it needs: gamma and beta functions once per number of orders, logarithms once per
    day, and over the cells themselves only the share of those who are gone. Long sums are no products of vectors: those
    wake the threads of a linear algebra library, which on a busy machine wait for each other longer than they work.
    """

    def __init__(self, cells: Cells, *, leaves: bool = True) -> None:
        """`leaves`: whether customers leave at all; without, it is the NBD model of `r` and `alpha`."""
        x, recent, age = cells.columns
        # Cells are sorted by frequency: those of whom nothing more was heard come first.
        first = int(np.searchsorted(x, 0.5))
        self._leaves, self._total = leaves, cells.customers
        self._counts, which = np.unique(x, return_inverse=True)
        self._counted = np.bincount(which, cells.weights)
        self._once, self._quiet = cells.weights[:first], age[:first]
        self._x, self._weights = x[first:], cells.weights[first:]
        self._frequency = _places(self._x)
        self._recency, self._age = _places(recent[first:]), _places(age[first:])

    def __call__(self, at: Numbers) -> tuple[float, Numbers]:
        """At the logarithms of r, alpha, a and b."""
        from scipy.special import digamma, gammaln

        r, alpha = (float(one) for one in np.exp(at[:2]))
        x, many = self._counts, self._counted
        silent = np.log(alpha + self._quiet)
        value = (
            many @ (gammaln(r + x) - gammaln(r)) + self._total * r * np.log(alpha) - r * ((self._once * silent).sum())
        )
        by_r = many @ (digamma(r + x) - digamma(r)) + self._total * np.log(alpha) - (self._once * silent).sum()
        by_alpha = self._total * r / alpha - r * ((self._once / (alpha + self._quiet)).sum())
        more, slopes = self._leaving(at) if self._leaves else self._staying(r, alpha)
        slopes[:2] += (by_r, by_alpha)
        return float(value + more) / self._total, slopes * np.exp(at) / self._total

    def _leaving(self, at: Numbers) -> tuple[float, Numbers]:
        """What those who came back add: alive and silent since, or gone after their last order."""
        from scipy.special import betaln, digamma

        r, alpha, a, b = (float(one) for one in np.exp(at))
        x, many = self._counts, self._counted * (self._counts > 0)
        value = many @ (betaln(a, b + x) - betaln(a, b))
        both = digamma(a + b) - digamma(a + b + x)
        by_a, by_b = many @ both, many @ (both + digamma(b + x) - digamma(b))
        (ages, age), (recencies, recency), (counts, count) = self._age, self._recency, self._frequency
        log_age, since = np.log(alpha + ages)[age], (1 / (alpha + ages))[age]
        quiet = log_age - np.log(alpha + recencies)[recency]
        power = r + self._x
        odds = np.exp(np.minimum(power * quiet + np.log(a / (b + counts - 1))[count], LARGEST_POWER))
        gone = self._weights * (odds / (1 + odds))
        value += (self._weights * (np.log1p(odds) - power * log_age)).sum()
        by_r = (gone * quiet - self._weights * log_age).sum()
        by_alpha = (power * ((gone - self._weights) * since - gone * (1 / (alpha + recencies))[recency])).sum()
        by_a += gone.sum() / a
        by_b -= (gone * (1 / (b + counts - 1))[count]).sum()
        return float(value), np.asarray([by_r, by_alpha, by_a, by_b])

    def _staying(self, r: float, alpha: float) -> tuple[float, Numbers]:
        ages, age = self._age
        power, log_age = (r + self._x) * self._weights, np.log(alpha + ages)[age]
        by_r, by_alpha = -(self._weights * log_age).sum(), -(power * (1 / (alpha + ages))[age]).sum()
        return -float((power * log_age).sum()), np.asarray([by_r, by_alpha])


def _places(column: Numbers) -> tuple[Numbers, NDArray[np.intp]]:
    """The distinct values, and which of them each cell has: there are fewer days than cells."""
    values, places = np.unique(column, return_inverse=True)
    return values, places
