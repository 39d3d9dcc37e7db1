"""The complaints of the sample shop: about a few orders of the last two years, most of them settled within days.

They come from a stream of random numbers of their own, so that every other table is as it would be without them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from regulars.sample.orders import Moments, Orders, written

STREAM = 101
SHARE, OF_RETURNED = 0.012, 0.25
"""The share of orders that is complained about, and of those that were sent back."""
YEARS = np.timedelta64(730, "D")
ABOUT = np.array(["late", "damaged", "wrong", "quality"])
NEVER_SETTLED = 0.06


def rows(seed: int, orders: Orders, newest: np.datetime64, first_order: int = 100001) -> Iterator[tuple[str, ...]]:
    """Rows of complaints.csv about orders numbered from `first_order`; the newest opened before the day `newest`."""
    rng = np.random.default_rng([seed, STREAM])
    n = len(orders.at)
    share = np.where(orders.status == "refunded", OF_RETURNED, SHARE)
    opened: Moments = np.asarray(orders.at + rng.integers(1, 9, n).astype("timedelta64[D]"))
    settled: Moments = np.asarray(opened + rng.integers(4, 15 * 24, n).astype("timedelta64[h]"))
    about, open_still = rng.choice(ABOUT, n), rng.random(n) < NEVER_SETTLED
    told = (rng.random(n) < share) & (orders.customer_id != "") & (opened < newest) & (opened > newest - YEARS)
    chosen = np.flatnonzero(told)
    closed = np.where(open_still[chosen] | (settled[chosen] >= newest), "", np.array(written(settled[chosen])))
    return zip(
        map(str, range(1, len(chosen) + 1)),
        orders.customer_id[chosen].tolist(),
        map(str, (chosen + first_order).tolist()),
        written(opened[chosen]),
        about[chosen].tolist(),
        closed.tolist(),
        strict=True,
    )
