"""Treated against holdout, from the ledger's sums: of one campaign, or of the whole shop.

By intention to treat: whoever fell into an arm counts in it, whatever was delivered. Each person counts once, with
their first entry: whether they enter again depends on what they did after the first, so that later entries are no
longer comparable between the arms.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil, isfinite

from regulars.measure.lift import amounts, estimates, told
from regulars.measure.lift.amounts import BUYERS, Amounts, Pairs
from regulars.measure.lift.arms import LEVEL
from regulars.measure.lift.estimates import Estimate
from regulars.measure.lift.proportion import Proportion, proportion
from regulars.measure.lift.rates import Rate
from regulars.measure.shapes import Compared, Interval, Lift, Shares


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What the people of one arm did in the window of their first entry."""

    people: int = 0
    converted: int = 0
    revenue: float = 0.0
    squares: float = 0.0
    """The sum of each person's revenue squared."""
    open: int = 0
    """People whose window is not over yet."""
    orders: int | None = None
    order_squares: int = 0
    """The sum of each person's number of orders squared."""
    ceiling: float | None = None
    """What 99 % of those with any revenue, of both arms, do not exceed."""
    capped: float = 0.0
    """The sum of each person's revenue, counted up to the ceiling."""
    capped_squares: float = 0.0
    since: datetime | None = None
    """When the first of them entered."""
    pairs: Pairs | None = None
    """Revenue beside what the same people spent before, both winsorised."""

    @property
    def rate(self) -> Rate:
        """How many ordered."""
        return Rate(self.converted, self.people)

    @property
    def amounts(self) -> Amounts:
        """Revenue per person."""
        return Amounts.of_sums(self.people, self.revenue, self.squares)

    @property
    def frequency(self) -> Amounts:
        """Orders per person."""
        return Amounts.of_sums(self.people, self.orders or 0, self.order_squares)

    @property
    def winsorised(self) -> Amounts:
        """Revenue per person, counted up to the ceiling."""
        if self.ceiling is None:
            return self.amounts
        return Amounts.of_sums(self.people, self.capped, self.capped_squares)


def compared(
    treated: Outcomes,
    holdout: Outcomes,
    currency: str,
    *,
    did: str = "ordered",
    share: float | None = None,
    now: datetime | None = None,
) -> Lift:
    """The lift of `treated` over `holdout`; `did` says in one word what a conversion is.

    `share`: the part that was to be held out; arms that are not so large are not told. `now`: with it the lift says
    how many days more it takes, at the pace of these people; without (nobody will come any more) it does not.
    """
    lift = Lift(
        people={"treated": treated.people, "holdout": holdout.people},
        open=treated.open + holdout.open,
        conversion=None,
        orders=None,
        revenue=None,
        winsorised=None,
        cuped=None,
        ceiling=holdout.ceiling if holdout.ceiling is not None else treated.ceiling,
        earned=None,
        shares=None,
        more_days=None,
        known=False,
        sentence="",
    )
    if not treated.people or not holdout.people:
        lift["sentence"] = told.one_arm(treated.people, holdout.people)
        return lift
    sized = proportion((holdout.people, treated.people), (share, 1 - share)) if share else None
    if sized is not None:
        lift["shares"] = Shares(
            declared=sized.declared[0],
            seen=holdout.people / sum(sized.people),
            p_value=sized.p_value,
            holds=sized.holds,
        )
    conversion = estimates.of_rates(holdout.rate, treated.rate, LEVEL)
    _compare(lift, conversion, (treated, holdout), _days(treated, holdout, now))
    if sized is not None and not sized.holds:
        _withdraw(lift, sized)
        return lift
    _tell(lift, conversion, (treated, holdout), currency, did)
    return lift


