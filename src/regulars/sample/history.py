"""What the shop's files say about how each customer buys: enough to guess who comes next."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

import numpy as np

from regulars.sample.baskets import Baskets
from regulars.sample.catalogue import CATEGORIES, PRODUCTS
from regulars.sample.habits import Bools, Floats, Ints, Texts

Columns = dict[str, tuple[str, ...]]

NEVER = -1
MODEST = 12000
"""Customers whose average order is below this many bani are thrifty."""

SHELF_OF_PRODUCT = np.array([CATEGORIES.index(product.category) for product in PRODUCTS])


@dataclass
class History:
    """One entry per customer, in the order of customers.csv. Days are ordinals (`date.toordinal`)."""

    customer_id: Texts
    signed: Ints
    orders: Ints
    first: Ints
    """The day of the first order, or NEVER."""
    last: Ints
    spent: Ints
    """In bani."""
    reduced: Ints
    """Orders with a reduction."""
    shelves: Ints
    """Lines bought, by category: a column for each of CATEGORIES."""

    def __len__(self) -> int:
        return len(self.customer_id)

    @property
    def thrifty(self) -> Bools:
        """Who buys little at a time."""
        return np.asarray((self.orders > 0) & (self.spent < self.orders * MODEST))

    @property
    def favourites(self) -> Ints:
        """The three categories each buys most of, as indexes into CATEGORIES."""
        return np.argsort(-self.shelves, axis=1, kind="stable")[:, :3]

    def chances(self, day: date) -> Floats:
        """How likely each customer is to order on `day` unasked: by their rhythm, fading once they are late."""
        today = day.toordinal()
        rhythm = np.where(self.orders > 1, (self.last - self.first) / np.maximum(self.orders - 1, 1), 60.0)
        rhythm = np.maximum(rhythm, 7.0)
        waited = (today - self.last) / rhythm
        regular = np.where(waited < 0.4, 0.35, 0.7 * np.exp(-np.maximum(waited - 1.4, 0.0))) / rhythm
        curious = np.exp(-(today - self.signed) / 20.0) / 40.0
        return np.where(self.orders > 0, regular + 0.0003, curious + 0.0002)

    def welcome(self, customer_ids: list[str], day: date) -> None:
        """Add customers who signed up on `day` and have not ordered yet."""
        new = len(customer_ids)
        zeros = np.zeros(new, dtype=np.int64)
        never = np.full(new, NEVER)
        shelves = np.zeros((new, len(CATEGORIES)), dtype=np.int64)
        more = History(
            np.array(customer_ids, dtype=np.str_), zeros + day.toordinal(), zeros, never, never, zeros, zeros, shelves
        )
        for field in fields(self):
            setattr(self, field.name, np.concatenate([getattr(self, field.name), getattr(more, field.name)]))

    def note(self, buyers: Ints, days: Ints, totals: Ints, discounts: Ints) -> None:
        """Take in orders: the index of each buyer, the day, what was paid and what was taken off (bani)."""
        np.add.at(self.orders, buyers, 1)
        np.add.at(self.spent, buyers, totals)
        np.add.at(self.reduced, buyers, discounts > 0)
        first = np.full(len(self), np.iinfo(np.int64).max)
        np.minimum.at(first, buyers, days)
        unknown = (self.first == NEVER) & (first < np.iinfo(np.int64).max)
        self.first = np.where(unknown, first, self.first)
        np.maximum.at(self.last, buyers, days)

    def note_lines(self, buyers: Ints, baskets: Baskets) -> None:
        """Take in the lines of the orders of `buyers`."""
        np.add.at(self.shelves, (buyers[baskets.order], SHELF_OF_PRODUCT[baskets.product]), 1)


def of(customers: Columns, orders: Columns, lines: Columns) -> History:
    """The history that the shop's files tell, given as `tables.read` gives them."""
    history = _nobody()
    history.welcome(list(customers["customer_id"]), date.min)
    history.signed = _ordinals(customers["signed_up"])
    place = {customer: index for index, customer in enumerate(customers["customer_id"])}
    buyers = _places(place, orders["customer_id"])
    kept = (buyers >= 0) & ~np.isin(np.array(orders["status"]), ("cancelled", "refunded"))
    days, totals, discounts = _ordinals(orders["ordered_at"]), _bani(orders["total"]), _bani(orders["discount"])
    history.note(buyers[kept], days[kept], totals[kept], discounts[kept])
    takers = _places(place, lines["customer_id"])
    shelf = _places({category: index for index, category in enumerate(CATEGORIES)}, lines["category"])
    known = (takers >= 0) & (shelf >= 0)
    np.add.at(history.shelves, (takers[known], shelf[known]), 1)
    return history


def _nobody() -> History:
    none = np.zeros(0, dtype=np.int64)
    shelves = np.zeros((0, len(CATEGORIES)), dtype=np.int64)
    return History(np.zeros(0, dtype=np.str_), none, none, none, none, none, none, shelves)


def _places(place: dict[str, int], names: tuple[str, ...]) -> Ints:
    """Where each name stands in `place`, -1 for those that do not."""
    return np.array([place.get(name, -1) for name in names], dtype=np.int64)


def _ordinals(moments: tuple[str, ...]) -> Ints:
    days = np.array([moment[:10] for moment in moments], dtype="datetime64[D]")
    return days.astype(np.int64) + date(1970, 1, 1).toordinal()


def _bani(amounts: tuple[str, ...]) -> Ints:
    return np.array([amount.replace(".", "") for amount in amounts], dtype=np.int64)
