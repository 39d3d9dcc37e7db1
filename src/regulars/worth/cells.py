"""Customers who look alike are one cell with a weight: a model of repeat buying asks a few numbers of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regulars.errors import WrongUse

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """Distinct rows of `columns`, sorted by the first of them first, and how many customers each stands for."""

    columns: tuple[Numbers, ...]
    weights: Numbers

    @property
    def customers(self) -> float:
        """How many there are in all."""
        return float(self.weights.sum())

    def sample(self, size: int) -> Cells:
        """At most `size` cells that stand for all, evenly spaced among the customers in their order: without chance."""
        if len(self.weights) <= size:
            return self
        steps = np.cumsum(self.weights)
        picked = np.searchsorted(steps, (np.arange(size) + 0.5) * (steps[-1] / size))
        cells, times = np.unique(picked, return_counts=True)
        return Cells(tuple(column[cells] for column in self.columns), times * (steps[-1] / size))


def cells(*columns: ArrayLike, weights: ArrayLike | None = None) -> Cells:
    """The distinct rows of `columns`, arrays of one length; `weights`: how many customers each row stands for (1).

    Raises WrongUse for columns that do not fit together, values that are no finite numbers, and weights below 0.
    """
    given = [np.asarray(column, dtype=np.float64).ravel() for column in columns]
    many = np.ones(len(given[0])) if weights is None else np.asarray(weights, dtype=np.float64).ravel()
    if any(len(column) != len(many) for column in given):
        raise WrongUse("The columns are not equally long.", "Give one number per customer in each.")
    if not all(np.isfinite(column).all() for column in (*given, many)) or (many < 0).any():
        raise WrongUse("A value is not a finite number, or a weight is below 0.", "Leave such customers out.")
    if len(many) == 0:
        return Cells(tuple(given), many)
    if weights is not None:
        given, many = [column[many > 0] for column in given], many[many > 0]
    key = _key(given)
    if key is None:
        order = np.lexsort(given[::-1])
        same = np.logical_and.reduce([column[order][1:] == column[order][:-1] for column in given])
        starts = np.flatnonzero(np.concatenate(([True], ~same))) if len(order) else order
    else:
        order = np.argsort(key)
        starts = np.flatnonzero(np.concatenate(([True], np.diff(key[order]) != 0)))
    return Cells(tuple(column[order[starts]] for column in given), np.add.reduceat(many[order], starts))


LARGEST_KEY = 2.0**62


def _key(columns: list[Numbers]) -> NDArray[np.int64] | None:
    """One whole number per row that sorts like the row; None where the columns are not small whole numbers."""
    room = 1.0
    for column in columns:
        room *= float(column.max()) + 1 if len(column) else 1
        if room > LARGEST_KEY or (len(column) and column.min() < 0) or (column != np.floor(column)).any():
            return None
    key = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        key = key * (int(column.max()) + 1 if len(column) else 1) + column.astype(np.int64)
    return key
