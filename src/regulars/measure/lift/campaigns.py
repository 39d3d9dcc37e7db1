"""Did the messages change anything? Treated against holdout, and what can be said of it in a sentence.

By intention to treat: whoever fell into an arm counts in it, whatever was delivered. Each person counts once, with
their first entry: whether they enter again depends on what they did after the first, so that later entries are no
longer comparable between the arms.
"""

from __future__ import annotations

from dataclasses import dataclass

from regulars.measure.lift.amounts import Amounts, welch
from regulars.measure.lift.arms import Difference
from regulars.measure.lift.rates import Rate, newcombe
from regulars.measure.shapes import Compared, Interval, Lift
from regulars.measure.wording import count, percent, points, roughly

BUYERS = 10
"""An amount is compared only if each arm has so many people who spent something: a mean of fewer is mostly luck."""


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


def compared(treated: Outcomes, holdout: Outcomes, currency: str, *, did: str = "ordered") -> Lift:
    """The lift of `treated` over `holdout`; `did` says in one word what a conversion is."""
    lift = Lift(
        people={"treated": treated.people, "holdout": holdout.people},
        open=treated.open + holdout.open,
        conversion=None,
        revenue=None,
        earned=None,
        known=False,
        sentence="",
    )
    if treated.people and holdout.people:
        conversion, revenue = _conversion(treated, holdout), _revenue(treated, holdout)
        lift["conversion"], lift["revenue"], lift["known"] = conversion, revenue, conversion["known"]
        # Spending is skewed, and with few held out Welch's interval misses too often (8 % in a grocer's real baskets
        # with nothing sent): money is claimed only where the orders alone have told already.
        revenue["known"] = revenue["known"] and conversion["known"]
        if revenue["difference"] and revenue["known"]:
            lift["earned"] = _times(revenue["difference"], treated.people)
    lift["sentence"] = _sentence(lift, currency, did)
    return lift


def _conversion(treated: Outcomes, holdout: Outcomes) -> Compared:
    first, second = Rate(treated.converted, treated.people), Rate(holdout.converted, holdout.people)
    found = newcombe(first, second)
    return Compared(treated=first.share, holdout=second.share, difference=_interval(found), known=found.known)


def _revenue(treated: Outcomes, holdout: Outcomes) -> Compared:
    first, second = _amounts(treated), _amounts(holdout)
    enough = min(treated.converted, holdout.converted) >= BUYERS
    found = welch(first, second) if enough else None
    return Compared(
        treated=round(first.mean, 2),
        holdout=round(second.mean, 2),
        difference=_interval(found) if found else None,
        known=bool(found and found.known),
    )


def _amounts(arm: Outcomes) -> Amounts:
    return Amounts.of_sums(arm.people, arm.revenue, arm.squares)


def _interval(found: Difference) -> Interval:
    return Interval(value=found.difference, low=found.low, high=found.high)


def _times(interval: Interval, people: int) -> Interval:
    return Interval(
        value=round(interval["value"] * people, 2),
        low=round(interval["low"] * people, 2),
        high=round(interval["high"] * people, 2),
    )


def _sentence(lift: Lift, currency: str, did: str) -> str:
    people, conversion = lift["people"], lift["conversion"]
    if not people["treated"] and not people["holdout"]:
        return "Nobody has entered yet."
    if not people["holdout"]:
        return "Not known: nobody is held out to compare with. `holdout: 10%` in the campaign would tell."
    if conversion is None or conversion["difference"] is None:
        return "Not known: everybody is held out, and nobody gets the messages."
    found = conversion["difference"]
    rates = (
        f"{percent(conversion['treated'])} of the {count(people['treated'])} treated {did}, "
        f"{percent(conversion['holdout'])} of the {count(people['holdout'])} held out"
    )
    if not lift["known"]:
        both = f"with {count(people['treated'])} and {count(people['holdout'])} people this cannot be told"
        return f"Not known yet: {both}. So far {rates}; anything from {_span(found)} fits with that."
    return f"Known: {rates}. The messages made it {_span(found)}. {_money_sentence(lift, currency)}"


def _span(found: Interval) -> str:
    """`2.3 points fewer to 4.9 points more`, `2.3 to 7.5 points more`, `2.3 to 7.5 points fewer`."""
    low, high = (points(abs(found[end]), sign=False) for end in ("low", "high"))
    if found["low"] <= 0 <= found["high"]:
        return f"{low} points fewer to {high} points more"
    return f"{low} to {high} points more" if found["low"] > 0 else f"{high} to {low} points fewer"


def _money_sentence(lift: Lift, currency: str) -> str:
    revenue, earned = lift["revenue"], lift["earned"]
    if revenue is None or earned is None or not revenue["known"]:
        return "What that is in money cannot be told yet."
    low, high = sorted((abs(earned["low"]), abs(earned["high"])))
    way = "added" if earned["value"] > 0 else "cost"
    return f"They {way} between {roughly(low)} and {roughly(high, currency)} in all."
