"""The figures of each month, from what its orders, products, answers and codes add up to. Formulas only.

The formulas are those of docs/reference/loyalty_figures.md; a figure whose divisor is zero is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from regulars.measure.loyalty.shapes import LoyaltyIndex, MonthFigures, Promoters, Score, ToDate
from regulars.people.months.orders import MonthOfOrders, Sums
from regulars.people.months.products import Breadth

CLI = ("recommend", "buy_again", "try_others")
"""The three questions of the loyalty index."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers to one question in one month: how many people gave which score."""

    scores: Mapping[int, int]

    def number(self, low: int = 0, high: int = 10) -> int:
        """People whose score is from `low` to `high`."""
        return sum(people for score, people in self.scores.items() if low <= score <= high)

    @property
    def mean(self) -> float | None:
        """The mean score."""
        return divided(sum(score * people for score, people in self.scores.items()), self.number())


@dataclass(frozen=True, slots=True)
class Asked:
    """What people answered in one month. `cli_sum` of the `cli_people` who answered all three: their means, summed."""

    questions: Mapping[tuple[str, str], Answers] = field(default_factory=dict)
    """(survey, question) → answers."""
    cli_people: int = 0
    cli_sum: float = 0.0


def figures_of(
    found: MonthOfOrders, breadth: Breadth | None, asked: Asked, codes: tuple[int, int] = (0, 0)
) -> MonthFigures:
    """The month's figures. `codes`: how many were given out in it, and how many of these came back."""
    own, standing = found.own, found.standing
    return MonthFigures(
        month=found.month.name,
        until=found.month.last_day.isoformat(),
        whole=found.month.whole,
        start=standing.start,
        end=standing.end,
        new=standing.new,
        back=standing.back,
        left=standing.left,
        retention_rate=divided(standing.end - standing.new, standing.start),
        churn_rate=divided(standing.left, standing.start + standing.new),
        orders=own.orders,
        buyers=own.buyers,
        revenue=_amount(own.revenue),
        repeat_purchase_rate=divided(own.repeaters, own.buyers),
        purchase_frequency=divided(own.orders, own.buyers),
        average_order=_share(own.revenue, own.orders),
        to_date=_to_date(found, breadth),
        nps=nps(asked),
        csat=csat(asked),
        cli=cli(asked),
        issued=codes[0],
        redeemed=codes[1],
        redemption_rate=divided(codes[1], codes[0]),
    )


def _to_date(found: MonthOfOrders, breadth: Breadth | None) -> ToDate:
    sums = found.to_date
    return ToDate(
        buyers=sums.buyers,
        orders=sums.orders,
        revenue=_amount(sums.revenue),
        repeat_purchase_rate=divided(sums.repeaters, sums.buyers),
        purchase_frequency=divided(sums.orders, sums.buyers),
        average_order=_share(sums.revenue, sums.orders),
        lifetime_value=_share(sums.revenue, sums.buyers),
        lifetime_value_simple=simple_lifetime_value(found.year, found.year_standing.start, found.year_standing.left),
        upsell_ratio=divided(breadth.more, breadth.one) if breadth else None,
    )


def simple_lifetime_value(year: Sums, start: int, left: int) -> float | None:
    """Average order x orders per year x years: of the last year, in which `left` of `start` customers went away.

    A customer stays for start / left years on average where each year as large a share goes. None where nobody left, or
    nobody was there a year ago.
    """
    if not (left and start and year.buyers):
        return None
    return _amount(year.revenue * start / (year.buyers * left))


def nps(asked: Asked) -> Promoters | None:
    """Per cent of promoters minus per cent of detractors; None where nobody answered."""
    found = asked.questions.get(("nps", "recommend"), Answers({}))
    answers, promoters, detractors = found.number(), found.number(9), found.number(0, 6)
    if not answers:
        return None
    return Promoters(
        answers=answers,
        value=100 * (promoters - detractors) / answers,
        promoters=promoters,
        passives=answers - promoters - detractors,
        detractors=detractors,
    )


def csat(asked: Asked) -> Score | None:
    """The share of answers 4 and 5, of 5; None where nobody answered."""
    found = asked.questions.get(("csat", "satisfied"), Answers({}))
    share = divided(found.number(4, 5), found.number())
    return None if share is None else Score(answers=found.number(), value=share)


def cli(asked: Asked) -> LoyaltyIndex | None:
    """The mean over people who answered all three questions, and each question alone; None where nobody answered."""
    found = {question: asked.questions.get(("cli", question), Answers({})) for question in CLI}
    questions = {
        question: Score(answers=one.number(), value=mean)
        for question, one in found.items()
        if (mean := one.mean) is not None
    }
    if not questions:
        return None
    value = divided(Decimal(str(asked.cli_sum)), asked.cli_people)
    return LoyaltyIndex(answers=asked.cli_people, value=value, questions=questions)


def divided(what: Decimal | int, by: int) -> float | None:
    """`what` / `by`; None where that is zero."""
    return float(what / by) if by else None


def _share(revenue: Decimal, number: int) -> float | None:
    return _amount(revenue / number) if number else None


def _amount(money: Decimal) -> float:
    return round(float(money), 2)
