"""The audience, or a rule it stands on, is edited while people are inside."""

from __future__ import annotations

from edits import FIRST, FOURTH, SECOND, THIRD, Plan, one_after_another

import shop_days as days
from small_shop import RULES, SmallShop

FROM_THRESHOLD = "days_since(last_order) > 180"
TO_THRESHOLD = "days_since(last_order) > 120"


def lapsed(shop: SmallShop) -> None:
    """Ana has not ordered for 200 days, Ion for 150, Olga for 30; Dan never has."""
    shop.customer("ana")
    shop.order("ana", "2025-07-16 12:00:00")
    shop.customer("ion")
    shop.order("ion", "2025-09-04 12:00:00")
    shop.customer("olga")
    shop.order("olga", "2026-01-02 12:00:00")
    shop.customer("dan")


def loosened(shop: SmallShop) -> None:
    assert FROM_THRESHOLD in RULES
    shop.rules = RULES.replace(FROM_THRESHOLD, TO_THRESHOLD)


def test_who_is_inside_goes_on_and_new_entries_are_by_the_new_audience(shop: SmallShop) -> None:
    lapsed(shop)
    one_after_another(shop, "1 day", audience="lifecycle = 'lapsed'")
    days.live(shop, FIRST, "win")
    one_after_another(shop, "1 day", audience="lifecycle = 'prospect'")
    days.live(shop, SECOND, "win")
    assert days.states(shop) == {"ana": "one accepted, two accepted", "dan": "one accepted"}


def test_the_plan_says_that_nothing_changes_for_those_inside(shop: SmallShop, plan: Plan) -> None:
    lapsed(shop)
    one_after_another(shop, "5 days", audience="lifecycle = 'lapsed'")
    days.live(shop, FIRST, "win")
    one_after_another(shop, "5 days", audience="lifecycle = 'prospect'")
    (inside,) = [line for line in plan("win", SECOND).splitlines() if line.startswith("inside")]
    assert inside.startswith("inside 1 ")
    assert "changes nothing for them" in inside


def test_the_plan_says_that_something_changes_for_them_where_it_does(shop: SmallShop, plan: Plan) -> None:
    lapsed(shop)
    one_after_another(shop, "5 days", audience="lifecycle = 'lapsed'")
    days.live(shop, FIRST, "win")
    one_after_another(shop, "3 days", audience="lifecycle = 'lapsed'")
    (inside,) = [line for line in plan("win", SECOND).splitlines() if line.startswith("inside")]
    assert inside == "inside 1 entered earlier; your edit changes what is ahead of them"
    one_after_another(shop, "5 days", audience="lifecycle = 'lapsed'", status="paused")
    (inside,) = [line for line in plan("win", SECOND).splitlines() if line.startswith("inside")]
    assert inside == "inside 1 entered earlier; nothing goes to them before it is live again"


def test_a_looser_threshold_is_told_apart_from_what_happens_by_itself(shop: SmallShop, plan: Plan) -> None:
    lapsed(shop)
    one_after_another(shop, audience="lifecycle = 'lapsed'")
    days.live(shop, FIRST, "win")
    loosened(shop)
    said = plan("win", SECOND)
    (mine,) = [line for line in said.splitlines() if "BY YOUR EDIT" in line]
    assert mine.startswith("+1 BY YOUR EDIT"), said
    line = 1 + next(i for i, one in enumerate(shop.rules.splitlines()) if TO_THRESHOLD in one)
    assert f"rules.yaml:{line}" in said or f"line {line}" in said
    assert "by themselves" not in said or "+0 by themselves" in said


def test_every_campaign_that_uses_the_segment_says_so_and_no_other(shop: SmallShop, plan: Plan) -> None:
    lapsed(shop)
    shop.campaign("win", audience="lifecycle = 'lapsed'")
    shop.campaign("call", audience="lifecycle in ('lapsed', 'prospect')")
    shop.campaign("hello", audience="orders >= 1")
    days.live(shop, FIRST, "win", "call", "hello")
    loosened(shop)
    edited = {name: "BY YOUR EDIT" in plan(name, SECOND) for name in ("win", "call", "hello")}
    assert edited == {"win": True, "call": True, "hello": False}


