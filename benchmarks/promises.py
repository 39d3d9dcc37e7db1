"""Whether the intervals of `measure.lift` keep their promise: thousands of simulated campaigns at once in numpy.

Each campaign holds out a part by lot; what its people do is drawn: for shares two binomials, for money a lognormal
amount for each buyer and nothing for the others. Its σ goes from 0.7 (a grocer's baskets) up to 2, where one buyer in a
hundred spends a hundred times the median. The functions are those that the report calls; they take arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from regulars.measure.lift import amounts, arms, rates, sequential
from regulars.measure.lift.amounts import Amounts, Pairs
from regulars.measure.lift.arms import Difference
from regulars.measure.lift.rates import Rate

Floats = NDArray[np.float64]
Draw = np.random.Generator
AT_ONCE = 100
DAYS = 60


@dataclass(frozen=True)
class Missed:
    """How often an interval left out the truth, in percent: below it, and above."""

    under: float
    over: float

    @property
    def whole(self) -> float:
        """Both sides."""
        return self.under + self.over


def missed(found: Difference, truth: float | Floats) -> Missed:
    """Of many campaigns' intervals."""
    return Missed(100 * float(np.mean(found.high < truth)), 100 * float(np.mean(found.low > truth)))


def sizes(share: float, expected: float, held_out: float) -> tuple[int, int]:
    """Treated and held out, so that so many of the held out are expected to do it."""
    few = round(expected / share)
    return round(few * (1 - held_out) / held_out), few


def of_rates(draw: Draw, share: float, expected: int, held_out: float, effect: float, campaigns: int) -> Missed:
    """Newcombe's interval; the treated do it `effect` times as often."""
    many, few = sizes(share, expected, held_out)
    treated, held = draw.binomial(many, share * effect, 10 * campaigns), draw.binomial(few, share, 10 * campaigns)
    found = rates.newcombe(Rate(treated.astype(float), many), Rate(held.astype(float), few))
    return missed(found, share * (effect - 1))


def power(draw: Draw, share: float, people: tuple[int, int], campaigns: int) -> float:
    """How often, in percent, a difference is seen that is announced to be seen in 80 of 100 campaigns."""
    least = rates.detectable(share, people)
    treated, held = (draw.binomial(n, p, 10 * campaigns) for n, p in zip(people, (share + least, share), strict=True))
    found = rates.newcombe(Rate(treated.astype(float), people[0]), Rate(held.astype(float), people[1]))
    return 100 * float(np.mean(found.low > 0))


@dataclass(frozen=True)
class Shop:
    """How its people buy: a share of them, for lognormal amounts."""

    share: float
    spread: float
    more_buyers: float = 1.0
    more_spent: float = 1.0


def of_money(draw: Draw, shop: Shop, people: tuple[int, int], campaigns: int) -> tuple[Missed, Missed]:
    """Welch's interval of the mean, and the winsorised and steadied one of the mean up to the ceiling."""
    plain, steady = [], []
    for start in range(0, campaigns, AT_ONCE):
        few = min(AT_ONCE, campaigns - start)
        treated = buyers(draw, shop, people[0], few, treated=True)
        held = buyers(draw, shop, people[1], few, treated=False)
        top = ceiling(treated, held)
        truth = mean(shop, treated=True) - mean(shop, treated=False)
        capped = mean(shop, treated=True, top=top) - mean(shop, treated=False, top=top)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = amounts.welch(summed(treated, people[0]), summed(held, people[1]))
        plain.append(missed(found, truth))
        cut = [summed(np.minimum(one, top[:, None]), n) for one, n in zip((treated, held), people, strict=True)]
        steady.append(missed(amounts.welch(*amounts.steadied(cut[0], cut[1])), capped))
    return averaged(plain), averaged(steady)


def buyers(draw: Draw, shop: Shop, people: int, campaigns: int, *, treated: bool) -> Floats:
    """Amounts of the buyers: a row per campaign, filled up with zeros."""
    share = shop.share * (shop.more_buyers if treated else 1)
    number = draw.binomial(people, share, campaigns)
    spent = draw.lognormal(0.0, shop.spread, (campaigns, max(number.max(), 1)))
    spent[np.arange(spent.shape[1]) >= number[:, None]] = 0
    return spent * (shop.more_spent if treated else 1)


def ceiling(treated: Floats, held: Floats) -> Floats:
    """Per campaign what 99 % of the buyers of both arms do not exceed."""
    everybody = np.sort(np.concatenate([treated, held], axis=1), axis=1)
    number = (everybody > 0).sum(axis=1)
    place = everybody.shape[1] - number + np.ceil(amounts.WINSORISED_AT * number).astype(int) - 1
    return everybody[np.arange(len(everybody)), np.minimum(place, everybody.shape[1] - 1)]


