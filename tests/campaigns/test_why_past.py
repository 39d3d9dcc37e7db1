"""Why of a past day: what was decided then, as far as it is kept, and plainly what is not."""

from __future__ import annotations

import json

import pytest

import shop_days as days
from regulars import clock
from regulars.campaigns.why.answers import Explanation
from regulars.campaigns.why.explain import why
from regulars.campaigns.why.seen import Line
from regulars.cli.why_text import of_why
from regulars.errors import WrongUse
from small_shop import SmallShop, at

THEN, TODAY = at("2026-02-02 10:00"), at("2026-02-20 09:00")
THAT_DAY = at("2026-02-02 12:00")


def told(shop: SmallShop, who: str = "ana", campaign: str = "winback") -> Explanation:
    with shop.desk(looking=True) as desk, clock.frozen(TODAY):
        (one,) = why(desk, who, [campaign], THAT_DAY)["campaigns"]
    return one


def line(one: Explanation, test: str) -> Line:
    return next(line for line in one["lines"] if line["test"] == test)


@pytest.fixture
def lived(shop: SmallShop) -> SmallShop:
    """On 2 February Ana had lapsed and got her letter, Ion had not, Kate had said no. Since then Ana has ordered."""
    for who in ("ana", "ion", "kate"):
        shop.customer(who, email_consent="no" if who == "kate" else "yes")
        shop.order(who, "2026-01-20 10:00:00" if who == "ion" else "2025-06-01 10:00:00")
    shop.campaign("winback", audience="lifecycle = 'lapsed'", repeat="every 90 days")
    days.run(shop, "winback", THEN)
    days.send(shop, THEN)
    shop.order("ana", "2026-02-10 10:00:00")
    return shop


def test_it_tells_what_the_run_decided_and_the_values_it_saw(lived: SmallShop) -> None:
    one = told(lived)
    assert (one["basis"], one["decision"], one["verdict"]) == ("log", "sent", "SENT: email winback/one in ro.")
    assert one["at"].startswith("2026-02-02T10:00")
    ladder = line(one, "audience")
    assert (ladder["holds"], ladder["saw"]) == (
        True,
        "'lapsed': 2nd step held, days_since(last_order) > 180, saw 246",
    )
    assert line(one, "repeat")["says"] == "every 90 days: never entered"


def test_it_tells_what_became_of_the_message(lived: SmallShop) -> None:
    from regulars.ledger.events import News, record

    (message,) = days.rows(lived, "message", "id")
    with lived.desk() as desk, desk.ledger.writing() as connection:
        record(connection, [News("k", "sendgrid", message["id"], "opened", TODAY)], TODAY)
    assert told(lived)["verdict"] == "SENT: email winback/one in ro. It was opened."


def test_the_reason_is_that_of_the_log(lived: SmallShop) -> None:
    lived.customers[-1]["email_consent"] = "yes"
    one = told(lived, "kate")
    assert (one["basis"], one["decision"], line(one, "consent")["holds"]) == ("log", "no-consent", False)


def test_who_is_not_in_the_log_was_not_in_the_audience(lived: SmallShop) -> None:
    one = told(lived, "ion")
    assert (one["basis"], one["verdict"]) == ("log", "NOT SENT: not in the audience.")
    assert line(one, "audience")["holds"] is False


def test_the_caps_are_those_of_that_day(lived: SmallShop) -> None:
    lived.guards = "  frequency: {email: 1 per 7 days}"
    days.run(lived, "winback", "2026-02-03 10:00")
    lived.campaign("hello", audience="orders >= 0")
    days.run(lived, "hello", "2026-02-03 11:00")
    days.run(lived, "hello", "2026-02-12 11:00")
    with lived.desk(looking=True) as desk, clock.frozen(TODAY):
        (one,) = why(desk, "ana", ["hello"], at("2026-02-03 12:00"))["campaigns"]
    assert one["verdict"].startswith("NOT SENT: frequency. Tried again Mon 9 Feb.")
    assert line(one, "frequency")["says"] == "email 1 per 7 days: Mon 2 Feb winback. Free again Mon 9 Feb"