def test_on_entry_does_not_fire_for_those_whom_an_edit_of_the_rules_moved(shop: SmallShop) -> None:
    lapsed(shop)
    shop.campaign("win", audience="lifecycle = 'lapsed'", repeat="on entry")
    days.live(shop, FIRST, "win")
    loosened(shop)
    (ran,) = days.live(shop, SECOND, "win")
    assert (ran.send, ran.enter) == ({}, 0)
    # Ion is inside the audience now; who comes into it by himself still enters.
    shop.customer("vera")
    shop.order("vera", "2025-10-06 12:00:00")
    (ran,) = days.live(shop, THIRD, "win")
    assert ran.enter == 0
    (ran,) = days.live(shop, FOURTH, "win")
    assert days.states(shop) == {"vera": "one accepted"}


# --- what grew, or vanished, by accident


def crowd(shop: SmallShop, people: int) -> None:
    shop.customers.clear()
    for number in range(people):
        shop.customer(f"c{number}", phone=f"+4070000{number:04}")


def five_quiet_days(shop: SmallShop, **keys: str) -> None:
    """Twenty people on each of five days: of fewer, nothing surprises."""
    crowd(shop, 20)
    shop.campaign("win", repeat="every run", **keys)
    for day in range(1, 6):
        (ran,) = days.live(shop, f"2026-02-0{day} 10:00", "win")
        assert ran.send == {"email": 20}


def test_an_audience_more_than_three_times_its_largest_stops_and_asks(shop: SmallShop) -> None:
    five_quiet_days(shop)
    crowd(shop, 61)
    (ran,) = days.live(shop, "2026-02-06 10:00", "win")
    assert "61 people" in ran.stopped
    assert "expect: {audience: {max:" in ran.stopped
    assert ran.enter == 0
    crowd(shop, 60)
    (ran,) = days.live(shop, "2026-02-06 10:00", "win")
    assert (ran.stopped, ran.send) == ("", {"email": 60})


def test_the_plan_says_that_it_would_stop(shop: SmallShop, plan: Plan) -> None:
    five_quiet_days(shop)
    crowd(shop, 61)
    (stops,) = [line for line in plan("win", "2026-02-06 10:00").splitlines() if line.lower().startswith("stops")]
    assert "61 people" in stops


def test_an_audience_of_nobody_where_it_never_was_stops_and_asks(shop: SmallShop) -> None:
    five_quiet_days(shop)
    shop.campaign("win", repeat="every run", audience="city = 'Nowhere'")
    (ran,) = days.live(shop, "2026-02-06 10:00", "win")
    assert "nobody in the audience" in ran.stopped


def test_what_the_author_expects_overrides_both(shop: SmallShop) -> None:
    five_quiet_days(shop, expect="{audience: {max: 100}}")
    crowd(shop, 61)
    (ran,) = days.live(shop, "2026-02-06 10:00", "win")
    assert (ran.stopped, ran.send) == ("", {"email": 61})
    shop.campaign("win", repeat="every run", audience="city = 'Nowhere'", expect="{audience: {min: 0}}")
    (ran,) = days.live(shop, "2026-02-07 10:00", "win")
    assert ran.stopped == ""


def test_a_campaign_that_was_empty_before_may_be_empty_again(shop: SmallShop) -> None:
    crowd(shop, 20)
    empty = "city = 'Nowhere'"
    for day, audience in ((FIRST, empty), (SECOND, "orders = 0"), (THIRD, empty)):
        shop.campaign("win", repeat="every run", audience=audience, expect="{send: {max: 100}}")
        (ran,) = days.live(shop, day, "win")
    assert (ran.audience, ran.stopped) == (0, "")


def test_of_a_handful_three_times_as_many_surprise_nobody(shop: SmallShop) -> None:
    crowd(shop, 2)
    shop.campaign("win", repeat="every run")
    days.live(shop, FIRST, "win")
    crowd(shop, 19)
    (ran,) = days.live(shop, SECOND, "win")
    assert (ran.stopped, ran.send) == ("", {"email": 19})
