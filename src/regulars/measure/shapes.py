"""The shape of a report: what `report --format json` prints, key by key.

Amounts are JSON numbers in the report's currency with at most two decimals: added up in whole hundredths, and exact
below 10¹³. Shares and rates are fractions from 0 to 1. What cannot be computed is null, never 0.
"""

from __future__ import annotations

from typing import TypedDict


class Arm(TypedDict):
    """What the people of one arm did within their conversion windows, whether or not a message got the credit."""

    entries: int
    people: int
    converted: int
    orders: int
    revenue: float


class Interval(TypedDict):
    """An estimate and the 95 % interval in which the truth lies."""

    value: float
    low: float
    high: float


class Compared(TypedDict):
    """One figure in both arms: a share of people, or an amount per person."""

    treated: float
    holdout: float
    difference: Interval | None
    """Treated minus holdout; null where there are too few to give an interval."""
    known: bool
    """Whether the interval leaves out zero."""


class Lift(TypedDict):
    """Treated against holdout by intention to treat: the first entry of each person, whatever was delivered."""

    people: dict[str, int]
    """By arm."""
    open: int
    """How many of these people's windows are not over yet."""
    conversion: Compared | None
    revenue: Compared | None
    """Per person."""
    earned: Interval | None
    """The difference in revenue times the people treated: what would not have come without the messages."""
    known: bool
    """Whether a difference in conversion can be told."""
    sentence: str


class MessageFigures(TypedDict):
    """One message of a campaign, over all channels."""

    name: str
    channels: dict[str, int]
    """Sent, by channel."""
    sent: int
    delivered: int
    """Known to have arrived; opened and clicked ones included."""
    opened: int
    clicked: int
    conversions: int
    revenue: float


class Credit(TypedDict):
    """Orders credited to messages."""

    conversions: int
    revenue: float


class CodeFigures(TypedDict):
    """Unique codes: given out, still valid, and brought back by an order."""

    issued: int
    open: int
    redeemed: int


class CampaignFigures(TypedDict):
    """One campaign, all its time."""

    campaign: str
    title: str
    enrolled: int
    """Entries into its arms, treated and holdout."""
    messages: dict[str, int]
    """By state."""
    sent: int
    conversions: int
    revenue: float
    other_currencies: dict[str, float]
    """Revenue credited in another currency than the report's; in none of the sums."""
    by_message: list[MessageFigures]
    by_evidence: dict[str, Credit]
    arms: dict[str, Arm]
    """`treated` and `holdout`, always both."""
    shop_holdout: Arm
    """People of the shop's holdout who would have entered."""
    lift: Lift
    codes: CodeFigures


class Totals(TypedDict):
    """All campaigns together."""

    enrolled: int
    sent: int
    conversions: int
    revenue: float


class FriendFigures(TypedDict):
    """Friends who came with a customer's code: what became of them, what they brought and what they cost."""

    pending: int
    """Their first order may still come back."""
    paid: int
    taken_back: int
    """Paid, and the order came back after all."""
    refused: dict[str, int]
    """By reason: `oneself`, `already_customer`, `circle`, `too_many`, `forgotten`."""
    revenue: float
    """Of the first orders of those who count: pending or paid."""
    rewards: int
    """Codes that advocates were given."""
    spent: int
    """Of these: used."""
    cost: float
    """What the used ones took off orders, those that were taken back too late among them."""
    discount: float
    """What friends who are paid had off their first orders."""


class Loyalty(TypedDict, total=False):
    """The figures of DESIGN section 8 that orders alone give, and how many customers stand where."""

    customers: int
    buyers: int
    orders: int
    revenue: float
    repeat_purchase_rate: float | None
    purchase_frequency: float | None
    average_order: float | None
    segments: dict[str, dict[str, int]]
    """Customers by ladder and value, in the ladder's order."""


class Figures(TypedDict):
    """The whole report."""

    shop: str
    currency: str
    as_of: str
    """The moment, ISO, UTC."""
    period: dict[str, str | None]
    """`from`: the day of the first entry; `to`: the day of `as_of`. ISO days of the shop."""
    totals: Totals
    campaigns: list[CampaignFigures]
    codes: CodeFigures
    referrals: int
    """Friends who count."""
    friends: FriendFigures
    loyalty: Loyalty
