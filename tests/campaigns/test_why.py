"""Why somebody gets a message, or does not: every test with what it saw."""

from __future__ import annotations

import json

import pytest
import shop_in_postgres

import shop_days as days
from regulars import clock
from regulars.campaigns.why.answers import Explanation
from regulars.campaigns.why.explain import Why, why
from regulars.campaigns.why.seen import Line
from regulars.cli.why_text import of_why
from regulars.errors import WrongUse
from small_shop import SmallShop, at

NOON = at("2026-02-02 12:00")
OFFER = "offer: {percent: 10, next_time: [15], valid: 14 days}"


def asked(shop: SmallShop, who: str = "ana", *campaigns: str) -> Why:
    with shop.desk(looking=True) as desk, clock.frozen(NOON):
        return why(desk, who, campaigns, NOON)


def told(shop: SmallShop, who: str = "ana", *campaigns: str) -> Explanation:
    (one,) = asked(shop, who, *campaigns)["campaigns"]
    return one


def lines(one: Explanation, test: str) -> list[Line]:
    return [line for line in one["lines"] if line["test"] == test]


def line(one: Explanation, test: str) -> tuple[bool | None, str]:
    (found,) = lines(one, test)
    return found["holds"], found["says"]


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
    assert ladder["saw"] == "'lapsed': 2nd step held, days_since(last_order) > 180, saw 246 (order o1, 1 Jun 2025)"
    assert (spent["holds"], spent["says"], spent["saw"]) == (True, "spent >= 100", "saw 300 (1 order)")


def test_the_decision_is_that_of_a_run(winback: SmallShop) -> None:
    one = told(winback)
    assert (one["decision"], one["would_get"], one["basis"]) == ("sent", "email winback/one in ro", "live")
    assert one["verdict"] == "SENT, if it ran now: email winback/one in ro."


def test_somebody_outside_the_audience_still_sees_the_guards(winback: SmallShop) -> None:
    one = told(winback, "ion")
    assert (one["decision"], one["verdict"]) == ("not in the audience", "NOT SENT: not in the audience.")
    tests = [line["test"] for line in one["lines"]]
    assert tests[0] == "status"
    assert tests[-7:] == ["repeat", "holdout", "consent", "address", "frequency", "priority", "quiet hours"]


def test_the_last_step_of_a_ladder_shows_what_each_step_before_it_saw(winback: SmallShop) -> None:
    ladder, _ = lines(told(winback, "ion"), "audience")
    assert ladder["saw"] == (
        "'active': the last step, none before it held, saw orders 1, days_since(last_order) 1 (order o2, 1 Feb 2026)"
    )


def test_somebody_is_found_by_id_address_and_phone(winback: SmallShop) -> None:
    for who in ("ana", " ana ", "ANA@example.com", "0700 000 001", "+40700000001", "0040-700-000-001"):
        assert asked(winback, who)["customer"] == "ana"


def test_somebody_nobody_knows_is_said_to_be_unknown(winback: SmallShop) -> None:
    for who in ("nobody", "'; drop table customers", "+40 700 999 999"):
        with pytest.raises(WrongUse, match="no customer"):
            asked(winback, who)


def test_no_address_is_shown(winback: SmallShop) -> None:
    found = asked(winback)
    assert "an…@example.com" in json.dumps(found, ensure_ascii=False)
    for text in (json.dumps(found, ensure_ascii=False), of_why(found)):
        assert "ana@example.com" not in text
        assert "700 000 001" not in text
        assert "700000001" not in text


