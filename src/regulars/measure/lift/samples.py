"""Plain lists and arrays, read as what the people of one arm did; whatever they cannot be is refused in a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np

from regulars.measure.lift.amounts import WINSORISED_AT, Amounts, Pairs
from regulars.measure.lift.rates import Floats, Rate
from regulars.measure.lift.refusal import NotComparable

Kind = Literal["rate", "money"]


def read(values: Iterable[Any], whose: str) -> Floats:
    """One number per person; raises NotComparable when there is none, or something that is no number."""
    try:
        found = np.asarray(values if isinstance(values, np.ndarray) else list(values), dtype=float)
    except (TypeError, ValueError):
        raise NotComparable(f"What the {whose} did is not a list of numbers.", "One number per person.") from None
    if found.ndim != 1:
        raise NotComparable(f"What the {whose} did has {found.ndim} dimensions.", "One number per person.")
    if found.size < 2:
        raise NotComparable(f"There are fewer than two people in the {whose}.", "Two are the least one can compare.")
    if not np.isfinite(found).all():
        raise NotComparable(
            f"{np.count_nonzero(~np.isfinite(found)):,} values of the {whose} are no numbers.",
            "Whoever did nothing has 0; nobody may be left out.",
        )
    return found


def kind_of(control: Floats, treatment: Floats, asked: Kind | None = None) -> Kind:
    """`rate` where everybody has 0 or 1, else `money`, or what is asked for.

    Raises NotComparable where one arm has each, or a share is asked for that is none.
    """
    shares = [bool(np.isin(arm, (0.0, 1.0)).all()) for arm in (control, treatment)]
    if asked == "rate" and not all(shares):
        raise NotComparable("A share needs 0 or 1 for everybody.", "Say `kind='money'`, or count who did it.")
    if asked is not None:
        return asked
    if all(shares):
        return "rate"
    if any(shares) and any(arm.any() for arm, share in zip((control, treatment), shares, strict=True) if share):
        raise NotComparable(
            "One group has only 0 and 1, and the other amounts.", "Compare shares with shares; or say `kind='money'`."
        )
    return "money"


def rate_of(values: Floats) -> Rate:
    """How many did it."""
    return Rate(int(values.sum()), values.size)


def amounts_of(values: Floats) -> Amounts:
    """Mean and variance."""
    return Amounts(values.size, float(values.mean()), float(values.var(ddof=1)))


def pairs_of(values: Floats, before: Floats) -> Pairs:
    """Means, variances and covariance."""
    together = np.cov(values, before)
    return Pairs(
        values.size,
        float(values.mean()),
        float(together[0, 0]),
        float(before.mean()),
        float(together[1, 1]),
        float(together[0, 1]),
    )


def ceiling(control: Floats, treatment: Floats, at: float = WINSORISED_AT) -> float:
    """The amount that a share `at` of those with any amount, of both arms, do not exceed; infinite without amounts."""
    some = np.concatenate([control[control != 0], treatment[treatment != 0]])
    return float(np.quantile(some, at, method="inverted_cdf")) if some.size else float("inf")
