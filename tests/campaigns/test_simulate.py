"""Simulate: days of history lived through, counted, and nothing of the project touched."""

import json
import random
import subprocess
import sys
from datetime import date, timedelta

import pytest

import shop_days as days
from regulars import clock
from regulars.campaigns import running
from regulars.campaigns.convert import convert
from regulars.campaigns.trying.rehearsal import SALTS
from regulars.campaigns.trying.simulate import lived_days, simulate
from regulars.errors import WrongUse
from regulars.ledger import trail
from regulars.measure import simulation, simulation_page
from small_shop import at

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


@pytest.mark.parametrize("ledger", ["", "postgresql+psycopg://nobody@127.0.0.1:1/no_such_ledger"])
def test_nothing_of_the_project_is_touched(busy, monkeypatch, ledger):
    """Its ledger, outbox, decisions and snapshots stay as a real day left them; a ledger elsewhere is never opened."""
    days.live(busy, "2026-05-31 10:00", "hello")
    folder = busy.root / ".regulars"
    assert all([*(folder / name).iterdir()] for name in ("outbox", "decisions", "snapshots", "codes"))
    before = everything_in(busy.root)
    monkeypatch.setenv("REGULARS_LEDGER", ledger)
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("somebody went out"))
    assert simulate(busy.root, FIRST, 3)["messages"] == 4
    assert everything_in(busy.root) == before


def test_ten_days_add_up_as_by_hand(busy):
    """Ion orders on 2 June and Ana on the 4th: each leaves what they are inside, and hears no second words of it.

    Ana hears on the 1st, 3rd, 4th, 7th, 9th and 10th, Ion on the 1st, 4th, 6th, 7th, 9th and 10th. Mia takes texts
    alone; hers are due at eight and wait for nine.
    """
    busy.customer("mia", email_consent="no", city="Cluj")
    busy.order("mia", "2025-01-05 10:00:00")
    busy.order("ion", "2026-06-02 12:00:00", total=40)
    busy.guards = "  frequency: {any: 1 per day}\n  quiet_hours: {sms: '21:00-09:00'}"
    offer = "offer: {percent: 10, next_time: [20], valid: 2 days}"
    one = f"{{name: one, send: email, template: hello/one, subject: A, {offer}}}"
    two = "{name: two, send: email, template: hello/two, subject: B, after: 2 days}"
    busy.campaign("hello", audience="orders >= 1", repeat="every 3 days", exit="ordered", messages=f"[{one}, {two}]")
    text = "[{send: sms, template: early/one}]"
    busy.campaign("early", audience="city = 'Cluj'", schedule="daily at 8:00", repeat="every 9 days", messages=text)
    busy.write()
    found = simulate(busy.root, FIRST, 10)
    early, hello = sorted(found["campaigns"], key=lambda one: one["campaign"])
    assert [one["messages"].get("hello", 0) for one in found["by_day"]] == [2, 0, 1, 2, 0, 1, 2, 0, 2, 2]
    assert [one["messages"].get("early", 0) for one in found["by_day"]] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert [one["entered"].get("hello", 0) for one in found["by_day"]] == [2, 0, 0, 2, 0, 0, 2, 0, 0, 2]
    assert found["per_person"] == {"0": 0, "2": 1, "6": 2}
    assert found["per_person_and_7_days"] == {"1": 1, "4": 1, "5": 1}
    assert (found["most_in_7_days"], found["per_person_and_day"]) == (5, {"1": 14})
    assert found["channels"] == {"email": 12, "sms": 2}
    assert (hello["entered"], hello["often"], hello["often_ids"]) == (8, {"4": 2}, ["ana", "ion"])
    assert hello["withheld"] == {"already-enrolled": 12, "no-consent": 10}
    # The ladder goes up after an entry without an order; an average order is 84 RON.
    assert (hello["by_value"], hello["if_all_redeem"]) == ({"10 %": 4, "20 %": 4}, "100.80")
    assert (hello["orders"], hello["revenue"]) == (2, "120.00")
    assert (early["held"], early["codes"], early["withheld"]) == (2, 0, {"already-enrolled": 8})


def test_what_is_settled_without_being_sent_is_told_by_its_reason(busy):
    two = (
        "[{send: email, template: hello/one, subject: A}, {send: email, template: hello/two, subject: B, after: 1 day, "
    )
    busy.campaign("hello", audience="orders >= 1", messages=two + "when: spent > 150}]")
    (hello,) = simulate(busy.root, FIRST, 3)["campaigns"]
    assert hello["left_out"] == {"when": 2}
    assert simulation.notes(hello) == ["Settled without being sent: 2 when."]


