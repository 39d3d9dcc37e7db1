"""The orders of the sample shop: when they came, what they cost, and how they ended.

Orders are arrays with one entry per order, oldest first. Money is in bani, moments are naive UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from regulars.sample.baskets import Baskets, fill
from regulars.sample.catalogue import PRODUCTS
from regulars.sample.habits import OPEN_DAYS, Bools, Habits, Ints, Texts
from regulars.sample.tables import money

Moments = NDArray[np.datetime64]

MONTHS = (0.95, 0.95, 1.15, 1.05, 1.0, 0.9, 0.8, 0.8, 1.0, 1.05, 1.4, 1.7)
"""How much is bought in each month: spring gifts, quiet summers, the weeks before Christmas."""
WEEKDAYS = (1.05, 1.0, 1.0, 1.0, 1.1, 1.15, 0.8)

PAPER_CODES = ("IARNA15", "PRIMAVARA10", "VARA15", "TOAMNA10", "NEGRU20")
"""Printed codes of the old days, anybody's, one a season; their last two characters are the per cent."""
SEASON_OF_MONTH = np.array([0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 0])

REDUCED = {"discount": 0.85, "price": 0.30, "reward": 0.12, "value": 0.06}
"""How often each kind of customer buys with a reduction."""
CANCELLED, REFUNDED = 0.03, 0.02
STRANGERS = 3
"""Orders that lost their customer."""


@dataclass(frozen=True)
class Orders:
    """One entry per order; `baskets` holds their lines."""

    customer_id: Texts
    at: Moments
    total: Ints
    discount: Ints
    code: Texts
    status: Texts
    baskets: Baskets

    def __len__(self) -> int:
        return len(self.at)

    def rows(self, first_id: int = 100001) -> Iterator[tuple[str, ...]]:
        """Rows of orders.csv, numbered from `first_id`."""
        ids = map(str, range(first_id, first_id + len(self)))
        totals, discounts = map(money, self.total.tolist()), map(money, self.discount.tolist())
        return zip(
            ids,
            self.customer_id.tolist(),
            written(self.at),
            totals,
            discounts,
            self.code.tolist(),
            self.status.tolist(),
            strict=True,
        )

    def lines(self, first_id: int = 1, first_order: int = 100001) -> Iterator[tuple[str, ...]]:
        """Rows of order_lines.csv, numbered from `first_id`, for the orders numbered from `first_order`."""
        buyers, moments = self.customer_id.tolist(), written(self.at)
        baskets = self.baskets
        lines = zip(baskets.order.tolist(), baskets.product.tolist(), baskets.quantity.tolist(), strict=True)
        for number, (order, product, quantity) in enumerate(lines, start=first_id):
            category, name, price = PRODUCTS[product]
            yield (
                str(number),
                str(first_order + order),
                buyers[order],
                moments[order],
                name,
                category,
                str(quantity),
                money(price),
            )


def written(moments: Moments) -> list[str]:
    """Moments as the shop's export writes them: `YYYY-MM-DD HH:MM:SS`."""
    return [moment.replace("T", " ") for moment in np.datetime_as_string(moments, unit="s").tolist()]


def draw(rng: np.random.Generator, habits: Habits, customer_ids: Texts, day: date) -> Orders:
    """Every order up to `day` that these habits lead to, without points and without order ids."""
    buyer = np.repeat(np.arange(len(habits)), habits.orders)
    age = _ages(rng, habits, day)
    at = moments_of(rng, np.datetime64(day, "D") - age, fresh=age == 0)
    oldest_first = np.argsort(at, kind="stable")
    buyer, age, at = buyer[oldest_first], age[oldest_first], at[oldest_first]
    baskets = fill(rng, habits.thrifty[buyer], habits.favourites[buyer])
    subtotal = baskets.subtotals(len(buyer))
    percent, code = _reductions(rng, habits.kind[buyer], at)
    discount = subtotal * percent // 100
    ids = customer_ids[buyer]
    ids[_strangers(rng, len(ids))] = ""
    return Orders(ids, at, subtotal - discount, discount, code, _statuses(rng, age), baskets)


def moments_of(rng: np.random.Generator, days: Moments, fresh: Bools) -> Moments:
    """A moment on each of `days`, early enough in UTC to be the same day in Romania; before 6:30 where `fresh`."""
    count = len(days)
    hours = 5 + 15.9 * rng.beta(2.2, 1.8, count)
    early = 4 + 2.49 * rng.random(count)
    seconds = (np.where(fresh, early, hours) * 3600).astype("timedelta64[s]")
    return np.asarray(days.astype("datetime64[s]") + seconds)


def _ages(rng: np.random.Generator, habits: Habits, day: date) -> Ints:
    """The age in days of every order, customer by customer: first and last given, the others about evenly between.

    "Evenly" counts a busy day for more than a quiet one, which is what gives the shop its seasons.
    """
    days = np.datetime64(day, "D") - np.arange(OPEN_DAYS, -1, -1)
    months = days.astype("datetime64[M]").astype(int) % 12
    weekdays = (days.astype(int) + 3) % 7
    busy = np.cumsum(np.array(MONTHS)[months] * np.array(WEEKDAYS)[weekdays])
    buyer = np.repeat(np.arange(len(habits)), habits.orders)
    place = np.arange(len(buyer)) - np.repeat(np.cumsum(habits.orders) - habits.orders, habits.orders)
    gaps = np.maximum(habits.orders[buyer] - 1, 1)
    inner = (place > 0) & (place < habits.orders[buyer] - 1)
    share = (place + np.where(inner, rng.uniform(-0.4, 0.4, len(buyer)), 0.0)) / gaps
    first, last = OPEN_DAYS - habits.first[buyer], OPEN_DAYS - habits.last[buyer]
    found = np.searchsorted(busy, busy[first] + share * (busy[last] - busy[first]))
    found = np.where(place == gaps, last, found)
    return OPEN_DAYS - np.clip(found, first, last)


def _reductions(rng: np.random.Generator, kind: Texts, at: Moments) -> tuple[Ints, Texts]:
    """Per cent off and the paper code, order by order; three in ten reductions were given without a code."""
    reduced = rng.random(len(kind)) < np.select([kind == name for name in REDUCED], list(REDUCED.values()))
    season = SEASON_OF_MONTH[at.astype("datetime64[M]").astype(int) % 12]
    with_code = reduced & (rng.random(len(kind)) < 0.7)
    percent = np.where(with_code, np.array([int(code[-2:]) for code in PAPER_CODES])[season], 10)
    return np.where(reduced, percent, 0), np.where(with_code, np.array(PAPER_CODES)[season], "")


def _statuses(rng: np.random.Generator, age: Ints) -> Texts:
    fate = rng.random(len(age))
    ended = np.where(fate < CANCELLED, "cancelled", np.where(fate < CANCELLED + REFUNDED, "refunded", "delivered"))
    under_way = np.where(fate < CANCELLED, "cancelled", "paid")
    return np.where(age <= 2, under_way, ended)


def _strangers(rng: np.random.Generator, orders: int) -> Ints:
    return rng.permutation(orders)[: min(STRANGERS, orders // 100)]
