"""Who has left gets nothing more: `exit` is looked up just before each send."""

from __future__ import annotations

import shop_days as days
from small_shop import RULES, SmallShop

DAY = "2026-02-01 10:00"
COUNTS = RULES.replace("code: coupon_code}", "code: coupon_code, counts: \"status <> 'cancelled'\"}")


def entered(shop: SmallShop, exit_: str = "ordered", **keys: str) -> None:
    """Ana is inside, her message planned."""
    shop.customer("ana")
    shop.order("ana", "2026-01-05 10:00:00")
    shop.campaign("hello", exit=exit_, **keys)
    assert days.run(shop, "hello", DAY).enter == 1


def test_an_order_between_entering_and_sending_takes_somebody_out(shop: SmallShop) -> None:
    entered(shop)
    shop.order("ana", "2026-02-01 10:00:30")
    assert days.send(shop, "2026-02-01 10:05") == {"suppressed": 1}
    assert days.states(shop) == {"ana": "one suppressed: exit"}
    (entry,) = days.rows(shop, "enrolment")
    assert entry["end_reason"] == "exit"


def test_an_order_before_entering_takes_nobody_out(shop: SmallShop) -> None:
    entered(shop)
    assert days.send(shop, "2026-02-01 10:05") == {"accepted": 1}


def test_an_order_while_the_message_is_held_for_the_night_takes_somebody_out(shop: SmallShop) -> None:
    shop.guards = '  quiet_hours: {email: "09:00-21:00"}'
    entered(shop)
    assert days.send(shop, DAY) == {}
    shop.order("ana", "2026-02-01 15:00:00")
    assert days.send(shop, "2026-02-01 21:00") == {"suppressed": 1}


def test_a_cancelled_order_takes_nobody_out(shop: SmallShop) -> None:
    shop.rules = COUNTS
    entered(shop)
    shop.order("ana", "2026-02-01 10:01:00", status="cancelled")
    assert days.send(shop, "2026-02-01 10:05") == {"accepted": 1}


def test_an_order_of_the_future_takes_nobody_out_yet(shop: SmallShop) -> None:
    entered(shop)
    shop.order("ana", "2026-02-01 12:00:00")
    assert days.send(shop, "2026-02-01 10:05") == {"accepted": 1}


def test_exit_may_be_any_condition(shop: SmallShop) -> None:
    entered(shop, "spent >= 500")
    shop.order("ana", "2026-02-01 10:01:00", total=450)
    assert days.send(shop, "2026-02-01 10:05") == {"suppressed": 1}


def test_exit_may_ask_what_the_ledger_knows(shop: SmallShop) -> None:
    entered(shop, "messages_30d >= 1")
    shop.campaign("other")
    days.run(shop, "other", DAY)
    states = days.send(shop, "2026-02-01 10:05")
    assert states == {"accepted": 2}
    shop.campaign("third", exit="messages_30d >= 1")
    days.run(shop, "third", "2026-02-02 10:00")
    assert days.send(shop, "2026-02-02 10:00") == {"suppressed": 1}


def test_who_ordered_between_two_messages_is_over_without_the_second(shop: SmallShop) -> None:
    two = (
        "[{send: email, template: hello/one, subject: A}, {send: email, template: hello/two, subject: B, after: 1 day}]"
    )
    entered(shop, messages=two)
    days.send(shop, DAY)
    shop.order("ana", "2026-02-01 18:00:00")
    advanced = days.advance(shop, "2026-02-02 10:00")
    assert (advanced.written, advanced.ended) == (0, 1)
    (entry,) = days.rows(shop, "enrolment")
    assert (entry["end_reason"], days.states(shop)) == ("exit", {"ana": "one accepted"})