def test_a_value_that_is_not_known_is_said_to_be_unknown(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("hello", audience="average_order > 100 and days_since(last_order) > 9")
    average, last = lines(told(shop), "audience")
    assert (average["holds"], average["saw"]) == (None, "saw unknown (spent 0, orders 0)")
    assert (last["holds"], last["saw"]) == (None, "saw unknown (no orders)")


def test_a_share_says_of_how_many_rows(shop: SmallShop) -> None:
    shop.rules = shop.rules.replace("segments:", "  cheap: {from: orders, value: avg(discount > 0)}\nsegments:")
    shop.customer("ana")
    for discount in (5, 0, 5):
        shop.order("ana", "2026-01-05 10:00:00", discount=discount)
    shop.campaign("hello", audience="cheap >= 0.6")
    assert lines(told(shop), "audience")[0]["saw"] == "saw 0.6667 (2 of 3 orders)"


def test_what_or_joins_is_told_part_by_part(shop: SmallShop) -> None:
    shop.customer("ana", city="Cluj")
    shop.campaign("hello", audience="(city = 'Iasi' or orders = 0) and language in ('ro', 'ru')")
    whole, city, orders, language = lines(told(shop), "audience")
    assert (whole["holds"], city["holds"], orders["holds"], language["holds"]) == (True, False, True, True)
    assert (city["says"], city["saw"], language["says"]) == (
        "or city = 'Iasi'",
        "saw 'Cluj'",
        "language in ('ro', 'ru')",
    )


def test_a_plain_segment_tells_what_it_is_made_of(shop: SmallShop) -> None:
    shop.rules += "audiences:\n  big: spent >= 1000 and orders >= 1\n  top: quintile(spent) = 5\n"
    shop.customer("ana")
    shop.order("ana", "2026-01-01 10:00:00", total=50)
    shop.campaign("hello", audience="big and top")
    big, spent, orders, top, _ = lines(told(shop), "audience")
    assert [(one["says"], one["holds"], one["saw"]) for one in (big, spent, orders)] == [
        ("big", False, ""),
        ("with spent >= 1000", False, "saw 50 (1 order)"),
        ("with orders >= 1", True, "saw 1"),
    ]
    assert (top["says"], top["holds"]) == ("top", False)


def test_a_fifth_is_asked_of_everybody(shop: SmallShop) -> None:
    shop.rules = shop.rules.replace("segments:", "  rank: quintile(spent)\nsegments:")
    for number in range(5):
        shop.order(shop.customer(f"c{number}"), "2026-01-01 10:00:00", total=10 * number)
    shop.campaign("hello", audience="rank = 5")
    assert [told(shop, who)["decision"] for who in ("c0", "c4")] == ["not in the audience", "sent"]


def test_each_guard_that_stops_a_message_says_what_it_saw(shop: SmallShop) -> None:
    shop.guards = "  frequency: {email: 1 per 7 days, any: 5 per day}"
    shop.customer("ana", email="broken")
    shop.customer("ion", email_consent="no")
    shop.customer("kate")
    shop.campaign("hello")
    shop.campaign("other", audience="language = 'en'")
    days.run(shop, "hello", NOON)
    days.send(shop, NOON)
    seen = {who: told(shop, who, "other") for who in ("ana", "ion", "kate")}
    assert line(seen["ana"], "address") == (False, "email: none, or not a good one")
    assert line(seen["ion"], "consent") == (False, "email: no, by `email_consent`")
    assert line(seen["kate"], "frequency") == (False, "email 1 per 7 days: Mon 2 Feb hello. Free again Mon 9 Feb")
    assert seen["kate"]["not_asked"] == ["priority", "quiet hours"]


def test_a_full_cap_says_when_it_is_tried_again(shop: SmallShop) -> None:
    shop.guards = "  frequency: {email: 1 per 3 days}"
    shop.customer("ana")
    shop.campaign("hello")
    shop.campaign("weekly", schedule="weekly on monday at 9:00")
    days.run(shop, "hello", NOON)
    one = told(shop, "ana", "weekly")
    assert one["verdict"] == "NOT SENT: frequency. Tried again Mon 9 Feb. They would get: email weekly/one in ro."


def test_who_goes_first_is_named(shop: SmallShop) -> None:
    shop.guards = "  frequency: {any: 1 per day}\n  first: [welcome, hello]"
    shop.customer("ana")
    shop.campaign("hello")
    shop.campaign("welcome")
    one = told(shop, "ana", "hello")
    assert line(one, "priority") == (False, "after welcome: welcome takes them today")
    assert (one["decision"], one["again"]) == ("lost-priority", "Tried again Tue 3 Feb.")


def test_consent_says_since_when_and_where_it_was_said(shop: SmallShop) -> None:
    from regulars.ledger import consent

    shop.customer("ana", email_consent="no")
    shop.campaign("hello", messages="[{send: 'sms, else email', template: hello/one, subject: S}]")
    with shop.desk() as desk, clock.frozen(at("2026-01-14 10:00")), desk.ledger.writing() as connection:
        for channel, given, source in (("email", True, "checkout"), ("sms", False, "STOP")):
            consent.record(connection, "ana", channel, clock.now(), given=given, source=source)
    one = told(shop)
    says = "sms: no since 14 Jan 2026, STOP · email: yes since 14 Jan 2026, checkout"
    assert (line(one, "consent"), one["would_get"]) == ((True, says), "email hello/one in ro")


def test_a_suppressed_address_says_why(shop: SmallShop) -> None:
    from regulars.ledger import consent

    shop.customer("ana")
    shop.campaign("hello")
    with shop.desk() as desk:
        hashed = consent.address_hash(desk.ledger.salt("addresses"), "ana@example.com")
        with desk.ledger.writing() as connection:
            consent.suppress(connection, hashed, "email", "hard bounce", at("2026-01-14 10:00"))
    one = told(shop)
    assert line(one, "address") == (False, "an…@example.com, suppressed since 14 Jan 2026: hard bounce")
    assert one["decision"] == "suppressed"


def test_earlier_entries_are_told_with_messages_codes_and_orders(shop: SmallShop) -> None:
    shop.customer("ana")
    messages = f"[{{send: email, template: hello/one, subject: S, {OFFER}}}]"
    shop.campaign("hello", messages=messages, repeat="every 20 days")
    shop.words("hello/one", offer="{{ offer.code }}")
    days.run(shop, "hello", "2026-01-05 10:00")
    days.send(shop, "2026-01-05 10:00")
    (code,) = days.rows(shop, "code", "code")
    days.advance(shop, "2026-01-06 10:00")
    one = told(shop)
    assert one["before"] == [f"5 Jan `one` 10 %, code {code['code']}: sent · no order within 14 days → next time 15 %"]
    assert one["would_get"] == "email hello/one in ro, 15 %"
    assert line(one, "repeat") == (True, "every 20 days: last entered Mon 5 Jan, 28 days ago")
    assert line(one, "address") == (True, "an…@example.com, last sent Mon 5 Jan")


def test_entries_under_the_name_before_are_told(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("hello")
    days.run(shop, "hello", "2026-01-05 10:00")
    (shop.root / "campaigns/hello.yaml").unlink()
    shop.campaign("welcome", formerly="hello", repeat="every 90 days")
    one = told(shop, "ana", "welcome")
    assert one["decision"] == "already-enrolled"
    assert one["before"][0].startswith("5 Jan `one`: planned")


def test_the_log_tells_what_a_run_decided_that_day(winback: SmallShop) -> None:
    days.run(winback, "winback", NOON)
    days.send(winback, NOON)
    found = asked(winback)
    (decided,) = found["log"]
    assert (decided["campaign"], decided["decision"], decided["channel"]) == ("winback", "sent", "email")
    one = found["campaigns"][0]
    assert one["verdict"].startswith(
        "SENT at 12:00: email in ro, sent. If it ran again now: NOT SENT: already-enrolled"
    )


def test_a_birthday_of_another_day_says_when_it_is(shop: SmallShop) -> None:
    shop.customer("ana", birthday="1990-06-15")
    shop.customer("ion")
    shop.campaign("birthday", schedule="yearly on birthday at 10:00")
    assert line(told(shop), "due") == (False, "yearly on birthday at 10:00: next on Mon 15 Jun")
    assert line(told(shop, "ion"), "due") == (False, "yearly on birthday at 10:00: birthday is unknown")
    assert told(shop)["decision"] == "not due"
    assert line(told(shop), "consent") == (True, "email: yes, by `email_consent`")


def test_a_campaign_of_another_day_says_when_it_runs(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("weekly", schedule="weekly on thursday at 9:00")
    assert line(told(shop), "due") == (None, "weekly on thursday at 09:00: next Thu 5 Feb; asked as if it ran now")


def test_a_ladder_of_templates_says_which_step_held(shop: SmallShop) -> None:
    ladder = "[{one/few: orders < 3}, {one/many: otherwise}]"
    shop.customer("ana")
    shop.campaign("one", messages=f"[{{send: email, name: a, template: {ladder}, subject: S}}]")
    for template in ("one/few", "one/many"):
        shop.words(template)
    (template,) = lines(told(shop), "template")
    assert (template["says"], template["saw"]) == ("one/few: step 1, orders < 3", "saw 0")
    for _ in range(3):
        shop.order("ana", "2026-01-05 10:00:00")
    (template,) = lines(told(shop), "template")
    assert template["says"] == "one/many: the last step, none before it held"


def test_the_condition_of_a_message_is_told_like_the_audience(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("hello", messages="[{send: email, template: hello/one, subject: S, when: orders >= 1}]")
    one = told(shop)
    (when,) = lines(one, "when")
    assert (when["holds"], when["says"], when["saw"], one["decision"]) == (False, "orders >= 1", "saw 0", "when")


def test_who_was_inside_before_does_not_come_in(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("hello", repeat="on entry")
    days.run(shop, "hello", "2026-02-01 10:00")
    one = told(shop)
    assert (one["verdict"], line(one, "repeat")[0]) == ("NOT SENT: not-entering.", False)


def test_a_message_with_a_time_of_its_own_says_when_it_is_due(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("hello", messages="[{send: email, template: hello/one, subject: S, after: 3 days from entry}]")
    one = told(shop)
    assert one["verdict"] == ("ENTERS, if it ran now; the first message is due Thu 5 Feb 10:00: email hello/one in ro.")


def test_a_draft_says_that_nothing_leaves(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("hello", status="draft")
    assert (line(told(shop), "status"), told(shop)["decision"]) == ((False, "draft: nothing leaves"), "draft")


def test_a_campaign_that_walks_rows_names_the_row(shop: SmallShop) -> None:
    shop.rules = shop.rules.replace(
        "orders: data/orders.csv}",
        "orders: data/orders.csv, carts: {file: data/carts.csv, customer: customer_id, id: cart, at: left_at}}",
    )
    shop.customer("ana")
    shop.customer("ion")
    shop.write()
    (shop.root / "data/carts.csv").write_text(
        "cart,customer_id,left_at,worth\nk1,ana,2026-02-01,50\nk2,ana,2026-02-01,5\n"
    )
    shop.campaign("cart", audience="row.worth >= 10", for_each="{row: carts, where: days_since(left_at) <= 3}")
    one, two = asked(shop)["campaigns"]
    assert [(told["row"], told["decision"]) for told in (one, two)] == [("k1", "sent"), ("k2", "not in the audience")]
    assert line(one, "row") == (True, "`carts` k1: days_since(left_at) <= 3")
    assert lines(two, "audience")[0]["saw"] == "saw 5"
    nobody = told(shop, "ion")
    assert (nobody["decision"], line(nobody, "row")[0]) == ("no row", False)


def test_everybody_with_the_same_address_is_named(shop: SmallShop) -> None:
    shop.customer("ana", email="home@example.com")
    shop.customer("ion", email="home@example.com")
    shop.campaign("hello")
    found = asked(shop, "home@example.com")
    assert (found["customer"], found["also"]) == ("ana", ["ion"])


def test_nothing_is_written(winback: SmallShop) -> None:
    days.run(winback, "winback", NOON)

    def kept() -> dict[str, bytes]:
        folder = winback.root / ".regulars"
        files = [folder / "ledger.sqlite", *folder.glob("snapshots/*"), *folder.glob("decisions/*")]
        return {path.name: path.read_bytes() for path in files}

    before = kept()
    asked(winback)
    assert kept() == before


def test_without_a_snapshot_only_their_own_rows_are_counted(winback: SmallShop) -> None:
    assert asked(winback)["campaigns"][0]["decision"] == "sent"
    assert not list((winback.root / ".regulars").glob("snapshots/*.parquet"))


def test_it_says_the_same_with_a_snapshot_and_without(winback: SmallShop) -> None:
    without = told(winback)
    with winback.desk(looking=True) as desk:
        desk.snapshot(NOON)
    kept = told(winback)
    for one in (without, kept):
        one.update(read_at="")
    assert kept == without


@pytest.mark.postgres
def test_a_database_says_the_same(winback: SmallShop, postgres_url: str) -> None:
    in_files = asked(winback, "0700 000 001")
    shop_in_postgres.move(winback, postgres_url)
    for who in ("ana", "Ana@example.com", "0700 000 001"):
        assert asked(winback, who) == in_files
