"""The orders that arrive after messages have gone out: the shop's next days, as its customers would have them.

Everybody orders at their own rhythm. Those who heard from the shop come a little more often and mostly use the code
they were sent; advocates bring friends, who are customers from that day on. Holdouts heard nothing and change nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from regulars.errors import WrongUse
from regulars.sample import history, people, tables
from regulars.sample.baskets import fill
from regulars.sample.habits import Floats, Ints
from regulars.sample.heard import Heard
from regulars.sample.history import History
from regulars.sample.orders import Orders, moments_of

CODE_USE = 0.6
"""How often somebody with a good code uses it when they order."""
FRIENDS_A_DAY = 0.0015
"""How likely somebody with a referral code is to bring a friend on a day."""


@dataclass(frozen=True)
class Arrived:
    """How many orders arrived, how many carried a code that was sent to their customer, and how many a friend's."""

    orders: int
    with_code: int
    with_referral: int


@dataclass(frozen=True)
class _Redemption:
    """A code that an order carries. A friend's order has no offer: the referral code alone."""

    code: str
    offer: Heard | None


def arrive(folder: Path, day: date, days: int, heard: Sequence[Heard], *, seed: int = 7) -> Arrived:
    """Append the orders of the `days` days after `day` to the shop in `folder`, and the friends that came with them.

    Files, seed and the set of `heard` decide alone what arrives; day by day or all at once makes no difference where
    the same was heard. Raises WrongUse where orders after `day` have arrived already.
    """
    customers, orders, lines = (tables.read(folder, name) for name in ("customers", "orders", "order_lines"))
    if max(orders["ordered_at"], default="")[:10] > day.isoformat():
        raise WrongUse(f"Orders after {day} have arrived already.", "Name the last day that data/orders.csv reaches.")
    town = _Town(history.of(customers, orders, lines), heard, set(orders["coupon_code"]), set(customers["email"]))
    first_order = 1 + max(map(int, orders["order_id"]), default=100000)
    first_line = 1 + max(map(int, lines["line_id"]), default=0)
    arrived = [town.live(day + timedelta(days=ahead), seed) for ahead in range(1, days + 1)]
    tables.append(folder, "customers", town.friends)
    for some in arrived:
        tables.append(folder, "order_lines", some.lines(first_line, first_order))
        tables.append(folder, "orders", some.rows(first_order))
        first_order += len(some)
        first_line += len(some.baskets.order)
    return Arrived(sum(map(len, arrived)), town.redeemed, len(town.friends))


class _Town:
    """The customers and what they have in mind, from day to day."""

    def __init__(self, known: History, heard: Iterable[Heard], used: set[str], taken: set[str]) -> None:
        self.history = known
        self.used = used
        self.taken = taken
        self.friends: list[people.Customer] = []
        self.redeemed = 0
        self.place = {customer: index for index, customer in enumerate(known.customer_id.tolist())}
        self.heard: dict[int, list[Heard]] = defaultdict(list)
        for message in sorted(heard, key=lambda message: (message.sent_on, message.customer_id, message.campaign)):
            if message.customer_id in self.place:
                self.heard[self.place[message.customer_id]].append(message)

    def live(self, day: date, seed: int) -> Orders:
        """The orders of one day. Who comes of their own accord is drawn first, so that messages only ever add."""
        rng = np.random.default_rng([seed, day.toordinal()])
        chances = self.history.chances(day) + self._pushes(day)
        come = np.flatnonzero(rng.random(len(self.history)) < chances)
        come = come[rng.permutation(len(come))]
        redemptions = [self._redemption(rng, buyer, day) for buyer in come.tolist()]
        self.redeemed += sum(redemption is not None for redemption in redemptions)
        brought = self._friends(rng, day)
        friends = np.arange(len(self.history) - len(brought), len(self.history))
        return self._buy(rng, np.concatenate([come, friends]), [*redemptions, *brought], day)

    def _pushes(self, day: date) -> Floats:
        """What messages add to each customer's chance: the strongest counts, and none once they have ordered since."""
        pushes = np.zeros(len(self.history))
        for buyer, messages in self.heard.items():
            last = self.history.last[buyer]
            fresh = [m.push() for m in messages if m.works_on(day) and last < m.sent_on.toordinal()]
            pushes[buyer] = max(fresh, default=0.0)
        return pushes

    def _redemption(self, rng: np.random.Generator, buyer: int, day: date) -> _Redemption | None:
        """The newest good code of `buyer`, if they use it. Each is used once."""
        messages = [m for m in self.heard.get(buyer, []) if m.redeems_on(day) and m.code not in self.used]
        if not messages or rng.random() >= CODE_USE:
            return None
        code = messages[-1].code or ""
        self.used.add(code)
        return _Redemption(code, messages[-1])

    def _friends(self, rng: np.random.Generator, day: date) -> list[_Redemption]:
        """New customers who sign up on `day` with an advocate's code; they stand at the end of the history then."""
        spreading = {
            m.referral_code or "": m for messages in self.heard.values() for m in messages if m.spreads_on(day)
        }
        told = rng.random(len(spreading)) < FRIENDS_A_DAY
        codes = [code for code, friend in zip(sorted(spreading), told, strict=True) if friend]
        first_id = 1 + max(map(int, self.history.customer_id.tolist()), default=10000)
        friends = people.draw(rng, [day] * len(codes), first_id=first_id, taken=self.taken)
        self.history.welcome([friend.customer_id for friend in friends], day)
        self.friends += friends
        return [_Redemption(code, None) for code in codes]

    def _buy(self, rng: np.random.Generator, buyers: Ints, codes: Sequence[_Redemption | None], day: date) -> Orders:
        """One order for each of `buyers`, with its code, or with the reduction on the shelf that they look for."""
        known, count = self.history, len(buyers)
        baskets = fill(rng, known.thrifty[buyers], known.favourites[buyers])
        subtotal = baskets.subtotals(count)
        on_the_shelf = rng.random(count) < known.reduced[buyers] / np.maximum(known.orders[buyers], 1)
        discount = np.where(on_the_shelf, subtotal // 10, 0)
        for order, redemption in enumerate(codes):
            if redemption is not None:
                discount[order] = redemption.offer.taken_off(int(subtotal[order])) if redemption.offer else 0
        written = np.array([redemption.code if redemption else "" for redemption in codes], dtype=np.str_)
        moments = moments_of(rng, np.full(count, day, dtype="datetime64[D]"), np.zeros(count, dtype=np.bool_))
        known.note(buyers, np.full(count, day.toordinal()), subtotal - discount, discount)
        known.note_lines(buyers, baskets)
        ids, status = known.customer_id[buyers], np.full(count, "paid")
        return Orders(ids, np.sort(moments), subtotal - discount, discount, written, status, baskets)
