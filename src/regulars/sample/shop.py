"""Laying the sample shop: the files of `data/`, anchored at a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from regulars.sample import complaints, habits, orders, people, points, tables


@dataclass(frozen=True)
class Laid:
    """What was laid: the number of rows in each file."""

    customers: int
    orders: int
    order_lines: int
    points: int
    complaints: int


def lay(folder: Path, day: date, *, seed: int = 7, customers: int = 6000) -> Laid:
    """Write data/*.csv of the sample shop (the tables of `tables.COLUMNS`) into `folder`, over what is there.

    The shop is seen on the morning of `day` (about half past nine in Romania): its newest orders are some hours old
    and none is younger. The same day, seed and number of customers give the same bytes.
    """
    rng = np.random.default_rng(seed)
    buyers = habits.draw(rng, customers)
    crowd = people.draw(rng, [day - timedelta(days=age) for age in buyers.signed.tolist()])
    customer_ids = np.array([person.customer_id for person in crowd])
    bought = orders.draw(rng, buyers, customer_ids, day)
    batches = list(points.rows(rng, buyers, customer_ids, bought, np.datetime64(day, "D")))
    tables.write(folder, "customers", crowd)
    tables.write(folder, "orders", bought.rows())
    tables.write(folder, "order_lines", bought.lines())
    tables.write(folder, "points", batches)
    told = list(complaints.rows(seed, bought, np.datetime64(day, "D")))
    tables.write(folder, "complaints", told)
    return Laid(len(crowd), len(bought), len(bought.baskets.order), len(batches), len(told))
