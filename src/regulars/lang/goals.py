"""Goals of a shop: which figure is to stand where, and by when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal, Self

from regulars.lang.scalars import Word

Measure = Literal["share", "number", "money", "score", "people"]
"""What a figure is: a share of people, a plain number, an amount, the NPS (-100 to 100), or a number of people."""

FIGURES: dict[str, Measure] = {
    "customers": "people",
    "repeat_purchase_rate": "share",
    "retention_rate": "share",
    "churn_rate": "share",
    "purchase_frequency": "number",
    "average_order": "money",
    "lifetime_value": "money",
    "upsell_ratio": "number",
    "redemption_rate": "share",
    "nps": "score",
    "csat": "share",
    "cli": "number",
}
"""The figures a goal can be about: those of the report, under the same names."""

LOWER_IS_BETTER = ("churn_rate",)


@dataclass(frozen=True, slots=True)
class Goal(Word):
    """`+20% by 2027-06-30`, `40% by …`, `+3 points by …`, `40 by …`: a change, or where the figure is to stand.

    `kind`: `relative` (`value` is a fraction of the baseline, signed), `points` (`value` is added to the baseline; a
    hundredth is a point of a share, 1 a point of a score), or `absolute` (`value` is the figure itself; `share` says
    that it was written with a per cent sign, and is a fraction then).
    """

    kind: Literal["relative", "points", "absolute"]
    value: float
    by: date
    share: bool = False
    form: ClassVar[str] = "a goal, such as `+20% by 2027-06-30`, `35% by …`, `+3 points by …` or `40 by …`"
    code: ClassVar[str] = "goal"

    @classmethod
    def parse(cls, text: str) -> Self:
        found = re.fullmatch(
            r"([+-]?)(\d{1,9}(?:\.\d+)?) ?(%|points?)? by (\d{4}-\d{2}-\d{2})", text.strip(), re.IGNORECASE
        )
        if not found:
            raise ValueError(text)
        sign, unit, by = found[1], (found[3] or "").lower(), date.fromisoformat(found[4])
        value = float(found[2]) * (-1 if sign == "-" else 1)
        if unit.startswith("point"):
            return cls("points", _moved(value, text), by)
        if unit == "%":
            return cls("relative", _moved(value, text) / 100, by) if sign else cls("absolute", value / 100, by, True)
        if sign == "+":
            raise ValueError(text)
        return cls("absolute", value, by)

    def __str__(self) -> str:
        if self.kind == "relative":
            return f"{self.value * 100:+g}% by {self.by}"
        if self.kind == "points":
            return f"{self.value:+g} point{'' if abs(self.value) == 1 else 's'} by {self.by}"
        return f"{self.value * 100:g}% by {self.by}" if self.share else f"{self.value:g} by {self.by}"

    def wanted(self, figure: str, baseline: float | None) -> float | None:
        """Where the figure is to stand, given where it stood when the goal was set; None where that is not known.

        A change of so many per cent of nothing has no meaning, and is None too.
        """
        if self.kind == "absolute":
            return self.value
        if baseline is None or (self.kind == "relative" and not baseline):
            return None
        if self.kind == "relative":
            return possible(figure, baseline * (1 + self.value))
        return possible(figure, baseline + (self.value / 100 if FIGURES[figure] == "share" else self.value))

    def misfit(self, figure: str) -> str:
        """Why this is no goal for the figure `figure` (one of `FIGURES`); empty where it is one."""
        measure = FIGURES[figure]
        if self.kind == "absolute" and measure == "share" and not self.share:
            return "is a share, and this is a plain number"
        if self.kind == "absolute" and measure != "share" and self.share:
            return "is no share, and this is one"
        if self.kind == "points" and measure not in ("share", "score"):
            return "is not counted in points"
        return ""


def possible(figure: str, value: float) -> float:
    """The nearest value that the figure can have: no share is more than all."""
    return min(max(value, 0.0), 1.0) if FIGURES[figure] == "share" else value


def _moved(value: float, text: str) -> float:
    if not value:
        raise ValueError(text)
    return value
