"""What a comparison says, in a marketer's words."""

from __future__ import annotations

from math import ceil, isfinite
from typing import Literal

from regulars.measure.lift.estimates import Estimate
from regulars.measure.lift.proportion import Proportion
from regulars.measure.lift.rates import Rate
from regulars.measure.wording import count, money, percent, plural, points, roughly, signed

Kind = Literal["rate", "money"]
_YEAR = 365


def seen(
    found: Estimate, people: tuple[int, int], kind: Kind, unit: str, *, known: bool, more_days: float | None
) -> str:
    """`With 8,140 and 905 customers you can see differences of 2.1 points or more; you saw 0.9 ± 1.8: not known yet.`

    `people`: treated, and not.
    """
    return (
        f"{sight(found, people, kind, unit)}; you saw {size(found, kind, unit)}: "
        f"{verdict(found, known=known, more_days=more_days)}."
    )


def sight(found: Estimate, people: tuple[int, int], kind: Kind, unit: str) -> str:
    """`With 8,140 and 905 customers you can see differences of 2.1 points or more`."""
    both = f"With {count(people[0])} and {count(people[1])} customers"
    if not isfinite(found.detectable):
        return f"{both} you can see no difference, however large"
    least = _amount(found.detectable, kind, unit)
    return f"{both} you can see differences of {least} or more"


def size(found: Estimate, kind: Kind, unit: str = "") -> str:
    """`0.9 ± 1.8`, in points or in the unit."""
    if kind == "rate":
        return signed(f"{100 * found.difference:.1f} ± {100 * found.reach:.1f}")
    return signed(f"{found.difference:,.2f} ± {found.reach:,.2f} {unit}".rstrip())


def verdict(found: Estimate, *, known: bool, more_days: float | None) -> str:
    """`known`, or why not, and for how long not."""
    if known:
        return f"known, {'more' if found.difference > 0 else 'less'} than without"
    begun = "not known yet"
    if found.significant:
        why = "of too few buyers" if found.known else "smaller than what can be relied on"
        begun = f"a sign, {why}, so not known yet"
    return f"{begun}{lasting(more_days)}"


def lasting(more_days: float | None, so: str = "") -> str:
    """`, about 19 more days` (after `so`), or nothing where that is not known."""
    if more_days is None:
        return ""
    if more_days > _YEAR:
        return ", and at this pace not within a year"
    return f", {so}about {plural(ceil(more_days), 'more day')}"


def out_of_proportion(found: Proportion) -> str:
    """Why a comparison is not told."""
    seen_share, declared = found.people[0] / sum(found.people), found.declared[0]
    return (
        f"Not told: {count(found.people[0])} of {count(sum(found.people))} are held out, {percent(seen_share)} instead "
        f"of the {percent(declared)} declared. By lot alone that happens less than once in a thousand times: something "
        "else decided who is held out, or the share was changed on the way."
    )


def observed(found: Estimate, kind: Kind, unit: str) -> str:
    """A difference of which nobody knows whether the messages made it."""
    return (
        f"The groups differ by {size(found, kind, unit)}{' points' if kind == 'rate' else ''}. They were not drawn by "
        "lot: this says how they differ, not what made the difference."
    )


def _amount(value: float, kind: Kind, unit: str) -> str:
    return f"{points(value, sign=False)} points" if kind == "rate" else money(value, unit)


def one_arm(treated: int, holdout: int) -> str:
    """What is said where there is nothing to compare."""
    if not treated and not holdout:
        return "Nobody has entered yet."
    if not holdout:
        return "Not known: nobody is held out to compare with. `holdout: 10%` in the campaign would tell."
    return "Not known: everybody is held out, and nobody gets the messages."


def lift(found: Estimate, arms: tuple[Rate, Rate], did: str, more_days: int | None) -> str:
    """What each arm did, what such numbers can show, what they showed. `arms`: treated, held out.

    `Not known yet: 6.1 % of the 8,140 treated ordered, 5.2 % of the 905 held out. With 8,140 and 905 customers you can
    see differences of 2.1 points or more; you saw 0.9 ± 1.8, so about 19 more days.`
    """
    treated, held_out = arms
    did_it = (
        f"{percent(treated.share)} of the {count(treated.people)} treated {did}, {percent(held_out.share)} of the "
        f"{count(held_out.people)} held out"
    )
    can = sight(found, (treated.people, held_out.people), "rate", "")
    saw = f"you saw {size(found, 'rate')}"
    if found.known:
        return f"Known: {did_it}. {can}; {saw}."
    if found.significant:
        saw += ", a sign, but smaller than what can be relied on"
    return f"Not known yet: {did_it}. {can}; {saw}{lasting(more_days, 'so ')}."


def earned(ends: tuple[float, float], ceiling: float | None, currency: str) -> str:
    """` They added between 6,420 and 16,600 RON in all, nobody counted with more than 512 RON.`"""
    low, high = sorted(map(abs, ends))
    way = "added" if ends[0] > 0 else "cost"
    most = f", nobody counted with more than {money(ceiling, currency)}" if ceiling is not None else ""
    return f" They {way} between {roughly(low)} and {roughly(high, currency)} in all{most}."
