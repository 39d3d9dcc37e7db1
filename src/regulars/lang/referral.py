"""What friends and those who bring them are given, and when."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from regulars.lang.keys import Key, wrong
from regulars.lang.offer import KINDS, OfferKind, true_as_written
from regulars.lang.scalars import Cap, Duration, Money
from regulars.lang.written import Written

_KINDS = "`percent`, `amount`, `free_delivery` and `gift`"
RETURNS = Duration(14, "day")
"""How long the first order can come back, where nothing is said; the law of the Union gives fourteen days."""
AT_MOST = Cap(10, 30)
"""How many friends somebody is paid for, where nothing is said."""
LIVES = Duration(365, "day")
"""How long an advocate's reward holds, where nothing is said: it was earned, and is no reason to hurry."""


class Reward(Key):
    """What somebody is given for a friend. One of `percent`, `amount`, `free_delivery` and `gift`."""

    noun: ClassVar[str] = "a reward"

    percent: Money | None = Field(None, description="a reduction in per cent")
    amount: Money | None = Field(None, description="a reduction in the shop's currency")
    free_delivery: Annotated[Literal[True] | None, BeforeValidator(true_as_written)] = Field(
        None, description="`true`: the delivery costs nothing"
    )
    gift: Written | None = Field(None, description="what is added to the order, such as an article's number")

    @model_validator(mode="after")
    def _one_kind(self) -> Reward:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            way_out = "keep one of them" if given else "write `percent: 10`, `amount: 25` or `gift: …`"
            raise wrong("offer-value", f"A reward is exactly one of {_KINDS}.", way_out)
        if self.percent is not None and self.percent.value > 100:
            too_much = f"{self.percent} per cent cannot be given."
            raise wrong("offer-value", too_much, "for a sum of money write `amount`", ("percent",))
        return self

    @property
    def kind(self) -> OfferKind:
        """Which of the four it is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def worth(self) -> Money | None:
        """How much; None for a gift and free delivery."""
        return self.percent or self.amount


class AdvocateReward(Reward):
    """What an advocate is given: a code of its own, written when it is theirs."""

    noun: ClassVar[str] = "an advocate reward"

    valid: Duration = Field(LIVES, description="how long its code holds; ends at 24:00 of the last day")


class Referral(Key):
    """What a friend and who brought them are given: the shop's one programme."""

    noun: ClassVar[str] = "`referral`"

    friend: Reward | None = Field(None, description="what the referral code is worth in the friend's first order")
    advocate: AdvocateReward | None = Field(None, description="what bringing a friend is worth")
    tiers: dict[Written, AdvocateReward] = Field(
        {}, description="from which friend on it is worth something else: {3: {amount: 80}}"
    )
    after: Duration = Field(
        RETURNS, description="how long the friend's first order can be returned; paid when that is over"
    )
    at_most: Cap = Field(AT_MOST, description="for more friends in so many days nobody is paid")

    @model_validator(mode="after")
    def _worth_something(self) -> Referral:
        if self.friend is None and self.advocate is None and not self.tiers:
            way_out = "write   referral: {friend: {percent: 15}, advocate: {amount: 50}}"
            raise wrong("referral-reward", "`referral` says nothing that anybody would be given.", way_out)
        return self

    def for_friend(self, place: int) -> AdvocateReward | None:
        """What the advocate is given for their friend number `place` (from 1); None where that is nothing."""
        reached = [tier for tier in self.tiers if int(tier) <= place]
        return self.tiers[max(reached, key=int)] if reached else self.advocate
