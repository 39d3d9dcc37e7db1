"""The top of a likelihood, and whether there is one: what data cannot tell is refused, never guessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regulars.errors import NotIdentified
from regulars.worth.cells import Numbers

FEWEST = 300
"""Customers who came back that a model asks for: with fewer, the published estimates wander by their own size."""
FURTHEST = float(np.log(1e4))
"""How far the logarithm of a parameter may go from 0, in the scale of the data."""
UNSURE = 1.0
"""The largest standard error of a parameter's logarithm: beyond it, it may as well be seven times more or less."""
FLAT = 1e-4
"""A gradient below this share of the customers is none."""

Slope = Callable[[Numbers], tuple[float, Numbers]]
"""The mean log-likelihood and its gradient at the logarithms of the parameters."""


@dataclass(frozen=True)
class Top:
    """Where a likelihood is highest. `at`: the logarithms of the parameters, `value`: the mean log-likelihood there."""

    at: Numbers
    value: float
    steep: float
    """The largest slope that is left."""

    def curvature(self, slope: Slope) -> Numbers:
        """The second derivatives of the mean log-likelihood, with their sign turned."""
        step, size = 1e-4, len(self.at)
        found = np.zeros((size, size))
        for place in range(size):
            aside = np.zeros(size)
            aside[place] = step
            found[place] = (slope(self.at - aside)[1] - slope(self.at + aside)[1]) / (2 * step)
        return (found + found.T) / 2


def climb(slope: Slope, start: Numbers, curvature: Numbers | None = None) -> Top:
    """Go up from `start` until it is flat; `curvature` as a first idea of it saves most of the way.

    Beyond `FURTHEST` the likelihood falls off by itself, so that a parameter that runs away stops there.
    """
    from scipy.optimize import minimize

    def down(at: Numbers) -> tuple[float, Numbers]:
        inside = np.clip(at, -FURTHEST, FURTHEST)
        value, gradient = slope(inside)
        over = at - inside
        return -value + float(over @ over), np.where(over == 0, -gradient, 2 * over)

    options: dict[str, object] = {"gtol": 1e-8, "maxiter": 500}
    if curvature is not None and (np.linalg.eigvalsh(curvature) > 0).all():
        inverse = np.linalg.inv(curvature)
        options["hess_inv0"] = (inverse + inverse.T) / 2
    found = minimize(down, start, jac=True, method="BFGS", options=options)
    at = np.clip(found.x, -FURTHEST, FURTHEST)
    value, gradient = slope(at)
    return Top(at, value, float(np.abs(gradient).max()))


def highest(slope: Slope, starts: Sequence[Sequence[float]]) -> Top:
    """The highest of the tops that are reached from several places."""
    return max((climb(slope, np.asarray(start, dtype=np.float64)) for start in starts), key=lambda top: top.value)


def few(customers: float) -> str:
    """`84 customers have`, for a sentence that refuses them."""
    return "1 customer has" if customers == 1 else f"{customers:,.0f} customers have"


def certain(top: Top, curvature: Numbers, customers: float, names: Sequence[str]) -> NDArray[np.float64]:
    """The standard errors of the parameters' logarithms; raises NotIdentified where the data do not tell them."""
    for name, at in zip(names, top.at, strict=True):
        if abs(at) > FURTHEST - 0.01:
            raise NotIdentified(f"The orders do not tell `{name}` of the model: it runs away without end.")
    bend = np.linalg.eigvalsh(curvature)
    if top.steep > FLAT or bend[0] <= bend[-1] * 1e-12:
        raise NotIdentified("The orders do not tell the model's parameters: many of them explain the orders alike.")
    errors = np.sqrt(np.diag(np.linalg.inv(curvature)) / customers)
    worst = int(np.argmax(errors))
    if errors[worst] > UNSURE:
        raise NotIdentified(
            f"The orders hardly tell `{names[worst]}` of the model: several times more or less explains them as well."
        )
    return np.asarray(errors)
