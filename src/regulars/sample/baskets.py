"""What lies in an order: products, mostly from the shelves the customer likes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regulars.sample.catalogue import CATEGORIES, PRODUCTS
from regulars.sample.habits import Bools, Ints

PRICES: Ints = np.array([product.price for product in PRODUCTS], dtype=np.int64)
SHELF_STARTS: Ints = np.array([[p.category for p in PRODUCTS].index(name) for name in CATEGORIES], dtype=np.int64)
SHELF_SIZES: Ints = np.diff(SHELF_STARTS, append=len(PRODUCTS))
FAITHFUL = 0.8
"""How often something comes from a favourite shelf."""


@dataclass(frozen=True)
class Baskets:
    """The lines of many orders: for each line the index of its order, of its product in PRODUCTS, and how many."""

    order: Ints
    product: Ints
    quantity: Ints

    def subtotals(self, orders: int) -> Ints:
        """What each of `orders` orders costs before any reduction, in bani."""
        amounts = np.zeros(orders, dtype=np.int64)
        np.add.at(amounts, self.order, PRICES[self.product] * self.quantity)
        return amounts


def fill(rng: np.random.Generator, thrifty: Bools, favourites: Ints) -> Baskets:
    """One basket per order; `thrifty` and `favourites` (three columns, indexes into CATEGORIES) are the buyer's.

    The thrifty take one or two of the cheapest, the others two to four of anything. No product twice in a basket.
    """
    orders = len(thrifty)
    lines = np.where(thrifty, rng.integers(1, 3, orders), rng.integers(2, 5, orders))
    order = np.repeat(np.arange(orders), lines)
    shelf = favourites[order, np.minimum(rng.geometric(0.55, len(order)) - 1, 2)]
    shelf = np.where(rng.random(len(order)) < FAITHFUL, shelf, rng.integers(0, len(CATEGORIES), len(order)))
    up_the_shelf = rng.random(len(order)) ** np.where(thrifty[order], 4.0, 0.9)
    product = SHELF_STARTS[shelf] + (up_the_shelf * SHELF_SIZES[shelf]).astype(np.int64)
    quantity = np.where(thrifty[order], 1, 1 + rng.binomial(2, 0.2, len(order)))
    _, kept = np.unique(order * len(PRODUCTS) + product, return_index=True)
    return Baskets(order[kept], product[kept], quantity[kept])
