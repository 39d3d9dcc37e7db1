"""Why somebody gets a message, or does not: every test with what it saw."""

from __future__ import annotations

import json

import pytest

from regulars import clock
from regulars.campaigns import running
from regulars.campaigns.deliver import deliver
from regulars.campaigns.explain import Explanation, Why, why
from regulars.campaigns.seen import Line
from regulars.cli.why_text import of_why
from regulars.errors import WrongUse
from small_shop import SmallShop, at

NOON = at("2026-02-02 12:00")


def asked(shop: SmallShop, who: str = "ana", *campaigns: str) -> Why:
    with shop.desk(looking=True) as desk, clock.frozen(NOON):
        return why(desk, who, campaigns, NOON)


def told(shop: SmallShop, who: str = "ana") -> Explanation:
    (one,) = asked(shop, who)["campaigns"]
    return one


def lines(one: Explanation, test: str) -> list[Line]:
    return [line for line in one["lines"] if line["test"] == test]


@pytest.fixture
def winback(shop: SmallShop) -> SmallShop:
    """Ana has not ordered for more than 180 days; Ion has."""
    shop.customer("ana", last_name="Popa", phone="+40 700 000 001")
    shop.order("ana", "2025-06-01 10:00:00", total=300)
    shop.customer("ion", phone="+40700000002")
    shop.order("ion", "2026-02-01 10:00:00")
    shop.campaign("winback", audience="lifecycle = 'lapsed' and spent >= 100")
    return shop


def test_every_leaf_of_the_condition_shows_the_value_it_saw(winback: SmallShop) -> None:
    ladder, spent = lines(told(winback), "audience")
    assert (ladder["holds"], ladder["says"]) == (True, "lifecycle = 'lapsed'")
    assert ladder["saw"] == "'lapsed': 2nd step held, days_since(last_order) > 180 (days_since(last_order) 246)"
    assert (spent["holds"], spent["says"], spent["saw"]) == (True, "spent >= 100", "spent 300")


def test_the_decision_is_that_of_a_run(winback: SmallShop) -> None:
    one = told(winback)
    assert (one["decision"], one["would_get"]) == ("sent", "email winback/one in ro")


def test_somebody_outside_the_audience_still_sees_the_guards(winback: SmallShop) -> None:
    one = told(winback, "ion")
    assert one["decision"] == "not in the audience"
    tests = [line["test"] for line in one["lines"]]
    for guard in (
        "due",
        "repeat",
        "consent",
        "address",
        "suppression",
        "holdout",
        "frequency",
        "priority",
        "quiet hours",
    ):
        assert guard in tests


def test_somebody_is_found_by_id_address_and_phone(winback: SmallShop) -> None:
    for who in ("ana", "ANA@example.com", "0700 000 001", "+40700000001"):
        assert asked(winback, who)["customer"] == "ana"


def test_somebody_nobody_knows_is_said_to_be_unknown(winback: SmallShop) -> None:
    with pytest.raises(WrongUse, match="no customer"):
        asked(winback, "nobody")


def test_no_address_is_shown(winback: SmallShop) -> None:
    found = asked(winback)
    assert "an…@example.com" in json.dumps(found, ensure_ascii=False)
    for text in (json.dumps(found, ensure_ascii=False), of_why(found)):
        assert "ana@example.com" not in text
        assert "700 000 001" not in text


def test_a_value_that_is_not_known_is_said_to_be_unknown(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("hello", audience="average_order > 100")
    (line,) = lines(told(shop), "audience")
    assert (line["holds"], line["saw"]) == (None, "average_order unknown")


def test_what_or_joins_is_told_part_by_part(shop: SmallShop) -> None:
    shop.customer("ana", city="Cluj")
    shop.campaign("hello", audience="(city = 'Iasi' or orders = 0) and language in ('ro', 'ru')")
    whole, city, orders, language = lines(told(shop), "audience")
    assert (whole["holds"], city["holds"], orders["holds"], language["holds"]) == (True, False, True, True)
    assert (city["saw"], language["says"]) == ("city 'Cluj'", "language in ('ro', 'ru')")


def test_a_plain_segment_tells_what_it_is_made_of(shop: SmallShop) -> None:
    shop.rules += "audiences:\n  big: spent >= 1000 and orders >= 1\n  top: quintile(spent) = 5\n"
    shop.customer("ana")
    shop.order("ana", "2026-01-01 10:00:00", total=50)
    shop.campaign("hello", audience="big and top")
    big, top = lines(told(shop), "audience")
    assert big["saw"] == "`big` is ✗ spent >= 1000 (spent 50), ✓ orders >= 1 (orders 1)"
    assert top["holds"] is False


def test_each_guard_that_stops_a_message_says_what_it_saw(shop: SmallShop) -> None:
    shop.guards = "  frequency: {email: 1 per 7 days}"
    shop.customer("ana", email="broken")
    shop.customer("ion", email_consent="no")
    shop.customer("kate")
    shop.campaign("hello")
    shop.campaign("other", audience="language = 'en'")
    with shop.desk() as desk, clock.frozen(NOON):
        selected = running.select(desk, "hello", NOON)
        running.enrol(desk, selected.run_id, 0)
        deliver(desk, "email", 10, NOON, "test")
    seen = {who: asked(shop, who, "other")["campaigns"][0] for who in ("ana", "ion", "kate")}
    (address,), (consent,), (frequency,) = (
        lines(seen["ana"], "address"),
        lines(seen["ion"], "consent"),
        lines(seen["kate"], "frequency"),
    )
    assert (address["holds"], address["saw"]) == (False, "email: none, or not a good one")
    assert (consent["holds"], consent["saw"]) == (False, "email: no")
    assert (frequency["holds"], frequency["saw"]) == (False, "Mon 02 Feb hello (email)")


def test_the_log_tells_what_a_run_decided_that_day(winback: SmallShop) -> None:
    with winback.desk() as desk, clock.frozen(NOON):
        running.select(desk, "winback", NOON)
    (decided,) = asked(winback)["log"]
    assert (decided["campaign"], decided["decision"], decided["channel"]) == ("winback", "sent", "email")
    assert "12:00 winback: sent email" in of_why(asked(winback))


def test_a_birthday_of_another_day_says_when_it_is(shop: SmallShop) -> None:
    shop.customer("ana", birthday="1990-06-15")
    shop.customer("ion")
    shop.campaign("birthday", schedule="yearly on birthday at 10:00")
    assert lines(told(shop), "due")[0]["saw"] == "next on Mon 15 Jun 2026"
    assert lines(told(shop, "ion"), "due")[0]["saw"] == "birthday is unknown"
    assert told(shop)["decision"] == "not due"
    assert lines(told(shop), "consent")[0]["saw"] == "email: yes"


def test_everybody_with_the_same_address_is_named(shop: SmallShop) -> None:
    shop.customer("ana", email="home@example.com")
    shop.customer("ion", email="home@example.com")
    shop.campaign("hello")
    found = asked(shop, "home@example.com")
    assert (found["customer"], found["also"]) == ("ana", ["ion"])
