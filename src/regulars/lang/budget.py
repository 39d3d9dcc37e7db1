"""How much offers may give away: an amount, and the time it is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from regulars.lang.keys import Key, wrong
from regulars.lang.scalars import Word

Span = Literal["day", "week", "month", "year", "all"]
"""What a budget is for: a calendar day, week (from Monday), month or year of the shop, or all time."""


@dataclass(frozen=True, slots=True)
class Allowance(Word):
    """`20000 per month`: at most so much of the shop's currency in each calendar month; `5000 in all`: ever."""

    value: Decimal
    span: Span
    form: ClassVar[str] = "an amount and its time, such as `20000 per month`, `500 per day` or `5000 in all`"
    code: ClassVar[str] = "budget"

    @classmethod
    def parse(cls, text: str) -> Self:
        number = r"(\d{1,11}(?:\.\d{1,2})?)"
        found = re.fullmatch(rf"{number} (?:per (day|week|month|year)|in (all))", text.strip(), re.IGNORECASE)
        if not found or Decimal(found[1]) <= 0:
            raise ValueError(text)
        return cls(Decimal(found[1]), (found[2] or found[3]).lower())  # type: ignore[arg-type]  # the pattern allows these

    def __str__(self) -> str:
        return f"{self.value.normalize():f} {'in all' if self.span == 'all' else f'per {self.span}'}"


class Budget(Key):
    """What offers may give away: who does not fit is not sent the message, with the reason `budget`."""

    noun: ClassVar[str] = "a budget"

    discount: Allowance | None = Field(
        None, description="what is to be expected of the codes given in that time: their value times the usual share"
    )
    redeemed: Allowance | None = Field(
        None, description="what orders take off by the codes given in that time, those still open counted in full"
    )

    @model_validator(mode="after")
    def _something(self) -> Budget:
        if self.discount is None and self.redeemed is None:
            raise wrong("budget", "This budget names no amount.", "write   {discount: 20000 per month}")
        return self
