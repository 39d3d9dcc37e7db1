"""Is one wording better than another? Intervals that may be looked at every day, and a ruling that names no chance.

The intervals are those of `lift.sequential`: the chance that one *ever* leaves out the truth is at most 5 %, however
often one looks.
"""

from __future__ import annotations

from collections.abc import Mapping

from regulars.campaigns.variants import Ruling
from regulars.ledger.trials import Tried
from regulars.measure.lift.rates import Rate
from regulars.measure.lift.sequential import multiple, smoothed
from regulars.measure.shapes import Interval
from regulars.measure.wording import count, percent, points

ALPHA = 0.05
FEWEST = 100
"""People whom each variant must have reached before one is called better: the sequence is one of large numbers."""
FEWEST_DID = 10
"""People who must have done it, of two variants together, for the same reason."""
POWER = 0.8416
"""The normal quantile of 80 %: what can be told is what would be found four times in five."""


def decide(tried: Mapping[str, Tried], did: str) -> Ruling:
    """The variant that is better than every other one, all comparisons together at 95 %; none where that is not known.

    `did` says in a word what they are judged by: `clicked`.
    """
    pairs = len(tried) * (len(tried) - 1) // 2
    alpha = ALPHA / max(pairs, 1)
    best = max(tried, key=lambda name: _share(tried[name]))
    others = [name for name in tried if name != best]
    near = max(others, key=lambda name: _share(tried[name]))
    figures = _figures(tried, did)
    if all(_is_better(tried[best], tried[other], alpha) for other in others):
        found = difference(tried[near], tried[best], alpha)
        low, high = (points(found[end], sign=False) for end in ("low", "high"))
        more = f"{points(found['value'], sign=False)} points more than {near} ({low} to {high})"
        return Ruling(best, f"{best} is the best: {more}. {figures}")
    return Ruling("", f"Not known which is better. {figures} {visible(tried, did, alpha)}".rstrip())


def difference(first: Tried, other: Tried, alpha: float = ALPHA) -> Interval:
    """How much larger the share of `other` is, with limits that hold at every look; nobody at all gives -1 to 1."""
    if not first.people or not other.people:
        return Interval(value=0.0, low=-1.0, high=1.0)
    reach = _multiple(first.people + other.people, alpha) * _error(first, other)
    value = _share(other) - _share(first)
    return Interval(value=value, low=max(value - reach, -1.0), high=min(value + reach, 1.0))


def visible(tried: Mapping[str, Tried], did: str, alpha: float = ALPHA) -> str:
    """`With so many people one sees differences of 2.1 points or more.`: of the two with the most people."""
    (_, most), (_, next_most) = sorted(tried.items(), key=lambda pair: -pair[1].people)[:2]
    if next_most.people < FEWEST:
        return f"At least {FEWEST} people must have got each, and {count(next_most.people)} have."
    if most.did + next_most.did < FEWEST_DID:
        return f"At least {FEWEST_DID} people must have {did}."
    reach = (_multiple(most.people + next_most.people, alpha) + POWER) * _error(most, next_most)
    return f"With so many people one sees differences of {points(reach, sign=False)} points or more."


def told(tried: Mapping[str, Tried], did: str) -> str:
    """What is known of these variants now, in a sentence or two: the ruling, whether or not it is time for one."""
    return decide(tried, did).sentence if len(tried) > 1 else ""


def _is_better(one: Tried, other: Tried, alpha: float) -> bool:
    enough = min(one.people, other.people) >= FEWEST and one.did + other.did >= FEWEST_DID
    return enough and difference(other, one, alpha)["low"] > 0


def _share(tried: Tried) -> float:
    return tried.did / tried.people if tried.people else 0.0


def _error(first: Tried, second: Tried) -> float:
    """The standard error of the difference; each variance is that of one success and one failure more."""
    return float(sum(smoothed(Rate(one.did, one.people)).error for one in (first, second)) ** 0.5)


def _multiple(people: int, alpha: float) -> float:
    return float(multiple(people, 1 - alpha))


def _figures(tried: Mapping[str, Tried], did: str) -> str:
    each = [f"{name} {percent(_share(one))} of {count(one.people)}" for name, one in tried.items() if one.people]
    return f"{', '.join(each)} {did}." if each else f"Nobody has {did}: nobody has got it."