def _compare(lift: Lift, conversion: Estimate, arms: tuple[Outcomes, Outcomes], days: float | None) -> None:
    treated, holdout = arms
    lift["conversion"], lift["known"] = _shape(conversion), conversion.known
    if days is not None and not conversion.known:
        more = days * (conversion.longer() - 1)
        lift["more_days"] = ceil(more) if isfinite(more) else None
    enough = min(treated.converted, holdout.converted) >= BUYERS
    if treated.orders is not None:
        lift["orders"] = _money(holdout.frequency, treated.frequency, enough=enough)
    lift["revenue"] = _money(holdout.amounts, treated.amounts, enough=enough)
    if not enough:
        return
    lift["winsorised"] = _money(*amounts.steadied(holdout.winsorised, treated.winsorised))
    if treated.pairs is not None and holdout.pairs is not None:
        adjusted = amounts.cuped(holdout.pairs, treated.pairs)[:2]
        lift["cuped"] = _money(*amounts.steadied(*adjusted))


def _tell(lift: Lift, found: Estimate, arms: tuple[Outcomes, Outcomes], currency: str, did: str) -> None:
    treated, holdout = arms
    # Where a small arm happens to have no large amount, Welch's interval is too short just when it is too far off; the
    # winsorised and steadied one keeps its promise at every size (benchmarks/lifting.py), so money is claimed by it.
    steadiest = lift["cuped"] or lift["winsorised"]
    if steadiest is not None and steadiest["known"] and steadiest["difference"] is not None:
        lift["earned"] = _times(steadiest["difference"], treated.people)
    if lift["revenue"] is not None:
        lift["revenue"]["known"] = lift["revenue"]["known"] and lift["earned"] is not None
    lift["sentence"] = told.lift(found, (treated.rate, holdout.rate), did, lift["more_days"])
    if lift["earned"] is not None:
        ends = lift["earned"]["low"], lift["earned"]["high"]
        lift["sentence"] += told.earned(ends, lift["ceiling"], currency)
    elif found.known:
        lift["sentence"] += " What that is in money cannot be told yet."


def _withdraw(lift: Lift, sized: Proportion) -> None:
    """Nothing is known by arms that the lot alone did not fill."""
    lift["sentence"], lift["known"], lift["more_days"] = told.out_of_proportion(sized), False, None
    for part in (lift["conversion"], lift["orders"], lift["revenue"], lift["winsorised"], lift["cuped"]):
        if part is not None:
            part["difference"] = part["relative"] = part["p_value"] = part["detectable"] = None
            part["known"] = part["significant"] = False


def _days(treated: Outcomes, holdout: Outcomes, now: datetime | None) -> float | None:
    since = [one.since for one in (treated, holdout) if one.since is not None]
    if now is None or not since:
        return None
    return max((now - min(since)).total_seconds() / 86_400, 1.0)


def _money(holdout: Amounts, treated: Amounts, *, enough: bool = True) -> Compared:
    if enough:
        return _shape(estimates.of_amounts(holdout, treated, LEVEL), digits=4)
    return Compared(
        treated=round(treated.mean, 4),
        holdout=round(holdout.mean, 4),
        difference=None,
        relative=None,
        p_value=None,
        detectable=None,
        significant=False,
        known=False,
    )


def _shape(found: Estimate, digits: int | None = None) -> Compared:
    relative, ends = found.relative, found.relative.interval
    return Compared(
        treated=found.treatment if digits is None else round(found.treatment, digits),
        holdout=found.control if digits is None else round(found.control, digits),
        difference=Interval(value=found.difference, low=found.interval[0], high=found.interval[1]),
        relative=Interval(value=relative.value, low=ends[0], high=ends[1]) if relative.bounded else None,
        p_value=found.p_value,
        detectable=found.detectable if isfinite(found.detectable) else None,
        significant=found.significant,
        known=found.known,
    )


def _times(interval: Interval, people: int) -> Interval:
    return Interval(
        value=round(interval["value"] * people, 2),
        low=round(interval["low"] * people, 2),
        high=round(interval["high"] * people, 2),
    )
