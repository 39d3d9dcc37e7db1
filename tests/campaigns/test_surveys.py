"""Surveys inside a campaign: waiting for an answer, what it decides, who hears of it, what counts as success."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import shop_days as days
from regulars.campaigns import checkup, convert, telling
from regulars.channels import registry
from regulars.ledger import answered
from regulars.testing import FakeChannel
from small_shop import RULES, SmallShop

DAY = "2026-02-01 10:00"
ASK = "{name: ask, send: email, template: win/one, subject: S, survey: nps"
LADDER = "[{win/two: answer >= 9}, {win/three: otherwise}]"
FOLLOW_UP = f"{{name: follow, send: email, subject: S, after: 1 hour from answer, template: {LADDER}}}"
TEAM = RULES.replace("  site:", "  team: {ana: ana@casaverde.example}\n  site:")


def asking(shop: SmallShop, *more: str, ask: str = "", **keys: str) -> None:
    """A campaign that asks all customers, with `more` messages; three of them have entered it and got the question."""
    for customer in ("ana", "ion", "mia"):
        shop.customer(customer)
    shop.campaign("win", messages=f"[{ASK}{ask}}}, {', '.join(more or [FOLLOW_UP])}]", **keys)
    shop.words("win/one", offer="{{ survey.link }}")
    days.live(shop, DAY, "win")


def answer(shop: SmallShop, customer: str, score: int, when: str, comment: str = "", *, machine: bool = False) -> None:
    with days.opened(shop, when) as (desk, moment), desk.ledger.writing() as connection:
        asked = "select id from message where name = 'ask' and customer_id = ?"
        (message,) = connection.exec_driver_sql(asked, (customer,)).scalars()
        answered.record(connection, message, "nps", {"recommend": score}, moment, comment=comment, machine=machine)


def templates(shop: SmallShop) -> dict[str, str]:
    rows = days.rows(shop, "message", "customer_id, template, state, reason", "customer_id")
    return {
        r["customer_id"]: f"{r['template']} {r['state']} {r['reason']}".strip()
        for r in rows
        if "one" not in r["template"]
    }


def test_a_follow_up_waits_for_the_answer_and_is_chosen_by_it(shop: SmallShop) -> None:
    asking(shop)
    answer(shop, "ana", 9, "2026-02-03 12:30")
    answer(shop, "ion", 9, "2026-02-03 12:30")
    answer(shop, "ion", 4, "2026-02-03 12:40")
    answer(shop, "mia", 9, "2026-02-03 12:30", machine=True)
    days.live(shop, "2026-02-03 13:29")
    assert templates(shop) == {}
    days.live(shop, "2026-02-03 13:30")
    assert templates(shop) == {"ana": "win/two accepted"}
    days.live(shop, "2026-02-03 13:40")
    assert templates(shop) == {"ana": "win/two accepted", "ion": "win/three accepted"}


def test_nobody_answers_in_fourteen_days_and_nothing_more_comes(shop: SmallShop) -> None:
    asking(shop)
    days.live(shop, "2026-02-15 09:59")
    assert templates(shop) == {}
    days.live(shop, "2026-02-15 10:00")
    days.live(shop, "2026-02-15 10:01")
    assert set(templates(shop).values()) == {"win/three skipped no-answer"}
    assert {row["end_reason"] for row in days.rows(shop, "enrolment")} == {"finished"}


def test_an_answer_can_be_asked_about_by_when_and_by_what_is_not_waited_for(shop: SmallShop) -> None:
    thanks = "{name: thanks, send: email, template: win/two, subject: S, after: 2 days, when: answer >= 9}"
    asking(shop, thanks)
    answer(shop, "ana", 10, "2026-02-01 11:00")
    answer(shop, "ion", 3, "2026-02-01 11:00")
    days.live(shop, "2026-02-03 10:00")
    told = days.states(shop)
    assert told["ana"] == "ask accepted, thanks accepted"
    assert told["ion"] == told["mia"] == "ask accepted, thanks skipped: when", "no answer is no nine"


def test_answers_are_traits_and_critics_get_another_campaign(shop: SmallShop) -> None:
    asking(shop)
    shop.campaign("sorry", audience="nps <= 6 and days_since(nps_at) <= 30 and last_answer = nps")
    answer(shop, "ana", 9, "2026-02-02 09:00")
    answer(shop, "ion", 0, "2026-02-02 09:00")
    days.live(shop, "2026-02-02 10:00", "sorry")
    entered = [row["customer_id"] for row in days.rows(shop, "enrolment") if row["campaign"] == "sorry"]
    assert entered == ["ion"], "mia has not answered, which is unknown and not 0"


@pytest.mark.parametrize(("of", "expected"), [("answer", {"ana": 1}), ("click", {"mia": 1})])
def test_answers_and_clicks_can_be_what_counts(shop: SmallShop, of: str, expected: dict[str, int]) -> None:
    asking(shop, conversion=f"{{of: {of}, within: 3 days}}")
    answer(shop, "ana", 2, "2026-02-02 09:00")
    answer(shop, "ion", 2, "2026-02-05 09:00")
    with days.opened(shop, "2026-02-06 09:00") as (desk, moment):
        with desk.ledger.writing() as connection:
            (message,) = connection.exec_driver_sql("select id from message where customer_id = 'mia'").scalars()
            clicked = "insert into event values ('k1', 'x', ?, 'clicked', ?, ?, '', '', 0, '', '')"
            connection.exec_driver_sql(clicked, (message, *["2026-02-02 09:00:00.000000"] * 2))
        convert.convert(desk, moment)
    done = "outcome join enrolment on enrolment.id = outcome.enrolment_id"
    rows = days.rows(shop, done, "customer_id, orders")
    assert {row["customer_id"]: row["orders"] for row in rows} == expected


@pytest.fixture
def team(shop: SmallShop, monkeypatch: pytest.MonkeyPatch) -> FakeChannel:
    """The channel of the team's e-mails; Ana is told of answers up to 6."""
    shop.rules = TEAM
    asking(shop, ask=", tell: {team: ana, when: answer <= 6 and orders = 0}")
    channel = FakeChannel()
    monkeypatch.setattr(registry, "channel_for", lambda *_: channel)
    return channel


