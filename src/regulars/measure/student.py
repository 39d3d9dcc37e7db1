"""Student's t distribution, as far as an interval needs it: the standard library has the normal one only."""

from __future__ import annotations

from math import exp, lgamma, log
from statistics import NormalDist

_MANY = 1000
"""Degrees of freedom from which the expansion around the normal quantile is exact to double precision."""


def quantile(p: float, freedom: float) -> float:
    """The t below which a share `p` of the distribution lies, 0 < p < 1; `freedom` > 0 need not be whole."""
    if p <= 0.5:
        return -quantile(1 - p, freedom) if p < 0.5 else 0.0
    if freedom >= _MANY:
        return _expanded(NormalDist().inv_cdf(p), freedom)
    low, high = 0.0, 1.0
    while tail(high, freedom) > 1 - p:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if tail(middle, freedom) > 1 - p else (low, middle)
    return high


def tail(t: float, freedom: float) -> float:
    """The share above t ≥ 0: half the incomplete beta function I_x(v/2, 1/2) at x = v/(v+t²)."""
    below = t * t / (freedom + t * t)
    return _beta(freedom / (freedom + t * t), below, freedom / 2, 0.5) / 2


def _beta(x: float, rest: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b); `rest` is 1 - x, given apart to keep its digits."""
    if x in {0.0, 1.0}:
        return x
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(rest, x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(rest)) / a
    return front / _continued(x, a, b)


def _continued(x: float, a: float, b: float) -> float:
    """The continued fraction 1 + d₁/(1 + d₂/(1 + …)) of DLMF 8.17.22, by Lentz's method."""
    fraction, c, d = 1.0, 1.0, 0.0
    for i in range(1, 10_000):
        m = i // 2
        if i % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + term * d)
        c = 1 + term / c
        fraction *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return fraction


def _expanded(z: float, v: float) -> float:
    """Abramowitz and Stegun 26.7.5: the quantile in powers of 1/v; what is left out is of order v⁻⁵."""
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    fourth = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + first / v + second / v**2 + third / v**3 + fourth / v**4
