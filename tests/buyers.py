"""Invented customers whose true rates are known: what the models of repeat buying say of them can be judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Truth:
    """The parameters of BG/NBD (times in days) and of gamma-gamma that customers are drawn by."""

    r: float = 0.8
    alpha: float = 40.0
    a: float = 0.9
    b: float = 2.5
    p: float = 6.0
    q: float = 4.0
    v: float = 15.0


def buyers(size, truth=Truth(), *, seed=1, oldest=720):  # it is frozen
    """(frequency, recency, T) of customers who first ordered between yesterday and `oldest` days ago."""
    chance = np.random.default_rng(seed)
    rate, leaves = chance.gamma(truth.r, 1 / truth.alpha, size), chance.beta(truth.a, truth.b, size)
    age = chance.integers(1, oldest + 1, size).astype(float)
    frequency, recency, now = np.zeros(size), np.zeros(size), np.zeros(size)
    alive = np.ones(size, dtype=bool)
    while alive.any():
        now = now + chance.exponential(1 / rate)
        orders = alive & (now <= age)
        frequency[orders] += 1
        recency[orders] = now[orders]
        alive = orders & (chance.random(size) >= leaves)
    return frequency, np.floor(recency), age


def amounts(frequency, truth=Truth(), *, seed=2):  # it is frozen
    """The mean amount of the repeat orders of each; 0 where there are none."""
    chance = np.random.default_rng(seed)
    rate = chance.gamma(truth.q, 1 / truth.v, len(frequency))
    many = np.maximum(frequency, 1)
    return np.where(frequency > 0, chance.gamma(truth.p * many, 1 / (rate * many)), 0.0)


def orders_of(size, truth=Truth(), *, seed=3, oldest=720):  # it is frozen
    """For each customer the orders as (days ago, amount), oldest first, none of them today."""
    chance = np.random.default_rng(seed)
    for rate, leaves, money, age in zip(
        chance.gamma(truth.r, 1 / truth.alpha, size),
        chance.beta(truth.a, truth.b, size),
        chance.gamma(truth.q, 1 / truth.v, size),
        chance.integers(1, oldest + 1, size),
        strict=True,
    ):
        told, now = [], 0.0
        while now <= age - 1:
            told.append((int(age - int(now)), round(float(chance.gamma(truth.p, 1 / money)), 2)))
            if now > 0 and chance.random() < leaves:
                break
            now += chance.exponential(1 / rate)
        yield told
