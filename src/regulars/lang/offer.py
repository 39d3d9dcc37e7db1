"""What a message may give."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from regulars.lang.keys import Key, wrong
from regulars.lang.scalars import Duration, Money, Until, Word
from regulars.lang.written import Written

OfferKind = Literal["percent", "amount", "free_delivery", "gift"]
KINDS: tuple[OfferKind, ...] = ("percent", "amount", "free_delivery", "gift")
_KINDS = "`percent`, `amount`, `free_delivery` and `gift`"
SHARED_CODE = r"[A-Z0-9][A-Z0-9_-]{2,30}"


@dataclass(frozen=True, slots=True)
class Pool(Word):
    """`pool`, or `pool NAME`: codes that the shop's checkout knows already. Without a name, the campaign's own pool."""

    name: str = ""
    form: ClassVar[str] = "`pool`, or `pool NAME`"
    code: ClassVar[str] = "pool"

    @classmethod
    def parse(cls, text: str) -> Self:
        found = re.fullmatch(r"pool(?: ([a-z0-9][a-z0-9_-]*))?", text.strip(), re.IGNORECASE)
        if not found:
            raise ValueError(text)
        return cls((found[1] or "").lower())

    def __str__(self) -> str:
        return f"pool {self.name}".strip()


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, (int, float, str)) else value


def true_as_written(value: Any) -> Any:
    """`true`, which is read as a text, as what it means."""
    return True if isinstance(value, str) and value.strip().lower() == "true" else value


class Offer(Key):
    """What a message gives. One of `percent`, `amount`, `free_delivery` and `gift`."""

    noun: ClassVar[str] = "an offer"

    percent: Money | None = Field(None, description="a reduction in per cent")
    amount: Money | None = Field(None, description="a reduction in the shop's currency")
    free_delivery: Annotated[Literal[True] | None, BeforeValidator(true_as_written)] = Field(
        None, description="`true`: the delivery costs nothing"
    )
    gift: Written | None = Field(None, description="what is added to the order, such as an article's number")
    valid: Duration | None = Field(None, description="how long, from sending; ends at 24:00 of the last day")
    until: Until | None = Field(None, description="the moment it ends")
    next_time: Annotated[list[Money], BeforeValidator(_one_or_many)] = Field(
        [], description="the value after an entry that did not work, then after two …"
    )
    code: Written | None = Field(None, description="one code for everybody; without it everybody gets one of their own")
    codes: Pool | None = Field(
        None, description="where everybody's own code comes from; without it they are made, and the shop exports them"
    )
    redeem: Literal["anyone", "holder"] = Field(
        "anyone", description="who may use a code: `holder` is whoever was given it; another's order is reported apart"
    )
    unless: Written | None = Field(
        None, description="a condition: for whom it holds, the message goes without the offer"
    )

    @model_validator(mode="after")
    def _one_value(self) -> Offer:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            way_out = "keep one of them" if given else "write `percent: 10`, `amount: 25` or `gift: …`"
            raise wrong("offer-value", f"An offer is exactly one of {_KINDS}.", way_out)
        if (self.valid is None) == (self.until is None):
            raise wrong(
                "offer-end", "An offer ends, in exactly one way.", "write `valid: 14 days` or `until: 2026-11-27 24:00`"
            )
        for index, step in enumerate(self.ladder if self.percent else []):
            if step.value > 100:
                at = ("next_time", index - 1) if index else ("percent",)
                raise wrong("offer-value", f"{step} per cent cannot be given.", "for a sum of money write `amount`", at)
        if self.next_time and given[0] not in ("percent", "amount"):
            raise wrong("offer-value", f"`{given[0]}` has no next step.", "delete `next_time`", ("next_time",))
        self._one_kind_of_code()
        return self

    def _one_kind_of_code(self) -> None:
        if self.code is None:
            return
        if self.codes is not None:
            both = "`code` is one code for everybody, `codes` one for each."
            raise wrong("offer-code", both, "keep one of them", ("codes",))
        if self.next_time:
            raise wrong(
                "offer-code", "One code for everybody has one value.", "delete `next_time`, or delete `code`", ("code",)
            )
        if self.redeem == "holder":
            sentence = "One code for everybody has no holder."
            raise wrong("offer-code", sentence, "delete `redeem`, or delete `code`", ("redeem",))
        if not re.fullmatch(SHARED_CODE, self.code):
            raise wrong(
                "offer-code",
                f"`{self.code[:40]}` cannot be typed as a code.",
                "3 to 31 capital letters, digits, - and _, such as VIPDAY",
                ("code",),
            )

    @property
    def kind(self) -> OfferKind:
        """Which of the four it is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def ladder(self) -> list[Money]:
        """The values step by step: the first time, the next time, …; none for a gift and free delivery."""
        first = self.percent or self.amount
        return [first, *self.next_time] if first else []
