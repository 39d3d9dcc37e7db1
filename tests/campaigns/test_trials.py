"""Tests of variants: some get them, the others wait, and get the one that is known to be better."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

import pytest
from sqlalchemy import text

import shop_days as days
from regulars.campaigns import followups
from regulars.campaigns.planning.plan import plan
from regulars.campaigns.trying.simulate import simulate
from regulars.campaigns.variants import Ruling
from regulars.campaigns.why.explain import why
from regulars.ledger import trials
from regulars.ledger.trials import Tried
from small_shop import SmallShop, at

DAY, OVER = "2026-02-01 10:00", "2026-02-04 10:00"
CLUJ = "Cluj-Napoca"


def school(shop: SmallShop, *, among: int = 6, rest: int = 3, test: str = "", **keys: str) -> None:
    """People in Cluj, people elsewhere, and a letter that is tried in Cluj."""
    for number in range(among):
        shop.customer(f"cluj{number}", city=CLUJ)
    for number in range(rest):
        shop.customer(f"iasi{number}", city="Iași")
    write(shop, test, **keys)


def write(shop: SmallShop, test: str = "", schedule: str = "once on 2026-02-01 at 10:00", **keys: str) -> None:
    tried = f"{{among: \"city = '{CLUJ}'\", for: 3 days{test}}}"
    wordings = "{calm: {subject: Calm}, price: {subject: Price}}"
    message = f"{{send: email, template: school/one, subject: S, variants: {wordings}, test: {tried}}}"
    shop.campaign("school", messages=f"[{message}]", schedule=schedule, **keys)


def advance(shop: SmallShop, when: str, winner: str = "") -> None:
    """Follow-ups, with a ruling that is made up."""

    def decide(_tried: Mapping[str, Tried], _did: str) -> Ruling:
        return Ruling(winner, "as the test says")

    with days.opened(shop, when) as (desk, moment):
        followups.advance(desk, moment, decide)


def variants(shop: SmallShop, who: str) -> dict[str, str]:
    return {
        row["customer_id"]: row["variant"] for row in days.rows(shop, "message") if row["customer_id"].startswith(who)
    }


def test_some_get_the_variants_and_the_others_wait_for_the_best(shop: SmallShop) -> None:
    school(shop, among=30)
    days.live(shop, DAY, "school")
    assert set(variants(shop, "cluj").values()) == {"calm", "price"}
    advance(shop, "2026-02-04 09:59", "price")
    assert variants(shop, "iasi") == {}
    advance(shop, OVER, "price")
    assert variants(shop, "iasi") == {"iasi0": "price", "iasi1": "price", "iasi2": "price"}
    assert days.send(shop, OVER) == {"accepted": 3}
    assert {row["end_reason"] for row in days.rows(shop, "enrolment")} == {"finished"}


@pytest.mark.parametrize(("unclear", "got"), [("split", {"calm", "price"}), ("first", {"calm"})])
def test_what_is_not_clear_is_split_or_goes_as_the_first(shop: SmallShop, unclear: str, got: set[str]) -> None:
    school(shop, rest=30, test=f", unclear: {unclear}")
    days.live(shop, DAY, "school")
    days.advance(shop, OVER)
    assert set(variants(shop, "iasi").values()) == got
    (trial,) = days.rows(shop, "trial")
    assert trial["winner"] == ""
    assert trial["sentence"].startswith("Not known which is better. ")
    assert sum(people for people, _ in json.loads(trial["counts"]).values()) == 6


def test_without_anybody_to_decide_the_others_go_on_waiting(shop: SmallShop) -> None:
    school(shop)
    days.live(shop, DAY, "school")
    with days.opened(shop, OVER) as (desk, moment):
        assert followups.advance(desk, moment).written == 0
    assert variants(shop, "iasi") == {}


def test_where_nobody_is_tried_on_the_others_wait_as_long_and_are_split(shop: SmallShop) -> None:
    school(shop, among=0, rest=30)
    days.live(shop, DAY, "school")
    days.advance(shop, "2026-02-04 09:59")
    assert variants(shop, "iasi") == {}
    days.advance(shop, OVER)
    assert set(variants(shop, "iasi").values()) == {"calm", "price"}


def test_once_it_is_over_whoever_enters_gets_the_best_at_once(shop: SmallShop) -> None:
    school(shop, schedule="daily at 10:00")
    days.live(shop, DAY, "school")
    shop.customer("iasi_late", city="Iași")
    days.live(shop, "2026-02-03 10:00", "school")
    advance(shop, OVER, "calm")
    assert variants(shop, "iasi_late") == {"iasi_late": "calm"}  # who came late waited no longer than the test took
    shop.customer("iasi_new", city="Iași")
    shop.customer("cluj_new", city=CLUJ)
    days.run(shop, "school", "2026-02-05 10:00")
    assert variants(shop, "iasi_new") | variants(shop, "cluj_new") == {"iasi_new": "calm", "cluj_new": "calm"}


def test_a_test_is_settled_once_and_stays_so(shop: SmallShop) -> None:
    school(shop)
    days.live(shop, DAY, "school")
    advance(shop, OVER, "price")
    advance(shop, "2026-02-04 11:00", "calm")
    (trial,) = days.rows(shop, "trial")
    assert (trial["winner"], trial["message"], trial["variants"]) == ("price", "one", "calm,price")


def test_others_than_those_tried_are_another_test(shop: SmallShop) -> None:
    school(shop, schedule="daily at 10:00", repeat="every run")
    days.live(shop, DAY, "school")
    advance(shop, OVER, "price")
    file = shop.root / "campaigns/school.yaml"
    file.write_text(file.read_text().replace("calm: {subject: Calm}", "loud: {subject: Loud}"))
    days.run(shop, "school", "2026-02-06 10:00")
    assert [row["variants"] for row in days.rows(shop, "trial", order="started_at")] == ["calm,price", "loud,price"]


def test_who_has_no_consent_does_not_enter_and_who_withdraws_it_while_waiting_is_not_sent_to(shop: SmallShop) -> None:
    school(shop, rest=0)
    shop.customer("iasi_no", city="Iași", email_consent="no")
    shop.customer("iasi_then", city="Iași")
    selected = days.run(shop, "school", DAY)
    assert (selected.withheld, selected.later) == ({"no-consent": 1}, 1)
    shop.customers[-1]["email_consent"] = "no"
    advance(shop, OVER, "price")
    assert days.states(shop)["iasi_then"] == "one suppressed: no-consent"


def test_a_share_of_people_can_be_tried_on(shop: SmallShop) -> None:
    for number in range(60):
        shop.customer(f"c{number}")
    write(shop)
    file = shop.root / "campaigns/school.yaml"
    file.write_text(file.read_text().replace(f"\"city = '{CLUJ}'\"", "30%"))
    selected = days.run(shop, "school", DAY)
    assert sum(selected.send.values()) + selected.later == 60
    assert 8 <= sum(selected.send.values()) <= 28


def test_a_plan_tells_who_is_tried_on_and_until_when(shop: SmallShop) -> None:
    school(shop)
    with days.opened(shop, DAY) as (desk, moment):
        (planned,) = plan(desk, ["school"], moment)["campaigns"]
    assert (planned["test"] or {})["until"] == "2026-02-04T10:00+02:00"
    assert (sum(planned["variants"].values()), planned["waiting"]) == (6, 3)
    days.live(shop, DAY, "school")
    advance(shop, OVER, "price")
    with days.opened(shop, "2026-02-05 10:00") as (desk, moment):
        (planned,) = plan(desk, ["school"], moment)["campaigns"]
    assert planned["test"] == {
        "among": f"city = '{CLUJ}'", "until": "", "winner": "price", "sentence": "as the test says"
    }  # fmt: skip


def test_clicks_and_conversions_of_the_test_are_counted(shop: SmallShop) -> None:
    school(shop)
    days.live(shop, DAY, "school")
    first = days.rows(shop, "message", "id, variant, enrolment_id")[0]
    with shop.desk() as desk:
        with desk.ledger.writing() as connection:
            connection.execute(text("update message set state = 'clicked' where id = :id"), {"id": first["id"]})
            connection.execute(
                text("insert into outcome values (:entry, 1, 10, :at, :at)"),
                {"entry": first["enrolment_id"], "at": "2026-02-02 00:00:00.000000"},
            )
        for by_clicks in (True, False):
            found = trials.tried(desk.ledger, "school", "one", ["calm", "price"], at(DAY), by_clicks=by_clicks)
            assert {name: one.did for name, one in found.items() if one.did} == {first["variant"]: 1}
            assert sum(one.people for one in found.values()) == 6


def test_why_tells_who_waits_until_when(shop: SmallShop) -> None:
    school(shop)
    with days.opened(shop, DAY) as (desk, moment):
        (told,) = why(desk, "iasi0", ["school"], moment)["campaigns"]
    assert "the first message is due Wed 4 Feb 10:00" in told["verdict"]
    assert "as the variant that did best by then" in told["would_get"]


def test_in_a_simulation_nobody_clicks_and_a_test_ends_unclear(shop: SmallShop) -> None:
    school(shop, test=", unclear: first")
    shop.write()
    found = simulate(shop.root, date(2026, 2, 1), 5)
    assert [sum(one["messages"].values()) for one in found["by_day"]] == [6, 0, 0, 3, 0]
