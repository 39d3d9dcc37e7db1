"""A simulation answers surveys at a declared rate, says so, and what hangs on answers shows people."""

from __future__ import annotations

import json
from datetime import date

import pytest

import shop_days as days
from regulars.campaigns.trying.simulate import simulate
from regulars.ledger import answered
from regulars.measure import simulation, simulation_page
from small_shop import SmallShop

FIRST = date(2026, 6, 1)
PEOPLE = 60
ASK = "{name: ask, send: email, template: win/one, subject: S, survey: SURVEY}"
LADDER = "[{win/two: answer >= 9}, {win/three: otherwise}]"
FOLLOW_UP = f"{{name: follow, send: email, subject: S, after: 1 hour from answer, template: {LADDER}}}"


def asking(shop: SmallShop, survey: str = "nps") -> SmallShop:
    """Sixty customers are asked once; critics get another campaign."""
    for number in range(PEOPLE):
        shop.customer(f"c{number}")
    messages = f"[{ASK.replace('SURVEY', survey)}, {FOLLOW_UP}]"
    shop.campaign("win", messages=messages, repeat="once")
    shop.words("win/one", offer="{{ survey.link }}")
    shop.campaign("sorry", audience=f"{survey} <= 3", repeat="once")
    shop.write()
    return shop


def test_those_who_answer_get_what_follows_by_what_they_said(shop: SmallShop) -> None:
    found = simulate(asking(shop).root, FIRST, 3, answer_rate=0.5)
    campaigns = {one["campaign"]: one for one in found["campaigns"]}
    scores = campaigns["win"]["answers"]["nps recommend"]
    assert 20 <= sum(scores.values()) <= 40, "about half of sixty"
    assert set(scores) <= {str(score) for score in range(11)}
    assert campaigns["win"]["by_message"]["follow by email"] == sum(scores.values())
    critics = sum(number for score, number in scores.items() if int(score) <= 3)
    assert campaigns["sorry"]["entered"] == critics > 0


def test_the_same_simulation_twice_answers_alike(shop: SmallShop) -> None:
    root = asking(shop).root
    assert simulate(root, FIRST, 3) == simulate(root, FIRST, 3)


@pytest.mark.parametrize(("rate", "expected"), [(0.0, 0), (1.0, 3 * PEOPLE)])
def test_nobody_answers_or_everybody_all_questions(shop: SmallShop, rate: float, expected: int) -> None:
    found = simulate(asking(shop, "cli").root, FIRST, 2, ["win"], answer_rate=rate)
    (win,) = found["campaigns"]
    assert sum(sum(scores.values()) for scores in win["answers"].values()) == expected


def test_what_answers_rest_on_is_said_wherever_it_is_told(shop: SmallShop) -> None:
    found = simulate(asking(shop).root, FIRST, 2)
    assert found["answering"] == {"rate": 0.2, "rate_of": "assumed", "scores_of": {"nps": "assumed"}}
    for told in (simulation.text(found), simulation_page.page(found)):
        assert "Answers to surveys are invented. 20.0 % of those who are asked answer" in told
        assert "nps: every score equally often, assumed" in told
        assert "Answered nps recommend (invented)" in told
    json.dumps(found)


def test_where_nobody_asks_nothing_is_assumed(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("hello")
    shop.write()
    found = simulate(shop.root, FIRST, 1)
    assert found["answering"]["scores_of"] == {}
    assert "invented" not in simulation.text(found)


def test_a_shop_that_has_asked_enough_people_is_believed_and_its_ledger_stays(shop: SmallShop) -> None:
    asking(shop)
    days.live(shop, "2026-02-01 10:00", "win")
    with days.opened(shop, "2026-02-02 10:00") as (desk, moment), desk.ledger.writing() as connection:
        asked = [*connection.exec_driver_sql("select id from message where name = 'ask' order by id").scalars()]
        for message in asked[:54]:
            answered.record(connection, message, "nps", {"recommend": 10}, moment)
    with days.opened(shop, "2026-05-31 10:00"):
        before = days.rows(shop, "answer", "count(*) as n")
        found = simulate(shop.root, FIRST, 2, ["win"])
        assert days.rows(shop, "answer", "count(*) as n") == before
    assert found["answering"] == {"rate": 0.9, "rate_of": "history", "scores_of": {"nps": "history"}}
    (win,) = found["campaigns"]
    assert list(win["answers"]["nps recommend"]) == ["10"]
    assert "as in the shop's own ledger" in simulation.text(found)
