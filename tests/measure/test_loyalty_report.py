"""Answers, codes, programmes and segments by month, by hand; and how the report tells them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from ledger_rows import message, redemption
from sqlmodel import Session

from regulars.campaigns import stages
from regulars.campaigns.desk import Desk
from regulars.cli.reporting import figures_of
from regulars.errors import WrongUse
from regulars.ledger.tables import Answer, Code
from regulars.measure import report
from regulars.measure.loyalty import goals
from regulars.measure.loyalty.gathering import gather
from small_shop import RULES, SmallShop, at

TODAY = at("2026-03-20 12:00")
RULES_AND_MORE = (
    RULES
    + """programmes:
  club: {members: spent >= 100, issued: spent, redeemed: orders}
goals: {repeat_purchase_rate: +20% by 2027-06-30}
"""
)


def answer(customer: str, question: str, score: int, day: str, *, machine: bool = False) -> Answer:
    survey = {"satisfied": "csat", "nps": "nps"}.get(question, "cli")
    name = f"{customer}{survey}{day}"
    return Answer(
        id=f"{name}{question}{score}"[:32], customer_id=customer, campaign="ask", enrolment_id="e", message_id=name,
        survey=survey, question="recommend" if question == "nps" else question, score=score, comment="",
        at=at(day), machine=machine,
    )  # fmt: skip


ANSWERS = [
    answer("ana", "nps", 3, "2026-03-01 08:00"),
    answer("ana", "nps", 9, "2026-03-01 09:00"),  # changed her mind within the month: promoter
    answer("ion", "nps", 6, "2026-03-02 08:00"),
    answer("eva", "nps", 8, "2026-03-02 08:00"),
    answer("dan", "nps", 10, "2026-03-03 08:00"),
    answer("dan", "nps", 0, "2026-03-04 08:00", machine=True),
    answer("ana", "nps", 0, "2026-02-28 23:59"),
    answer("ana", "satisfied", 4, "2026-03-01 08:00"),
    answer("ion", "satisfied", 3, "2026-03-01 08:00"),
    answer("ana", "recommend", 6, "2026-03-01 08:00"),
    answer("ana", "buy_again", 5, "2026-03-01 08:00"),
    answer("ana", "try_others", 4, "2026-03-01 08:00"),
    answer("ion", "recommend", 2, "2026-03-01 08:00"),
]


def code(number: int, customer: str, day: str) -> Code:
    return Code(
        code=f"CODE{number}", enrolment_id=f"e{number}", message_name="one", campaign="hello", customer_id=customer,
        kind="percent", value=Decimal(10), currency="RON", issued_at=at(day), valid_until=at("2026-12-31 12:00"),
    )  # fmt: skip


REDEEMED = redemption("o1", 1, "hello", message="one")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Four customers who answered and got codes; eva came in March, dan has not ordered."""
    shop = SmallShop(tmp_path_factory.mktemp("loyal"), RULES_AND_MORE)
    for customer in ("ana", "ion", "eva", "dan"):
        shop.customer(customer)
    for customer, day in (("ana", "2026-02-10"), ("ana", "2026-03-15"), ("ion", "2025-02-10"), ("eva", "2026-03-01")):
        shop.order(customer, f"{day} 10:00:00", total=90)
    with shop.desk() as opened:
        with Session(opened.ledger.engine) as session:
            rows: list[Any] = [message(1, "hello", "one", "clicked"), REDEEMED, *ANSWERS]
            session.add_all([*rows, code(1, "ana", "2026-03-01 00:00"), code(2, "ion", "2026-03-09 10:00")])
            session.add(code(3, "ana", "2026-02-28 23:59"))
            session.commit()
        for day in ("2026-02-27 12:00", "2026-03-20 12:00"):
            stages.keep(opened, at(day))
            goals.keep(opened, at(day))
        yield opened


