"""A campaign is paused and resumed, its file is renamed, and somebody runs it twice by hand."""

from __future__ import annotations

import pytest
from edits import FIRST, FOURTH, SECOND, THIRD, Plan, got, letter, one_after_another, win

import shop_days as days
from small_shop import SmallShop


def renamed(shop: SmallShop, old: str, new: str, formerly: str = "") -> None:
    """`campaigns/OLD.yaml` becomes `campaigns/NEW.yaml`; `formerly` is what the new one says of its name."""
    path = shop.root / "campaigns" / f"{old}.yaml"
    text = path.read_text(encoding="utf-8") + (f"formerly: {formerly}\n" if formerly else "")
    path.unlink()
    (shop.root / "campaigns" / f"{new}.yaml").write_text(text, encoding="utf-8")


# --- pause, then resume


def test_a_paused_campaign_neither_enters_anybody_nor_goes_on(shop: SmallShop) -> None:
    shop.customer("ana")
    one_after_another(shop, "1 day")
    days.live(shop, FIRST, "win")
    shop.customer("ion")
    one_after_another(shop, "1 day", status="paused")
    (ran,) = days.live(shop, SECOND, "win")
    assert "paused" in ran.stopped
    assert got(shop) == {"ana": "one 1 Feb"}


def test_what_is_still_in_time_goes_when_it_is_resumed_and_what_is_late_is_dropped(shop: SmallShop) -> None:
    shop.customer("ana")
    one_after_another(shop, "1 day", send_within="2 days")
    days.live(shop, FIRST, "win")
    shop.customer("ion")
    days.live(shop, THIRD, "win")
    assert got(shop) == {"ana": "one 1 Feb, two 3 Feb", "ion": "one 3 Feb"}
    one_after_another(shop, "1 day", send_within="2 days", status="paused")
    days.live(shop, FOURTH)
    one_after_another(shop, "1 day", send_within="2 days")
    days.live(shop, "2026-02-05 10:00")
    assert got(shop)["ion"] == "one 3 Feb, two 5 Feb"


def test_a_follow_up_that_fell_due_too_long_ago_during_the_pause_is_dropped(shop: SmallShop) -> None:
    shop.customer("ana")
    one_after_another(shop, "1 day")
    days.live(shop, FIRST, "win")
    one_after_another(shop, "1 day", status="paused")
    days.live(shop, SECOND)
    one_after_another(shop, "1 day")
    days.live(shop, FOURTH)
    assert days.states(shop) == {"ana": "one accepted, two expired: send_within is over"}