def mean(shop: Shop, *, treated: bool, top: Floats | None = None) -> Floats | float:
    """What a person spends in truth, counted up to `top`."""
    share = shop.share * (shop.more_buyers if treated else 1)
    more = shop.more_spent if treated else 1.0
    whole = more * np.exp(shop.spread**2 / 2)
    if top is None:
        return share * whole
    with np.errstate(divide="ignore"):  # of a campaign in which nobody bought
        place = np.log(top / more) / shop.spread
    return share * (whole * ndtr(place - shop.spread) + top * ndtr(-place))


def summed(spent: Floats, people: int) -> Amounts:
    """Mean and variance of each campaign, those who bought nothing included."""
    average = spent.sum(axis=1) / people
    return Amounts(people, average, ((spent**2).sum(axis=1) - people * average**2) / (people - 1))


def averaged(found: list[Missed]) -> Missed:
    """Of slices of the same size."""
    return Missed(float(np.mean([one.under for one in found])), float(np.mean([one.over for one in found])))


def of_cuped(draw: Draw, people: tuple[int, int], campaigns: int) -> tuple[Missed, float]:
    """CUPED, steadied, half of what was spent before being spent again: misses of no effect; length over Welch's."""
    found, lengths = [], []
    for _ in range(0, campaigns, AT_ONCE):
        both = [pairs(draw, number) for number in people]
        adjusted = amounts.cuped(both[0], both[1])[:2]
        interval = amounts.welch(*amounts.steadied(*adjusted))
        plain = amounts.welch(*amounts.steadied(*(Amounts(one.people, one.mean, one.variance) for one in both)))
        found.append(missed(interval, 0.0))
        lengths.append(np.mean((interval.high - interval.low) / (plain.high - plain.low)))
    return averaged(found), float(np.mean(lengths))


def pairs(draw: Draw, people: int) -> Pairs:
    """Of many campaigns: what each spent before, and half of it again with something new."""
    before = (draw.random((AT_ONCE, people)) < 0.4) * draw.lognormal(0, 0.7, (AT_ONCE, people))
    after = 0.5 * before + (draw.random((AT_ONCE, people)) < 0.1) * draw.lognormal(0, 0.7, (AT_ONCE, people))
    together = ((after * before).sum(axis=1) - people * after.mean(axis=1) * before.mean(axis=1)) / (people - 1)
    spread = after.var(axis=1, ddof=1), before.var(axis=1, ddof=1)
    return Pairs(people, after.mean(axis=1), spread[0], before.mean(axis=1), spread[1], together)


def daily(draw: Draw, share: float, per_day: tuple[int, int], campaigns: int) -> tuple[float, float]:
    """How often, in percent, no effect is ever taken for one over 60 daily looks: by the sequence, by the plain one."""
    treated, held = (draw.binomial(n, share, (campaigns, DAYS)).cumsum(axis=1).astype(float) for n in per_day)
    days = np.arange(1, DAYS + 1)
    pair = Rate(treated, days * per_day[0]), Rate(held, days * per_day[1])
    always = arms.difference(*sequential.both_limits(sequential.smoothed(pair[0]), sequential.smoothed(pair[1])))
    return ever(always), ever(rates.newcombe(*pair))


def daily_money(draw: Draw, shop: Shop, per_day: tuple[int, int], campaigns: int) -> tuple[float, float]:
    """The same with amounts up to the ceiling (here that of all looks), steadied, and with Welch's interval of them."""
    always, plain = [], []
    for _ in range(0, campaigns, AT_ONCE):
        found = [by_day(draw, shop, number) for number in per_day]
        days = np.arange(1, DAYS + 1)
        pair = amounts.steadied(*(accrued(*one, days * number) for one, number in zip(found, per_day, strict=True)))
        always.append(ever(arms.difference(*sequential.both_limits(*pair))))
        with np.errstate(divide="ignore", invalid="ignore"):
            plain.append(ever(amounts.welch(*pair)))
    return float(np.mean(always)), float(np.mean(plain))


def by_day(draw: Draw, shop: Shop, people: int) -> tuple[Floats, Floats]:
    """What is spent each day of each campaign, and its squares."""
    number = draw.binomial(people, shop.share, (AT_ONCE, DAYS))
    spent = draw.lognormal(0.0, shop.spread, (AT_ONCE, DAYS, max(number.max(), 1)))
    spent = np.minimum(spent, np.exp(2.326 * shop.spread))
    spent[np.arange(spent.shape[2]) >= number[:, :, None]] = 0
    return spent.sum(axis=2), (spent**2).sum(axis=2)


def accrued(totals: Floats, squares: Floats, people: NDArray[np.int64]) -> Amounts:
    """At the end of each day."""
    average = totals.cumsum(axis=1) / people
    return Amounts(people, average, (squares.cumsum(axis=1) - people * average**2) / (people - 1))


def ever(found: Difference) -> float:
    """In how many campaigns, in percent, some day's interval leaves out zero."""
    return 100 * float(np.mean(np.any((found.low > 0) | (found.high < 0), axis=1)))