def tell(shop: SmallShop, when: str) -> int:
    with days.opened(shop, when) as (desk, moment):
        return telling.tell(desk, moment)


def test_somebody_of_the_team_hears_of_a_bad_answer_once_with_its_comment(shop: SmallShop, team: FakeChannel) -> None:
    answer(shop, "ion", 3, "2026-02-02 09:00")
    answer(shop, "ion", 4, "2026-02-02 09:05", "Too <late>.")
    answer(shop, "ana", 9, "2026-02-02 09:00")
    assert [tell(shop, f"2026-02-02 {clock}") for clock in ("09:14", "09:15", "09:16", "10:00")] == [0, 1, 0, 0]
    (sent,) = team.arrived
    assert (sent.to, sent.subject) == ("ana@casaverde.example", "nps: 4 of 10, customer #ion")
    assert "Too &lt;late&gt;." in sent.html
    assert "Too <late>." in sent.text


def test_an_answer_that_turns_bad_is_told(shop: SmallShop, team: FakeChannel) -> None:
    answer(shop, "ana", 9, "2026-02-02 09:00")
    assert tell(shop, "2026-02-02 09:30") == 0
    answer(shop, "ana", 2, "2026-02-02 10:00")
    assert tell(shop, "2026-02-02 10:30") == 1


@pytest.mark.parametrize(("outcome", "again"), [("notsent", 1), ("ambiguous", 0), ("rejected", 0)])
def test_only_what_provably_did_not_leave_is_told_again(
    shop: SmallShop, team: FakeChannel, outcome: Any, again: int
) -> None:
    answer(shop, "ion", 3, "2026-02-02 09:00")
    team.will(outcome)
    assert tell(shop, "2026-02-02 09:30") == 0
    assert tell(shop, "2026-02-02 09:31") == again
    with days.opened(shop, "2026-02-02 20:00") as (desk, moment):
        told = [one.sentence for one in checkup.examine(desk, moment) if one.about == "answers"]
    assert told == ([] if again else ["1 may not have reached the team, and are not told again: #ion"])


def test_old_answers_are_told_to_nobody(shop: SmallShop, team: FakeChannel) -> None:
    answer(shop, "ion", 3, "2026-02-02 09:00")
    assert tell(shop, "2026-02-04 09:01") == 0


RULE_TEST = """
- name: a critic is answered, and is one
  as_of: 2026-06-01
  given: {customers: [{id: ana}, {id: ion}]}
  sent:
    - {customer: ana, campaign: win/ask, at: 1 day ago, answer: 3}
    - {customer: ion, campaign: win/ask, at: 1 day ago}
  expect:
    ana: {traits: {nps: 3}, messages: [win/follow by email]}
    ion: {traits: {nps: unknown}, messages: []}
"""


def test_a_rule_test_says_what_somebody_answered(shop: SmallShop) -> None:
    from regulars.testing.rules import run_rule_tests

    shop.campaign("win", audience="nps is null", messages=f"[{ASK}}}, {FOLLOW_UP}]", repeat="once")
    shop.words("win/one", offer="{{ survey.link }}")
    shop.write()
    for answered_so, fails in (("answer: 3", 0), ("answer: 9", 1), ("answer: 11", 1)):
        file = shop.root / "tests/rules/nps.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(RULE_TEST.replace("answer: 3", answered_so), encoding="utf-8")
        ran = run_rule_tests(shop.root)
        assert bool(fails) == (not ran.passed), answered_so


def test_why_tells_what_they_answered(shop: SmallShop) -> None:
    from regulars.campaigns.why.explain import why

    asking(shop)
    answer(shop, "ana", 9, "2026-02-03 12:30")
    with days.opened(shop, "2026-02-05 09:00") as (desk, moment):
        (one,) = why(desk, "ana", ["win"], moment)["campaigns"]
    assert "1 Feb `ask`: sent, answered 9 (nps)" in one["before"][0]


def test_preview_shows_a_question_and_what_follows_it(shop: SmallShop, tmp_path: Path) -> None:
    from regulars.campaigns.trying.preview import preview

    asking(shop)
    with days.opened(shop, DAY) as (desk, moment):
        shown = preview(desk, "win", "ana", moment)
    told = Path(shown[0]["path"]).read_text(encoding="utf-8")
    assert "?a=" in told
    assert {one["message"] for one in shown} == {"ask", "follow"}
