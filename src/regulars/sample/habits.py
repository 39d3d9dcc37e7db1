"""How customers buy: which stage they have reached, why they come back, how often, and what they like.

Habits are arrays with one entry per customer. Ages are whole days before the day the shop is laid for.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regulars.sample.catalogue import CATEGORIES

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Texts = NDArray[np.str_]

OPEN_DAYS = 1600
"""How long ago the shop opened."""

STAGES = {
    "prospect": 0.10,
    "new": 0.04,
    "evaluating": 0.07,
    "active": 0.43,
    "at_risk": 0.12,
    "lapsed": 0.13,
    "lost": 0.11,
}
KINDS = {"discount": 0.22, "price": 0.22, "reward": 0.24, "value": 0.32}

LAST_AGES = {
    "new": (0, 30),
    "evaluating": (31, 90),
    "active": (0, 90),
    "at_risk": (91, 180),
    "lapsed": (181, 365),
    "lost": (366, 1200),
}
"""Between which ages the last order of a stage lies, both included."""

LIKED = {"coffee": 3.0, "tea": 2.5, "plants": 2.0, "ceramics": 1.2, "honey": 1.5, "candles": 1.0, "garden": 0.8}
"""How many people are drawn to each shelf, one against another."""

USUAL_ORDERS = {"active": 8.0, "at_risk": 6.0, "lapsed": 5.0, "lost": 3.5}
RECENT = 0.009
"""The share of customers who signed up within the last two days."""


@dataclass(frozen=True)
class Habits:
    """One entry per customer, those who signed up first come first."""

    stage: Texts
    kind: Texts
    signed: Ints
    """Age of the signing up."""
    first: Ints
    """Age of the first order; meaningless where `orders` is 0."""
    last: Ints
    orders: Ints
    favourites: Ints
    """Three columns: indexes into CATEGORIES."""

    def __len__(self) -> int:
        return len(self.stage)

    @property
    def thrifty(self) -> Bools:
        """Who buys little, and the cheapest of each shelf."""
        return np.asarray(self.kind == "price")


def draw(rng: np.random.Generator, count: int) -> Habits:
    """Habits for `count` customers, every stage and every kind with its share."""
    stage, kind = _shared_out(rng, STAGES, count), _shared_out(rng, KINDS, count)
    orders = _orders(rng, stage)
    rhythm = np.clip(rng.lognormal(np.log(45), 0.45, count), 7, 150)
    last = _last(rng, stage, rhythm)
    found_us = OPEN_DAYS - rng.integers(30, 500, count)
    span = np.minimum((orders - 1) * rhythm, found_us - last).astype(np.int64)
    first = last + np.maximum(span, 0)
    signed = np.where(orders > 0, first + rng.exponential(15, count).astype(np.int64), _waiting(rng, count))
    signed = np.clip(signed, 3, OPEN_DAYS)
    for who in (_recent(rng, stage == "prospect", 2 / 3, count), _recent(rng, stage == "new", 1 / 3, count)):
        signed[who] = rng.integers(0, 3, len(who))
        first[who] = last[who] = rng.integers(0, signed[who] + 1)
    favourites = _favourites(rng, count)
    return _by_signing_up(Habits(stage, kind, signed, first, last, orders, favourites))


def _shared_out(rng: np.random.Generator, shares: dict[str, float], count: int) -> Texts:
    """`count` names in the proportions of `shares`, exactly but for rounding, in random order."""
    upto = np.round(np.cumsum(list(shares.values())) / sum(shares.values()) * count).astype(int)
    return rng.permutation(np.repeat(list(shares), np.diff(upto, prepend=0)))


def _orders(rng: np.random.Generator, stage: Texts) -> Ints:
    orders = np.where(stage == "prospect", 0, 1).astype(np.int64)
    for name, usual in USUAL_ORDERS.items():
        more = np.clip(rng.lognormal(np.log(usual), 0.75, len(stage)), 0, 60).astype(np.int64)
        fewest = 2 if name == "active" else 1
        orders = np.where(stage == name, fewest + more, orders)
    return orders


def _last(rng: np.random.Generator, stage: Texts, rhythm: Floats) -> Ints:
    """The active came back within about their own rhythm; the others anywhere within their stage."""
    last = np.zeros(len(stage), dtype=np.int64)
    for name, (youngest, oldest) in LAST_AGES.items():
        last = np.where(stage == name, rng.integers(youngest, oldest + 1, len(stage)), last)
    late = (rng.random(len(stage)) * np.minimum(rhythm * 2.6, 91)).astype(np.int64)
    return np.where(stage == "active", late, last)


def _waiting(rng: np.random.Generator, count: int) -> Ints:
    return rng.exponential(250, count).astype(np.int64)


def _favourites(rng: np.random.Generator, count: int) -> Ints:
    """Three different shelves each, drawn by how well they are liked."""
    weights = np.array([LIKED[category] for category in CATEGORIES])
    return np.argsort(-(rng.random((count, len(CATEGORIES))) ** (1 / weights)), axis=1)[:, :3]


def _recent(rng: np.random.Generator, among: Bools, share: float, count: int) -> Ints:
    """Who of `among` signed up within the last two days: `share` of all who did."""
    wanted = round(count * RECENT * share)
    return np.sort(rng.permutation(np.flatnonzero(among))[:wanted])


def _by_signing_up(habits: Habits) -> Habits:
    order = np.argsort(-habits.signed, kind="stable")
    columns: dict[str, Any] = {field.name: getattr(habits, field.name)[order] for field in fields(habits)}
    return Habits(**columns)
