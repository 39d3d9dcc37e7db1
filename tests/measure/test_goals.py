"""Goals: what is wanted, where a figure stands, and where the pace of today leads."""

from __future__ import annotations

from datetime import date

import pytest

from regulars.lang.goals import FIGURES, Goal
from regulars.ledger.goals import Start
from regulars.measure.loyalty import goals
from regulars.measure.loyalty.monthly import Answers, Asked, figures_of
from regulars.measure.loyalty.shapes import MonthFigures
from regulars.people.months.calendar import months
from regulars.people.months.orders import MonthOfOrders, Standing, Sums
from regulars.people.months.products import Breadth
from small_shop import RULES, SmallShop, at

SET = "2027-01-01"


def stands(figure: str, written: str, baseline: float | None, now: float | None, today: str) -> str:
    goal = Goal.parse(written)
    start = Start(figure, str(goal), SET, baseline)
    return goals.standing(figure, goal, start, now, date.fromisoformat(today), "RON")["sentence"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            ("repeat_purchase_rate", "+20% by 2027-06-30", 0.32, 0.336, "2027-04-01"),
            "33.6 % now, 38.4 % wanted by 30 Jun 2027; at today's pace 35.2 %: behind",
        ),
        (
            ("repeat_purchase_rate", "+3 points by 2027-06-30", 0.32, 0.336, "2027-04-01"),
            "33.6 % now, 35.0 % wanted by 30 Jun 2027; at today's pace 35.2 %: on course",
        ),
        (("nps", "40 by 2027-06-30", 30, 41, "2027-04-01"), "+41 now, +40 wanted by 30 Jun 2027: reached"),
        (
            ("churn_rate", "-10% by 2027-06-30", 0.05, 0.051, "2027-07-01"),
            "5.1 % now, 4.5 % wanted by 30 Jun 2027: missed",
        ),
        (
            ("churn_rate", "4% by 2027-06-30", None, 0.03, "2027-02-01"),
            "3.0 % now, 4.0 % wanted by 30 Jun 2027: reached",
        ),
        (
            ("average_order", "300 by 2027-06-30", 250, 251, "2027-01-10"),
            "251.00 RON now, 300.00 RON wanted by 30 Jun 2027; too early for a pace",
        ),
        (("csat", "80% by 2027-06-30", None, None, "2027-04-01"), "not known yet; 80.0 % wanted by 30 Jun 2027"),
        (
            ("cli", "+10% by 2027-06-30", None, 4.5, "2027-04-01"),
            "4.50 now; +10% by 2027-06-30 has nothing to count from: unknown or 0 at its start",
        ),
    ],
)
def test_a_goal_is_told_in_one_sentence(asked: tuple[str, str, float | None, float | None, str], told: str) -> None:
    assert stands(*asked) == told


def test_a_goal_reads_back_as_it_is_told() -> None:
    for written in ("+20% by 2027-06-30", "-2.5% by 2027-06-30", "35% by 2027-06-30", "+3 points by 2027-06-30"):
        assert str(Goal.parse(written)) == written
    assert Goal.parse("-10 by 2027-06-30").wanted("nps", 3) == -10
    for wrong in ("20 percent", "+0% by 2027-06-30", "+40 by 2027-06-30", "40 by 2027-02-30", "0 points by 2027-06-30"):
        with pytest.raises(ValueError):  # noqa: PT011  # the contract of `Word.parse`
            Goal.parse(wrong)


def month() -> MonthFigures:
    sums, standing = Sums(4, 400, 2, 1), Standing(10, 12, 3, 0)  # type: ignore[arg-type]  # whole numbers of money
    whole = months(date(2026, 10, 31), 1)[0]
    asked = Asked(
        {
            ("nps", "recommend"): Answers({10: 2, 3: 1, 8: 1}),
            ("csat", "satisfied"): Answers({5: 3, 2: 1}),
            ("cli", "recommend"): Answers({6: 1}),
        },
        1,
        4.5,
    )
    return figures_of(MonthOfOrders(whole, sums, sums, standing, sums, standing), Breadth(4, 6), asked, (10, 1))


def test_every_figure_that_a_goal_can_be_about_is_there() -> None:
    found = {figure: goals.value(figure, [month()]) for figure in FIGURES}
    assert found == {
        "customers": 12.0,
        "repeat_purchase_rate": 0.5,
        "retention_rate": 0.9,
        "churn_rate": 1 / 13,
        "purchase_frequency": 2.0,
        "average_order": 100.0,
        "lifetime_value": 200.0,
        "upsell_ratio": 1.5,
        "redemption_rate": 0.1,
        "nps": 25.0,
        "csat": 0.75,
        "cli": 4.5,
    }


def test_a_goal_counts_from_the_day_a_run_first_saw_it(shop: SmallShop) -> None:
    shop.rules = RULES + "goals: {repeat_purchase_rate: +50% by 2027-06-30, nps: 40 by 2027-06-30}\n"
    for customer in ("ana", "ion"):
        shop.customer(customer)
        shop.order(customer, "2026-01-05 10:00:00")
    shop.order("ana", "2026-01-20 10:00:00")
    with shop.desk() as desk:
        goals.keep(desk, at("2026-02-01 10:00"))
        goals.keep(desk, at("2026-03-01 10:00"))
        found = goals.standings(desk, [month()], date(2026, 2, 20))
    repeat, nps = found
    assert (repeat["since"], repeat["baseline"], repeat["wanted"]) == ("2026-02-01", 0.5, 0.75)
    assert (nps["baseline"], nps["wanted"], nps["standing"]) == (None, 40.0, "too early")
