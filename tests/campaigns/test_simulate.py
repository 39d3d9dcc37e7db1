"""Simulate: days of history lived through, counted, and nothing of the project touched."""

import json
import subprocess
import sys
from datetime import date

import pytest

from regulars.campaigns.simulate import simulate
from regulars.errors import WrongUse
from regulars.measure import simulation as pages

FIRST = date(2026, 6, 1)


@pytest.fixture
def busy(shop):
    """Ana and Ion ordered long ago; every two days both are greeted, and Ana orders once on the way."""
    for who in ("ana", "ion"):
        shop.customer(who)
        shop.order(who, "2025-01-05 10:00:00")
    shop.order("ana", "2026-06-04 12:00:00", total=80)
    offer = "[{send: email, template: hello/one, subject: Salut, offer: {amount: 10, valid: 5 days}}]"
    shop.campaign("hello", audience="orders >= 1", repeat="every 2 days", messages=offer)
    shop.write()
    return shop


def everything_in(folder):
    return {path: path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def test_every_day_is_lived_with_its_messages_codes_and_orders(busy):
    found = simulate(busy.root, FIRST, 7)
    assert [sum(one["messages"].values()) for one in found["by_day"]] == [2, 0, 2, 0, 2, 0, 2]
    assert found["by_day"][1]["withheld"] == {"already-enrolled": 2}
    assert (found["messages"], found["people"], found["most_in_7_days"]) == (8, 2, 4)
    assert found["per_person"] == {"0": 0, "4": 2}
    assert (found["codes"], found["if_all_redeem"]) == (8, "80.00")
    (hello,) = found["campaigns"]
    assert (hello["orders"], hello["revenue"]) == (1, "80.00")
    assert hello["by_message"] == {"one by email": 8}


def test_who_enters_a_campaign_three_times_is_named(busy):
    (hello,) = simulate(busy.root, FIRST, 5)["campaigns"]
    assert (hello["often"], hello["often_ids"]) == ({"3": 2}, ["ana", "ion"])


def test_nothing_of_the_project_is_touched(busy):
    with busy.desk() as desk:
        assert desk.ledger.exists
    before = everything_in(busy.root)
    simulate(busy.root, FIRST, 3)
    assert everything_in(busy.root) == before


def test_caps_hold_people_back_and_are_counted(busy):
    busy.guards = "  frequency: {any: 1 per 4 days}"
    busy.write()
    found = simulate(busy.root, FIRST, 5)
    assert [sum(one["messages"].values()) for one in found["by_day"]] == [2, 0, 0, 0, 2]
    assert found["by_day"][2]["withheld"] == {"frequency": 2}


def test_only_the_campaigns_that_are_named_run(busy):
    busy.campaign("other", audience="orders >= 1", repeat="every run")
    found = simulate(busy.root, FIRST, 2, ["other"])
    assert [one["campaign"] for one in found["campaigns"]] == ["other"]
    assert found["messages"] == 4


def test_customers_are_nobody_before_the_day_they_came(busy):
    busy.rules = busy.rules.replace(
        "customers: data/customers.csv", "customers: {file: data/customers.csv, at: signed_up}"
    )
    busy.customers[1]["signed_up"] = "2026-06-02"
    busy.write()
    found = simulate(busy.root, FIRST, 2)
    assert [one["messages"].get("hello", 0) for one in found["by_day"]] == [1, 1]


def test_the_same_simulation_twice_holds_out_the_same_people(busy):
    for number in range(30):
        busy.customer(f"c{number}")
    busy.campaign("half", audience="orders >= 0", holdout="50%")
    busy.write()
    once, again = (simulate(busy.root, FIRST, 1, ["half"]) for _ in range(2))
    assert once == again
    assert 5 < once["campaigns"][0]["held_out"] < 27


@pytest.mark.parametrize("days", [0, 10_000])
def test_a_stretch_without_sense_is_refused(busy, days):
    with pytest.raises(WrongUse):
        simulate(busy.root, FIRST, days)


def test_a_campaign_that_does_not_exist_is_told(busy):
    with pytest.raises(Exception, match="There is no campaign `helo`"):
        simulate(busy.root, FIRST, 1, ["helo"])


def test_text_and_page_tell_the_same_figures(busy):
    busy.campaign("evil", audience="orders >= 1", title='"<script>alert(1)</script>"', repeat="every 3 days")
    found = simulate(busy.root, FIRST, 8)
    words, page = pages.text(found), pages.page(found)
    assert "Casa Verde: 8 days simulated" in words
    assert "2 people entered hello 4 times" in words
    assert "Nothing was sent" in words
    assert "2 people entered hello 4 times" in page
    assert page.count("<rect") >= 8
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_command_answers_json(busy):
    command = [sys.executable, "-c", "from regulars.cli import main; main()", "simulate", "--project", str(busy.root)]
    told = subprocess.check_output([*command, "--from", "2026-06-01", "--days", "2", "--format", "json"], text=True)
    assert json.loads(told)["messages"] == 2
