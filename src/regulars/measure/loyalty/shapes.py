"""The shape of the loyalty figures: `loyalty` of `report --format json`, key by key.

Shares and rates are fractions from 0 to 1, amounts in the report's currency. What cannot be computed is null.
"""

from __future__ import annotations

from typing import Literal, TypedDict


class Score(TypedDict):
    """Answers to one question in one month: the last of each person."""

    answers: int
    value: float


class Promoters(TypedDict):
    """The net promoter score: per cent of promoters (9, 10) minus per cent of detractors (0 to 6), -100 to 100."""

    answers: int
    value: float
    promoters: int
    passives: int
    detractors: int


class LoyaltyIndex(TypedDict):
    """The customer loyalty index: the mean of three answers, 1 to 6; and the mean of each question alone."""

    answers: int
    """People who answered all three."""
    value: float | None
    questions: dict[str, Score]


class ToDate(TypedDict):
    """All orders up to the end of a month."""

    buyers: int
    orders: int
    revenue: float
    repeat_purchase_rate: float | None
    purchase_frequency: float | None
    average_order: float | None
    lifetime_value: float | None
    """Revenue so far per customer with an order."""
    lifetime_value_simple: float | None
    """Average order x orders per year x years, all three of the last year."""
    upsell_ratio: float | None


class MonthFigures(TypedDict):
    """One month, by the shop's clock."""

    month: str
    """`2026-08`."""
    until: str
    """The last day that is counted, ISO."""
    whole: bool
    """Whether the month is over."""
    start: int
    """Customers when it began: with an order within `shop.customer_for` before it."""
    end: int
    new: int
    """Customers at the end who were none at the start."""
    back: int
    """Of the new ones: who had ordered before."""
    left: int
    retention_rate: float | None
    churn_rate: float | None
    orders: int
    buyers: int
    revenue: float
    repeat_purchase_rate: float | None
    purchase_frequency: float | None
    average_order: float | None
    to_date: ToDate
    nps: Promoters | None
    csat: Score | None
    cli: LoyaltyIndex | None
    issued: int
    """Unique codes given out in the month."""
    redeemed: int
    """Of these: brought back by an order, so far."""
    redemption_rate: float | None


class Mentioned(TypedDict):
    """Rows about the shop in one week, in one tone."""

    week: str
    tone: str
    mentions: int


class ProgrammeFigures(TypedDict):
    """One loyalty programme, today. `issued` and `redeemed` as the shop counts them; null where it does not."""

    members: int
    participation: float | None
    """Members / customers of the shop."""
    by_month: dict[str, float]
    """Month → participation on the last day of it that a run kept."""
    issued: float | None
    redeemed: float | None
    redemption_rate: float | None


class GoalFigures(TypedDict):
    """One goal, and where it stands."""

    figure: str
    goal: str
    """As it is written."""
    since: str
    """The day from which it is counted, ISO."""
    by: str
    baseline: float | None
    now: float | None
    wanted: float | None
    at_this_pace: float | None
    """Where the figure would stand on the last day; null in the first fortnight."""
    standing: Literal["reached", "on course", "behind", "missed", "too early", "unknown"]
    sentence: str


class Flow(TypedDict):
    """People who moved between two values of a ladder. An empty `before` came to the shop, an empty `after` is gone."""

    before: str
    after: str
    people: int
    by_edit: int
    """People whom an edit of the rules moved; not among `people`."""


class StageFigures(TypedDict):
    """One ladder over time, as runs saw it."""

    since: str
    """The first day that was kept, ISO."""
    months: dict[str, dict[str, int]]
    """Month → value → people on the last day of it that was kept."""
    flow_days: int
    """How many days up to today the flows are of."""
    flows: list[Flow]


class SegmentAsked(TypedDict):
    """Whom the figures by month are about."""

    condition: str
    as_of: str
    """Today's members, in every month."""
    people: int


class Loyalty(TypedDict, total=False):
    """The figures of DESIGN section 8, and how many customers stand where."""

    customers: int
    buyers: int
    orders: int
    revenue: float
    repeat_purchase_rate: float | None
    purchase_frequency: float | None
    average_order: float | None
    segments: dict[str, dict[str, int]]
    """Customers by ladder and value, in the ladder's order."""
    segment: SegmentAsked
    """Only where the report was asked about one."""
    lifetime_value: float | None
    lifetime_value_simple: float | None
    lifetime_value_expected: float | None
    upsell_ratio: float | None
    unknown: dict[str, str]
    """Figure → why it is null."""
    months: list[MonthFigures]
    mentions: list[Mentioned]
    programmes: dict[str, ProgrammeFigures]
    stages: dict[str, StageFigures]
    goals: list[GoalFigures]
