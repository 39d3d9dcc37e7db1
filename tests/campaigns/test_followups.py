"""Follow-ups: when they fall due, and what settles them."""

from __future__ import annotations

from datetime import UTC, datetime

import shop_days as days
from small_shop import SmallShop

DAY = "2026-02-01 10:00"


def chain(shop: SmallShop, *more: str, **keys: str) -> None:
    """A first letter, and follow-ups described by `more`: `after: 1 day, send: sms`."""
    names = ("two", "three")
    rest = [f"{{template: win/{name}, subject: S, {say}}}" for name, say in zip(names, more, strict=False)]
    shop.campaign("win", messages=f"[{{send: email, template: win/one, subject: S}}, {', '.join(rest)}]", **keys)


def begin(shop: SmallShop, when: str = DAY) -> None:
    days.run(shop, "win", when)
    days.send(shop, when)


def due_at(shop: SmallShop, name: str) -> datetime:
    (row,) = [row for row in days.rows(shop, "message") if row["name"] == name]
    return datetime.fromisoformat(row["due_at"]).replace(tzinfo=UTC)


def test_days_are_counted_by_the_customers_calendar_across_daylight_saving(shop: SmallShop) -> None:
    shop.customer("ana", timezone="America/New_York")
    chain(shop, "send: email, after: 5 days")
    begin(shop, "2026-03-06 17:00")  # 10:00 there; their clocks change on 8 March, the shop's on the 29th
    assert days.advance(shop, "2026-03-11 15:59").written == 0
    assert days.advance(shop, "2026-03-11 16:00").written == 1
    assert due_at(shop, "two") == datetime(2026, 3, 11, 14, tzinfo=UTC)


def test_hours_are_exact_across_daylight_saving(shop: SmallShop) -> None:
    shop.customer("ana")
    chain(shop, "send: email, after: 6 hours")
    begin(shop, "2026-03-29 00:00")
    assert days.advance(shop, "2026-03-29 06:59").written == 0
    assert days.advance(shop, "2026-03-29 07:00").written == 1


def test_a_follow_up_whose_condition_does_not_hold_is_left_out_and_the_next_goes_on(shop: SmallShop) -> None:
    shop.customer("ana")
    chain(shop, "send: email, after: 1 day, when: orders >= 1", "send: email, after: 1 day")
    begin(shop)
    days.advance(shop, "2026-02-02 10:00")
    days.advance(shop, "2026-02-03 10:00")
    days.send(shop, "2026-02-03 10:00")
    assert days.states(shop) == {"ana": "one accepted, three accepted, two skipped: when"}


def test_a_follow_up_that_cannot_reach_somebody_is_settled_with_its_reason(shop: SmallShop) -> None:
    shop.customer("ana", phone="")
    shop.customer("ion", sms_consent="no")
    chain(shop, "send: sms, after: 1 day", "send: email, after: 1 day")
    begin(shop)
    assert days.advance(shop, "2026-02-02 10:00").written == 2
    days.advance(shop, "2026-02-03 10:00")
    days.send(shop, "2026-02-03 10:00")
    assert days.states(shop) == {
        "ana": "one accepted, three accepted, two suppressed: no-address",
        "ion": "one accepted, three accepted, two suppressed: no-consent",
    }
    assert all(row["address"] == "" for row in days.rows(shop, "message") if row["name"] == "two")