def test_the_rules_are_those_of_that_day(lived: SmallShop) -> None:
    lived.rules = lived.rules.replace("> 180", "> 300")
    one = told(lived)
    assert (one["decision"], line(one, "audience")["holds"]) == ("sent", True)
    assert "> 180" in line(one, "audience")["saw"]
    assert one["notes"] == ["The rules have been edited since: these are the ones of that run."]


def test_rules_that_fit_no_more_are_said_to(lived: SmallShop) -> None:
    lived.rules = lived.rules.replace("orders: data/orders.csv", "orders: data/bought.csv")
    lived.write()
    (lived.root / "data/orders.csv").rename(lived.root / "data/bought.csv")
    with lived.desk(looking=True) as desk, clock.frozen(TODAY):
        (lived.root / "data/orders.csv").unlink()
        (one,) = why(desk, "ana", ["winback"], THAT_DAY)["campaigns"]
    assert one["decision"] == "sent"
    assert "do not fit the data any more" in " ".join(one["notes"])


def test_a_snapshot_that_is_gone_is_said_to_be_gone(lived: SmallShop) -> None:
    for kept in (lived.root / ".regulars/snapshots").glob("*"):
        kept.unlink()
    one = told(lived)
    assert (one["basis"], one["decision"]) == ("log", "sent")
    assert one["notes"] == ["The snapshot of that run is gone: the values are from the data as it is now."]


def test_a_log_that_is_gone_is_said_to_be_gone(lived: SmallShop) -> None:
    for kept in (lived.root / ".regulars/decisions").glob("*"):
        kept.unlink()
    one = told(lived)
    assert (one["basis"], one["decision"]) == ("data", "sent")
    (note,) = one["notes"]
    assert "the log of what it decided is gone" in note
    assert "By the ledger they entered, and were sent `one`." in note


def test_a_day_without_a_run_is_worked_out_as_of_that_day(lived: SmallShop) -> None:
    with lived.desk(looking=True) as desk, clock.frozen(TODAY):
        found = why(desk, "ana", ["winback"], at("2026-02-01 12:00"))
    (one,) = found["campaigns"]
    assert (one["basis"], one["verdict"]) == ("data", "SENT, if it ran then: email winback/one in ro.")
    assert one["notes"][0].startswith("No run of winback on Sun 1 Feb 2026: nothing was decided.")
    assert "saw 245 (order o1, 1 Jun 2025)" in line(one, "audience")["saw"]
    assert "WORKED OUT NOW. SENT, if it ran then" in of_why(found)


def test_of_several_runs_of_a_day_the_one_that_sent_is_told(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("hello", schedule="every 10 minutes", audience="orders = 0")
    for clock_time in ("10:00", "10:10", "10:20"):
        days.run(shop, "hello", f"2026-02-02 {clock_time}")
    one = told(shop, "ana", "hello")
    assert (one["decision"], one["at"][11:16]) == ("sent", "10:00")


def test_somebody_who_came_later_was_no_customer_then(lived: SmallShop) -> None:
    lived.rules = lived.rules.replace(
        "customers: data/customers.csv", "customers: {file: data/customers.csv, at: signed_up}"
    )
    lived.customer("ruth", signed_up="2026-02-15")
    with pytest.raises(WrongUse, match="none yet on Mon 2 Feb 2026"):
        told(lived, "ruth")


def test_no_address_is_shown_of_the_past(lived: SmallShop) -> None:
    with lived.desk(looking=True) as desk, clock.frozen(TODAY):
        found = why(desk, "ana@example.com", [], THAT_DAY)
    for text in (json.dumps(found, ensure_ascii=False), of_why(found)):
        assert "ana@example.com" not in text