@pytest.mark.parametrize("seed", [pytest.param(1, marks=pytest.mark.thorough), 2])
def test_days_that_are_simulated_are_days_as_they_would_have_been_run(busy, seed):
    """The same entries and messages as by running every campaign at its hour with the clock set, on a real ledger."""
    chance = random.Random(seed)
    for number in range(14):
        who = busy.customer(
            f"c{number}", birthday=f"1990-06-{number % 5 + 1:02d}", sms_consent=chance.choice(["yes", "no"])
        )
        for _ in range(chance.randint(1, 3)):
            busy.order(
                who, f"{FIRST + timedelta(days=chance.choice([-400, -200, -9, 1, 3, 5]))} 1{chance.randint(1, 9)}:00:00"
            )
    busy.guards = "  frequency: {any: 1 per day, email: 2 per 5 days}\n  first: [late, hello]\n  holdout: 10%"
    busy.guards += "\n  quiet_hours: {sms: '21:00-12:00'}"
    inside = "[{send: email, template: back/one, subject: A, offer: {percent: 10, next_time: [20], valid: 3 days}},"
    inside += " {send: 'sms, else email', template: back/two, subject: B, after: 1 day}]"
    busy.campaign("back", audience="orders >= 2", repeat="every 4 days", exit="ordered", messages=inside, holdout="20%")
    busy.campaign("late", audience="days_since(last_order) <= 10", schedule="daily at 17:00", repeat="every 3 days")
    busy.campaign("gift", audience="orders >= 1", schedule="yearly on birthday at 9:00", send_within="2 days")
    busy.campaign(
        "few", audience="spent > 100", repeat="every run", exit="spent > 250", schedule="weekly on thursday at 9:00"
    )
    busy.write()
    with lived_days(busy.root, FIRST, 6) as (desk, _, _):
        simulated = told(desk)
    (busy.root / ".regulars").mkdir(exist_ok=True)
    (busy.root / ".regulars" / "salts.json").write_text(json.dumps(SALTS))
    for number in range(6):
        day = FIRST + timedelta(days=number)
        with busy.desk() as desk:
            due = running.due(desk, at(f"{day} 12:00"))
            hours = {name: f"{desk.campaign(name).schedule.at:%H:%M}" for name in due}
        for hour in sorted({*hours.values(), "20:00"}):
            days.live(busy, f"{day} {hour}", *(name for name in due if hours[name] == hour))
        with busy.desk() as desk, clock.frozen(at(f"{day} 20:00")):
            convert(desk, at(f"{day} 20:00"))
    with busy.desk() as desk:
        real = told(desk)
    assert len(real["messages"]) > 30
    assert simulated == real


def told(desk):
    """Entries, messages that went out, and credits, of one ledger."""
    kept = {
        "entries": trail.entries(desk.ledger),
        "messages": trail.messages(desk.ledger),
        "codes": trail.codes(desk.ledger),
    }
    return {name: sorted(map(str, rows.to_pylist())) for name, rows in kept.items()}


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
    busy.guards = "  frequency: {any: 1 per 2 days}\n  first: [hello]"
    busy.campaign("evil", audience="orders >= 1", title='"<script>alert(1)</script>"', repeat="every 3 days")
    busy.write()
    found = simulate(busy.root, FIRST, 8)
    for shown in (simulation.text(found), simulation_page.page(found)):
        assert "Casa Verde: 8 days simulated" in shown
        assert "2 people entered hello 4 times." in shown
        assert "Such as ana, ion." in shown
        assert "8 × 10 RON" in shown
        assert "Nothing was sent" in shown
        assert "which codes would have been redeemed" in shown
    page = simulation_page.page(found)
    assert page.count("<rect") == 6  # four days, one number of messages, one campaign that was held back
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    evil = next(one for one in found["campaigns"] if one["campaign"] == "evil")
    assert simulation.capped(evil) == "16 cap full"


def test_the_command_answers_json(busy):
    command = [sys.executable, "-c", "from regulars.cli import main; main()", "simulate", "--project", str(busy.root)]
    told = subprocess.check_output([*command, "--from", "2026-06-01", "--days", "2", "--format", "json"], text=True)
    assert json.loads(told)["messages"] == 2