def test_a_message_that_waited_in_the_outbox_during_the_pause_is_dropped_when_late(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.guards = '  quiet_hours: {email: "21:00-09:00"}'
    win(shop, letter("one"))
    days.live(shop, "2026-02-01 22:00", "win")
    win(shop, letter("one"), status="paused")
    days.live(shop, "2026-02-02 09:00")
    assert days.states(shop) == {"ana": "one planned: paused"}
    win(shop, letter("one"))
    days.live(shop, "2026-02-03 12:00")
    assert days.states(shop) == {"ana": "one expired: send_within is over"}


def test_what_a_pause_held_back_goes_within_the_daily_caps(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.guards = '  frequency: {any: 1 per day}\n  quiet_hours: {email: "21:00-09:00"}'
    shop.campaign("win", send_within="3 days")
    shop.campaign("call", send_within="3 days", schedule="daily at 22:00")
    days.live(shop, "2026-02-01 22:00", "win")
    days.live(shop, "2026-02-02 22:00", "call")
    shop.campaign("win", send_within="3 days", status="paused")
    shop.campaign("call", send_within="3 days", schedule="daily at 22:00", status="paused")
    days.live(shop, "2026-02-03 10:00")
    shop.campaign("win", send_within="3 days")
    shop.campaign("call", send_within="3 days", schedule="daily at 22:00")
    days.live(shop, "2026-02-03 12:00")
    days.live(shop, "2026-02-04 12:00")
    sent = days.rows(shop, "message", "campaign, sent_at", "sent_at")
    assert [row["sent_at"][:10] for row in sent] == ["2026-02-03", "2026-02-04"]


# --- the file is renamed


def test_a_renamed_campaign_is_stopped_until_it_says_what_it_was_called(shop: SmallShop) -> None:
    shop.customer("ana")
    one_after_another(shop, "1 day")
    days.live(shop, FIRST, "win")
    renamed(shop, "win", "comeback")
    (ran,) = days.live(shop, SECOND, "comeback")
    assert "formerly: win" in ran.stopped
    assert "formerly: none" in ran.stopped
    assert got(shop) == {"ana": "one 1 Feb"}


def test_with_formerly_entries_arms_and_repeats_go_on_under_the_new_name(shop: SmallShop) -> None:
    for number in range(40):
        shop.customer(f"c{number}", phone=f"+4070000{number:04}")
    one_after_another(shop, "1 day", holdout="20%")
    days.live(shop, FIRST, "win")
    held = {row["customer_id"] for row in days.rows(shop, "enrolment") if row["arm"] == "holdout"}
    assert 0 < len(held) < 20
    renamed(shop, "win", "comeback", formerly="win")
    (ran,) = days.live(shop, SECOND, "comeback")
    assert (ran.stopped, ran.enter, ran.withheld) == ("", 0, {"already-enrolled": 40})
    sent = days.rows(shop, "message", "customer_id, name")
    assert {row["customer_id"] for row in sent if row["name"] == "two"} == {f"c{n}" for n in range(40)} - held


def test_a_newcomer_of_the_renamed_campaign_is_drawn_as_the_old_name_would_have_drawn(shop: SmallShop) -> None:
    for number in range(60):
        shop.customer(f"c{number}", phone=f"+4070000{number:04}")
    shop.campaign("win", holdout="30%", repeat="every run")
    days.live(shop, FIRST, "win")
    before = {row["customer_id"]: row["arm"] for row in days.rows(shop, "enrolment")}
    renamed(shop, "win", "comeback", formerly="win")
    days.live(shop, SECOND, "comeback")
    again = days.rows(shop, "enrolment", "customer_id, arm", "entered_at")[len(before) :]
    assert {row["customer_id"]: row["arm"] for row in again} == before


def test_with_formerly_none_it_is_a_new_campaign(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("win")
    days.live(shop, FIRST, "win")
    renamed(shop, "win", "comeback", formerly="none")
    (ran,) = days.live(shop, SECOND, "comeback")
    assert (ran.stopped, ran.send) == ("", {"email": 1})


def test_a_campaign_that_is_only_deleted_stops_no_other(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("win")
    shop.campaign("other")
    days.live(shop, FIRST, "win", "other")
    (shop.root / "campaigns" / "win.yaml").unlink()
    (ran,) = days.live(shop, SECOND, "other")
    assert ran.stopped == ""


def test_the_plan_of_a_renamed_campaign_says_that_it_stops(shop: SmallShop, plan: Plan) -> None:
    shop.customer("ana")
    shop.campaign("win")
    days.live(shop, FIRST, "win")
    renamed(shop, "win", "comeback")
    assert "formerly: win" in plan("comeback", SECOND)


def test_a_campaign_that_is_over_and_comes_back_under_another_name_is_asked_too(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("win")
    shop.campaign("other")
    days.live(shop, FIRST, "win", "other")
    renamed(shop, "win", "comeback")
    # Others go on meanwhile, and what they run with is no excuse for the one that waits.
    (_, ran) = days.live(shop, SECOND, "other", "comeback")
    assert "`win` is gone, which 1 person entered" in ran.stopped
    (_, ran) = days.live(shop, THIRD, "other", "comeback")
    assert "formerly: none" in ran.stopped


def test_a_campaign_that_was_there_as_a_draft_beside_the_vanished_one_is_no_new_name_of_it(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("win")
    shop.campaign("comeback", status="draft")
    days.live(shop, FIRST, "win")
    (shop.root / "campaigns" / "win.yaml").unlink()
    shop.campaign("comeback")
    (ran,) = days.live(shop, SECOND, "comeback")
    assert ran.stopped == ""


# --- twice by hand


@pytest.mark.parametrize("repeat", ["once", "every 90 days", "every run", "on entry"])
def test_running_twice_sends_nothing_twice_and_says_so(shop: SmallShop, plan: Plan, repeat: str) -> None:
    shop.customer("ana")
    shop.campaign("win", repeat=repeat, audience="orders >= 1")
    days.live(shop, "2026-01-31 10:00", "win")
    shop.order("ana", "2026-01-31 20:00:00")
    (first,) = days.live(shop, FIRST, "win")
    (second,) = days.live(shop, "2026-02-01 10:05", "win")
    assert (first.send, second.send) == ({"email": 1}, {})
    reason = "not-entering" if repeat == "on entry" else "already-enrolled"
    assert second.withheld == {reason: 1}
    assert got(shop) == {"ana": "one 1 Feb"}
    assert f"1 {reason}" in plan("win", "2026-02-01 10:10")