def test_somebody_whom_the_shop_has_deleted_gets_nothing_more(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.customer("ion")
    chain(shop, "send: email, after: 1 day")
    begin(shop)
    shop.customers.pop(0)
    days.advance(shop, "2026-02-02 10:00")
    assert days.states(shop) == {"ana": "one accepted, two suppressed: no-consent", "ion": "one accepted, two planned"}


def test_a_full_cap_waits_and_expires_after_send_within(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.guards = "  frequency: {any: 1 per 3 days}"
    chain(shop, "send: email, after: 1 day", send_within="1 day")
    begin(shop)
    assert days.advance(shop, "2026-02-02 10:00").written == 0
    assert days.advance(shop, "2026-02-03 09:59").written == 0
    assert days.advance(shop, "2026-02-03 10:00").written == 1
    assert days.states(shop) == {"ana": "one accepted, two expired: send_within is over"}


def test_a_full_cap_that_empties_in_time_lets_it_go(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.guards = "  frequency: {any: 1 per 2 days}"
    chain(shop, "send: email, after: 1 day", send_within="1 day")
    begin(shop)
    assert days.advance(shop, "2026-02-02 23:00").written == 0
    assert days.advance(shop, "2026-02-03 00:05").written == 1


def test_after_a_long_outage_each_follow_up_is_settled_once_and_the_entry_ends(shop: SmallShop) -> None:
    shop.customer("ana")
    chain(shop, "send: email, after: 1 day", "send: email, after: 1 day")
    begin(shop)
    advanced = days.advance(shop, "2026-03-01 10:00")
    assert (advanced.written, advanced.ended) == (2, 1)
    late = "send_within is over"
    assert days.states(shop) == {"ana": f"one accepted, three expired: {late}, two expired: {late}"}
    (entry,) = days.rows(shop, "enrolment")
    assert entry["end_reason"] == "finished"


def test_advancing_twice_writes_nothing_twice(shop: SmallShop) -> None:
    shop.customer("ana")
    chain(shop, "send: email, after: 1 day")
    begin(shop)
    assert [days.advance(shop, "2026-02-02 10:00").written for _ in range(2)] == [1, 0]


def test_who_stands_at_a_message_that_was_deleted_is_finished(shop: SmallShop) -> None:
    shop.customer("ana")
    chain(shop, "send: email, after: 1 day")
    begin(shop)
    days.advance(shop, "2026-02-02 10:00")
    days.send(shop, "2026-02-02 10:00")
    shop.campaign("win")
    assert days.advance(shop, "2026-02-02 11:00").ended == 1


def test_a_first_message_whose_condition_does_not_hold_lets_somebody_enter_all_the_same(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign(
        "win",
        messages="[{send: email, template: win/one, subject: S, when: orders >= 1}, "
        "{send: email, template: win/two, subject: S, after: 1 day}]",
    )
    selected = days.run(shop, "win", DAY)
    assert (selected.send, selected.withheld, selected.enter) == ({}, {"when": 1}, 1)
    days.advance(shop, "2026-02-02 10:00")
    days.send(shop, "2026-02-02 10:00")
    assert days.states(shop) == {"ana": "one skipped: when, two accepted"}


def test_a_paused_campaign_writes_no_follow_ups(shop: SmallShop) -> None:
    shop.customer("ana")
    chain(shop, "send: email, after: 1 day")
    begin(shop)
    chain(shop, "send: email, after: 1 day", status="paused")
    assert days.advance(shop, "2026-02-02 10:00").written == 0


def test_a_follow_up_may_say_somebodys_own_code_for_friends(shop: SmallShop) -> None:
    shop.customer("ana")
    chain(shop, "send: email, after: 1 day")
    shop.words("win/two", offer="{{ referral.code }}")
    begin(shop)
    days.advance(shop, "2026-02-02 10:00")
    assert days.send(shop, "2026-02-02 10:00") == {"accepted": 1}
    (code,) = days.rows(shop, "referral_code")
    (path,) = [path for path in (shop.root / ".regulars/outbox").rglob("*.eml") if code["code"] in path.read_text()]
    assert path.exists()


def test_a_message_that_was_given_another_name_does_not_go_out_again(shop: SmallShop) -> None:
    shop.customer("ana")
    chain(shop, "send: email, after: 1 day")
    begin(shop)
    shop.campaign(
        "win",
        messages="[{name: hello, send: email, template: win/one, subject: S}, "
        "{send: email, template: win/two, subject: S, after: 1 day}]",
    )
    days.advance(shop, "2026-02-02 10:00")
    assert days.states(shop) == {"ana": "one accepted, two planned"}


def test_a_first_message_that_lost_its_own_time_is_due_since_they_entered(shop: SmallShop) -> None:
    shop.customer("ana")
    message = "[{{send: email, template: win/one, subject: S{time}}}]"
    shop.campaign("win", messages=message.format(time=", after: 3 days from entry"))
    days.run(shop, "win", DAY)
    assert days.rows(shop, "message") == []
    shop.campaign("win", messages=message.format(time=""), send_within="3 days")
    days.advance(shop, "2026-02-02 10:00")
    assert days.states(shop) == {"ana": "one planned"}


def test_what_an_edit_makes_overdue_goes_now_if_it_is_in_time_and_else_never(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.customer("ion")
    chain(shop, "send: email, after: 30 days", send_within="2 days")
    begin(shop)
    chain(shop, "send: email, after: 1 day", send_within="2 days")
    days.advance(shop, "2026-02-03 09:00")
    assert days.states(shop) == {"ana": "one accepted, two planned", "ion": "one accepted, two planned"}
    shop.customer("olga")
    begin(shop, "2026-02-04 10:00")
    chain(shop, "send: email, after: 30 days", send_within="2 days")
    days.advance(shop, "2026-02-10 10:00")
    chain(shop, "send: email, after: 1 day", send_within="2 days")
    days.advance(shop, "2026-02-10 10:00")
    assert days.states(shop)["olga"] == "one accepted, two expired: send_within is over"
