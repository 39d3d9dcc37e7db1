"""The shape of a report: what `report --format json` prints, key by key.

Amounts are JSON numbers in the report's currency with at most two decimals: added up in whole hundredths, and exact
below 10¹³. Shares and rates are fractions from 0 to 1. What cannot be computed is null, never 0.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from regulars.measure.loyalty.shapes import Loyalty
from regulars.measure.offers import OfferFigures

CreditTo = Literal["last", "first", "linear"]


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
    """Treated minus holdout; null where there are too few to give an interval, or the arms are out of proportion."""
    relative: Interval | None
    """Treated over holdout minus 1, as a fraction; null where the holdout cannot be told from zero."""
    p_value: float | None
    """Below 0.05 exactly where the interval leaves out zero."""
    detectable: float | None
    """The smallest true difference that such numbers show with a chance of 80 %."""
    significant: bool
    """Whether the interval leaves out zero."""
    known: bool
    """Significant, and no smaller than what is detectable."""


class Shares(TypedDict):
    """Whether as many were held out as was declared (shares of the people of both arms)."""

    declared: float
    seen: float
    p_value: float
    holds: bool
    """False below 0.001: then nothing is compared."""


class Lift(TypedDict):
    """Treated against holdout by intention to treat: the first entry of each person, whatever was delivered."""

    people: dict[str, int]
    """By arm."""
    open: int
    """How many of these people's windows are not over yet."""
    conversion: Compared | None
    orders: Compared | None
    """Per person."""
    revenue: Compared | None
    """Per person, by Welch's interval."""
    winsorised: Compared | None
    """Revenue per person, nobody counted with more than `ceiling`."""
    cuped: Compared | None
    """The same, without what each person's spending in the 365 days before foretold."""
    ceiling: float | None
    """What 99 % of the people with any revenue, of both arms, do not exceed."""
    earned: Interval | None
    """The steadiest of these differences times the people treated, where it is known: what the messages brought."""
    shares: Shares | None
    more_days: int | None
    """At the pace of entries so far, until the difference in conversion could be told if it stays as it is."""
    known: bool
    """Whether a difference in conversion can be told."""
    sentence: str


class VariantFigures(TypedDict):
    """One wording of a message: what those did to whom it was sent, whether or not it got the credit."""

    name: str
    sent: int
    clicked: int
    converted: int
    """With an order within the conversion window."""
    revenue: float
    """Of all their orders within it."""
    difference: Interval | None
    """How much larger the share of those is who did what it is judged by, than the first variant's; null for the first.
    Its limits hold however often one looks."""


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
    conversions: float
    revenue: float
    variants: list[VariantFigures]
    """In the order of the campaign's file; none where it has one wording alone."""
    judged_by: str
    """What variants are judged by: `clicked`, or what a conversion is; empty without them."""
    best: str
    """What is known of which variant is the best, in words; empty without them."""


class Credit(TypedDict):
    """Orders credited to messages: whole ones, unless they are shared out (`credit` of the report is `linear`)."""

    conversions: float
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
    did: NotRequired[str]
    """What somebody has done who converted: `ordered`, `brought a friend`, `answered`, `clicked`."""
    enrolled: int
    """Entries into its arms, treated and holdout."""
    messages: dict[str, int]
    """By state."""
    sent: int
    conversions: float
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
    offers: OfferFigures


class Totals(TypedDict):
    """All campaigns together."""

    enrolled: int
    sent: int
    conversions: float
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


class Figures(TypedDict):
    """The whole report."""

    credit: NotRequired[CreditTo]
    """Which of the messages that touched an order gets the credit: `last`, `first`, or each its share (`linear`)."""
    shop: str
    currency: str
    as_of: str
    """The moment, ISO, UTC."""
    period: dict[str, str | None]
    """`from`: the day of the first entry, or the one that was asked for; `to`: that of `as_of`, or the one asked for.

    ISO days of the shop.
    """
    asked_for_days: bool
    """Whether a period was asked for: then all but loyalty, friends, the shop's holdout and codes out is of it."""
    totals: Totals
    campaigns: list[CampaignFigures]
    codes: CodeFigures
    offers: OfferFigures
    referrals: int
    """Friends who count."""
    friends: FriendFigures
    shop_lift: Lift | None
    """Everybody the shop could have written to since it first held somebody out, with all their orders since then;
    null where it holds nobody out."""
    loyalty: Loyalty