def test_the_last_answer_of_each_person_in_a_month_counts(desk: Desk) -> None:
    february, march = gather(desk, TODAY)["months"][-2:]
    assert march["nps"] == {"answers": 4, "value": 25.0, "promoters": 2, "passives": 1, "detractors": 1}
    assert march["csat"] == {"answers": 2, "value": 0.5}
    assert march["cli"] is not None
    assert (march["cli"]["answers"], march["cli"]["value"]) == (1, 5.0)
    assert march["cli"]["questions"]["recommend"] == {"answers": 2, "value": 4.0}
    assert february["nps"] == {"answers": 1, "value": -100.0, "promoters": 0, "passives": 0, "detractors": 1}
    assert (february["csat"], february["cli"]) == (None, None)


def test_codes_count_in_the_month_they_were_given_in(desk: Desk) -> None:
    february, march = gather(desk, TODAY)["months"][-2:]
    assert (march["issued"], march["redeemed"], march["redemption_rate"]) == (2, 1, 0.5)
    assert (february["issued"], february["redeemed"], february["redemption_rate"]) == (1, 0, 0.0)


def test_a_month_is_told_by_its_formulas(desk: Desk) -> None:
    march = gather(desk, TODAY)["months"][-1]
    assert (march["start"], march["end"], march["new"], march["left"]) == (1, 2, 1, 0)
    assert (march["retention_rate"], march["churn_rate"]) == (1.0, 0.0)
    assert (march["orders"], march["buyers"], march["average_order"]) == (2, 2, 90.0)
    assert march["to_date"]["repeat_purchase_rate"] == 1 / 3
    assert march["to_date"]["lifetime_value"] == 120.0
    # The year: 3 orders of 90 by 2 people; of one customer a year ago none is left, so a customer stays one year.
    assert march["to_date"]["lifetime_value_simple"] == 135.0


def test_a_segment_is_told_alone_and_by_today(desk: Desk) -> None:
    told = gather(desk, TODAY, "lifecycle=lapsed")
    assert told["segment"] == {"condition": "lifecycle = 'lapsed'", "as_of": "2026-03-20", "people": 1}
    march = told["months"][-1]
    assert (march["orders"], march["issued"], march["redeemed"]) == (0, 1, 0)
    assert march["nps"] == {"answers": 1, "value": -100.0, "promoters": 0, "passives": 0, "detractors": 1}
    assert told["programmes"]["club"]["members"] == 0
    assert "stages" not in told
    with pytest.raises(WrongUse, match="is not a trait"):
        gather(desk, TODAY, "lifecicle=lapsed")
    desk.problems.found.clear()


def test_a_programme_has_members_and_what_it_gave(desk: Desk) -> None:
    assert gather(desk, TODAY)["programmes"]["club"] == {
        "members": 1,
        "participation": 0.25,
        "by_month": {"2026-02": 0.0, "2026-03": 0.25},
        "issued": 360.0,
        "redeemed": 4.0,
        "redemption_rate": 4 / 360,
    }


def test_the_report_tells_months_moves_and_goals(desk: Desk) -> None:
    figures = figures_of(desk, TODAY)
    assert json.loads(json.dumps(figures))["loyalty"]["stages"]["lifecycle"] == {
        "since": "2026-02-27",
        "months": {
            "2026-02": {"prospect": 2, "lapsed": 1, "active": 1},
            "2026-03": {"prospect": 1, "lapsed": 1, "active": 2},
        },
        "flow_days": 22,
        "flows": [{"before": "prospect", "after": "active", "people": 1, "by_edit": 0}],
    }
    told = report.text(figures)
    assert "prospect → active" in told
    assert "33.3 % now; +20% by 2027-06-30 has nothing to count from" in told, "nobody had two orders when it was set"
    assert "2026-03 *" in told
    assert max(map(len, told.splitlines())) <= 120
    page = report.page(figures)
    for words in ("Month by month", "Who moved", "Net promoter score", "Goals", "<strong>+25</strong>"):
        assert words in page
    assert "<script" not in page
