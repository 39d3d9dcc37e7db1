"""A plan says what a run would do, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from regulars import clock
from regulars.campaigns import running
from regulars.campaigns.census import census
from regulars.campaigns.desk import Desk
from regulars.campaigns.planning.plan import Plan, PlannedCampaign, plan
from regulars.campaigns.trying.preview import preview
from regulars.campaigns.why.explain import why
from regulars.cli.reporting import figures_of
from small_shop import SmallShop, at

NOON = at("2026-02-02 12:00")
CAPS = "  frequency: {any: 1 per day}\n"


def planned(shop: SmallShop, *campaigns: str) -> Plan:
    with shop.desk(looking=True) as desk:
        return plan(desk, campaigns, NOON)


def only(found: Plan) -> PlannedCampaign:
    (campaign,) = found["campaigns"]
    return campaign


def run(desk: Desk, campaign: str) -> running.Selected:
    selected = running.select(desk, campaign, NOON)
    for chunk in range(selected.chunks):
        running.enrol(desk, selected.run_id, chunk)
    return selected


@pytest.fixture
def town(shop: SmallShop) -> SmallShop:
    """Forty people: some without consent, some with a broken address, some who read Russian."""
    for number in range(40):
        shop.customer(
            f"c{number:02}",
            email="broken" if number % 9 == 0 else f"c{number}@example.com",
            email_consent="no" if number % 7 == 0 else "yes",
            language="ru" if number % 3 == 0 else "ro",
            phone=f"+407000000{number:02}",
        )
        for _ in range(number % 4):
            shop.order(f"c{number:02}", "2026-01-05 10:00:00")
    return shop


def ledger_bytes(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / ".regulars").glob("ledger*")}


def look_at_everything(shop: SmallShop) -> None:
    with shop.desk(looking=True) as desk, clock.frozen(NOON):
        plan(desk, [], NOON)
        why(desk, "c01", [], NOON)
        census(desk, NOON)
        preview(desk, "first", "", NOON)
        figures_of(desk, NOON)


def test_looking_makes_no_ledger_where_there_is_none(town: SmallShop) -> None:
    town.campaign("first")
    look_at_everything(town)
    assert ledger_bytes(town.root) == {}


def test_looking_changes_no_byte_of_the_ledger(town: SmallShop) -> None:
    town.campaign("first")
    with town.desk() as desk, clock.frozen(NOON):
        run(desk, "first")
    before = ledger_bytes(town.root)
    assert before
    look_at_everything(town)
    assert ledger_bytes(town.root) == before


def test_the_plan_of_several_campaigns_is_what_their_runs_do_one_after_the_other(town: SmallShop) -> None:
    town.guards = CAPS + "  first: [third, first]\n  holdout: 10%"
    town.campaign("first", audience="orders >= 1", holdout="20%")
    town.campaign(
        "second", audience="orders <= 2", messages="[{send: 'sms, else email', template: second/one, subject: Salut}]"
    )
    town.campaign("third", audience="orders >= 2")
    found = planned(town)
    assert [one["campaign"] for one in found["campaigns"]] == ["third", "first", "second"]
    with town.desk() as desk, clock.frozen(NOON):
        for one in found["campaigns"]:
            did = run(desk, one["campaign"])
            assert (one["audience"], one["send"], one["withheld"]) == (did.audience, did.send, did.withheld)
    assert any("frequency" in one["withheld"] for one in found["campaigns"])


def test_the_plan_of_one_campaign_is_what_its_run_does(town: SmallShop) -> None:
    town.guards = CAPS + "  first: [third, first]"
    town.campaign("first", audience="orders >= 1")
    town.campaign("third", audience="orders >= 2")
    one = only(planned(town, "first"))
    with town.desk() as desk, clock.frozen(NOON):
        did = running.select(desk, "first", NOON)
    assert (one["send"], one["withheld"]) == (did.send, did.withheld)
    assert "lost-priority" in one["withheld"]


def test_a_plan_counts_each_person_once(town: SmallShop) -> None:
    town.campaign("first")
    town.campaign("second")
    found = planned(town)
    assert found["people"] == sum(found["campaigns"][0]["send"].values())


@pytest.mark.parametrize(("status", "words"), [("draft", "it is a draft"), ("paused", "it is paused")])
def test_what_is_not_live_is_shown_and_sends_nothing(town: SmallShop, status: str, words: str) -> None:
    town.campaign("first", status=status)
    one = only(planned(town))
    assert one["stopped"].startswith(words)
    assert (one["send"], planned(town)["people"]) == ({}, 0)
    assert sum(one["would_send"].values()) + sum(one["withheld"].values()) == one["audience"] == 40


def test_what_a_draft_would_send_counts_against_nobody_elses_caps(town: SmallShop) -> None:
    town.guards = CAPS
    town.campaign("draft", status="draft")
    town.campaign("first")
    first = next(one for one in planned(town)["campaigns"] if one["campaign"] == "first")
    assert "frequency" not in first["withheld"]


def test_a_campaign_that_expects_fewer_people_says_so_and_sends_nothing(town: SmallShop) -> None:
    town.campaign("first", expect="{audience: {max: 10}}")
    one = only(planned(town))
    assert "at most 10" in one["stopped"]
    assert one["send"] == {}


def test_segments_are_counted_on_the_text_as_each_person_gets_it(shop: SmallShop) -> None:
    shop.customer("ana", first_name="Ana", language="en", phone="+40700000001")
    shop.customer("ioana", first_name="Ștefania", language="en", phone="+40700000002")
    shop.campaign("text", messages="[{send: sms, template: text/one}]", words=False)
    shop.words("text/one", offer="y" * 100)
    cost = only(planned(shop))["cost"]
    assert cost == {
        "sms_segments": 3, "as_written": 3, "with_plain_letters": 2, "encodings": {"GSM-7": 1, "UCS-2": 1},
        "rendered": 2, "money": "", "unpriced": {},
    }  # fmt: skip


def test_with_plain_letters_a_name_with_a_comma_below_costs_no_second_segment(shop: SmallShop) -> None:
    shop.customer("ana", first_name="Ana", language="en", phone="+40700000001")
    shop.customer("ioana", first_name="Ștefania", language="en", phone="+40700000002")
    shop.campaign("text", messages="[{send: sms, template: text/one, plain_letters: true}]", words=False)
    shop.words("text/one", offer="y" * 100)
    cost = only(planned(shop))["cost"]
    assert (cost["sms_segments"], cost["as_written"], cost["with_plain_letters"]) == (2, 3, 2)
    assert cost["encodings"] == {"GSM-7": 2}


def test_liability_takes_amounts_as_they_are_and_percentages_of_an_average_order(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.customer("ion")
    shop.order("ana", "2026-01-05 10:00:00", total=150)
    shop.order("ion", "2026-01-05 10:00:00", total=50)
    for name, offer in (("amount", "{amount: 25, valid: 7 days}"), ("percent", "{percent: 10, valid: 7 days}")):
        shop.campaign(name, messages=f"[{{send: email, template: {name}/one, subject: Salut, offer: {offer}}}]")
        shop.words(f"{name}/one", offer="{{ offer.code }}")
    amount, percent = planned(shop)["campaigns"]
    rest = {"share": None, "as_usual": "", "until": ["2026-02-10T00:00:00+02:00"]}
    assert amount["liability"] == {"codes": 2, "if_all_redeem": "50.00", "by_value": {"25 RON": 2}} | rest
    assert percent["liability"] == {"codes": 2, "if_all_redeem": "20.00", "by_value": {"10 %": 2}} | rest


def test_samples_say_no_more_of_a_person_than_a_first_name_and_an_initial(shop: SmallShop) -> None:
    shop.customer("10482", first_name="Ioana", last_name="Popa", email="ioana@example.com")
    shop.campaign("hello", messages="[{send: email, template: hello/one, subject: 'Bună {{ customer.first_name }}'}]")
    (sample,) = only(planned(shop))["samples"]
    assert sample == {
        "who": "#10482 Ioana P.", "channel": "email", "language": "ro", "template": "hello/one", "variant": "",
        "reads": "Bună Ioana",
    }  # fmt: skip


def test_later_messages_are_told_with_their_day_and_what_takes_people_out(shop: SmallShop) -> None:
    shop.customer("ana")
    one = "{send: email, template: series/one, subject: A}"
    two = "{send: email, after: 5 days, template: series/two, subject: B}"
    shop.campaign("series", exit="ordered", messages=f"[{one}, {two}]")
    (later,) = only(planned(shop))["later"]
    assert (later["message"], later["at_most"]) == ("two", 1)
    assert (later["due"][:16], later["unless"]) == ("2026-02-07T12:00", "ordered")


def test_a_campaign_of_another_day_is_planned_after_those_of_today(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("alpha", schedule="weekly on tuesday at 11:00")
    shop.campaign("beta")
    found = planned(shop)["campaigns"]
    assert [(one["campaign"], one["due"], one["next"]) for one in found] == [
        ("beta", True, "2026-02-02"),
        ("alpha", False, "2026-02-03"),
    ]


def test_the_plan_has_the_keys_that_others_build_on(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("hello")
    found = planned(shop)
    assert {"as_of", "fingerprint", "campaigns"} <= found.keys()
    assert {"campaign", "audience", "send", "withheld", "holdout", "cost", "liability"} <= only(found).keys()
