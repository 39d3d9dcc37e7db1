"""The points of the sample shop: a point for every ten lei, good for a year."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from regulars.sample.habits import Habits, Texts
from regulars.sample.orders import Moments, Orders, written

LEU = 100
VALID = np.timedelta64(365, "D")
FORMER = 0.15
"""The share of the others who collected points once; all of theirs have run out."""


def rows(
    rng: np.random.Generator, habits: Habits, customer_ids: Texts, orders: Orders, newest: np.datetime64
) -> Iterator[tuple[str, ...]]:
    """Rows of points.csv: a batch for each order that was kept and whose buyer collected at the time.

    `newest` is the day the shop is laid for: batches of former collectors have run out by then.
    """
    collects = habits.kind == "reward"
    collected = ~collects & (rng.random(len(habits)) < FORMER)
    ends: Moments = np.asarray(orders.at.astype("datetime64[D]") + VALID)
    member = np.isin(orders.customer_id, customer_ids[collects])
    former = np.isin(orders.customer_id, customer_ids[collected]) & (ends < newest)
    points = orders.total // (10 * LEU)
    kept = (orders.status != "cancelled") & (orders.status != "refunded")
    earned = np.flatnonzero((member | former) & kept & (points > 0))
    return zip(
        map(str, range(1, len(earned) + 1)),
        orders.customer_id[earned].tolist(),
        map(str, points[earned].tolist()),
        written(orders.at[earned]),
        np.datetime_as_string(ends[earned], unit="D").tolist(),
        strict=True,
    )
