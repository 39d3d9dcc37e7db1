"""What a customer heard from the shop, and what it does to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

HOLDOUT = "holdout"
LISTENS = timedelta(days=14)
"""How long a message works, and how long a code is good where nothing else is said."""
TELLS_FRIENDS = timedelta(days=30)
"""How long a referral code is passed on."""


@dataclass(frozen=True)
class Heard:
    """A message that a customer got, or would have got: then `arm` is "holdout", and it does nothing."""

    customer_id: str
    campaign: str
    arm: str
    sent_on: date
    code: str | None = None
    """The customer's own code."""
    percent: Decimal | int | None = None
    amount: Decimal | int | None = None
    """What `code` takes off: per cent, or an amount in the shop's currency."""
    referral_code: str | None = None
    """The code for the customer's friends."""
    valid_until: date | None = None
    """The last day of `code`; unknown: fourteen days after `sent_on`."""

    def works_on(self, day: date) -> bool:
        """Whether the message is still in mind on `day`."""
        return self.arm != HOLDOUT and self.sent_on <= day <= self.sent_on + LISTENS

    def redeems_on(self, day: date) -> bool:
        """Whether its code is good on `day`."""
        last = self.valid_until or self.sent_on + LISTENS
        return self.arm != HOLDOUT and bool(self.code) and self.sent_on <= day <= last

    def spreads_on(self, day: date) -> bool:
        """Whether its referral code is being passed on, on `day`."""
        return self.arm != HOLDOUT and bool(self.referral_code) and self.sent_on <= day <= self.sent_on + TELLS_FRIENDS

    def push(self) -> float:
        """What it adds to the chance of ordering, each day: a reminder a little, an offer more, by its size."""
        if not self.code:
            return 0.002
        return 0.004 + 0.0004 * min(float(self.percent or 10), 30.0)

    def taken_off(self, subtotal: int) -> int:
        """What its offer takes off `subtotal`, both in bani."""
        if self.percent is not None:
            return int(subtotal * self.percent / 100)
        return min(int((self.amount or 0) * 100), subtotal)
