"""`repeat: on entry`: only who comes into the audience, by themselves, since the last run."""

from __future__ import annotations

import pytest

import shop_days as days
from small_shop import SmallShop

ONE, TWO, THREE, FOUR = (f"2026-02-0{day} 10:00" for day in (1, 2, 3, 4))


@pytest.fixture
def buyers(shop: SmallShop) -> SmallShop:
    """Ana has ordered, Ion has not."""
    shop.customer("ana")
    shop.customer("ion")
    shop.order("ana", "2026-01-05 10:00:00")
    shop.campaign("first", audience="orders >= 1", repeat="on entry")
    return shop


def entered(shop: SmallShop) -> list[str]:
    return [row["customer_id"] for row in days.rows(shop, "enrolment", order="entered_at, customer_id")]


def lived(shop: SmallShop, when: str) -> dict[str, int]:
    """Run and deliver; what was withheld."""
    withheld = days.run(shop, "first", when).withheld
    days.send(shop, when)
    return withheld


def test_the_first_run_finds_people_inside_and_they_do_not_enter(buyers: SmallShop) -> None:
    assert [lived(buyers, day) for day in (ONE, ONE, TWO)] == [{"not-entering": 1}] * 3
    assert entered(buyers) == []


def test_who_comes_in_enters_once(buyers: SmallShop) -> None:
    lived(buyers, ONE)
    buyers.order("ion", "2026-02-01 12:00:00")
    assert lived(buyers, TWO) == {"not-entering": 1}
    assert [lived(buyers, day) for day in (TWO, THREE)] == [{"not-entering": 2}] * 2
    assert entered(buyers) == ["ion"]


def test_an_audience_that_was_empty_at_first_lets_everybody_in(buyers: SmallShop) -> None:
    buyers.orders.clear()
    assert lived(buyers, ONE) == {}
    buyers.order("ana", "2026-02-01 12:00:00")
    lived(buyers, TWO)
    assert entered(buyers) == ["ana"]


def test_who_leaves_and_comes_back_enters_again(buyers: SmallShop) -> None:
    buyers.campaign("first", audience="city = 'Cluj'", repeat="on entry")
    moves = {ONE: "Cluj", TWO: "Iasi", THREE: "Cluj", FOUR: "Cluj"}
    for day, city in moves.items():
        buyers.customers[0]["city"] = city
        lived(buyers, day)
    assert entered(buyers) == ["ana"]


def test_who_comes_back_while_the_earlier_entry_runs_does_not(buyers: SmallShop) -> None:
    two = "{send: email, template: first/two, subject: S, after: 9 days}"
    messages = f"[{{send: email, template: first/one, subject: S}}, {two}]"
    buyers.campaign("first", audience="city = 'Cluj'", repeat="on entry", messages=messages)
    for day, city in {ONE: "Iasi", TWO: "Cluj", THREE: "Iasi"}.items():
        buyers.customers[0]["city"] = city
        lived(buyers, day)
    buyers.customers[0]["city"] = "Cluj"
    assert lived(buyers, FOUR) == {"already-enrolled": 1}
    assert entered(buyers) == ["ana"]


EDITS = {
    "the audience": ("orders >= 2", "orders >= 1", {}),
    "a segment it reads": ("lifecycle <> 'lapsed'", "lifecycle <> 'lapsed'", {"> 180": "> 400"}),
    "what is counted": ("spent >= 100", "spent >= 100", {"value: sum(total)": "value: sum(total * 3)"}),
}


@pytest.mark.parametrize("edit", EDITS)
def test_people_whom_an_edit_of_the_rules_moves_do_not_enter(shop: SmallShop, edit: str) -> None:
    before, after, changed = EDITS[edit]
    for customer in ("ana", "ion"):
        shop.customer(customer)
    shop.order("ana", "2025-02-05 10:00:00", total=50)
    shop.campaign("first", audience=before, repeat="on entry")
    lived(shop, ONE)
    for old, new in changed.items():
        shop.rules = shop.rules.replace(old, new)
    shop.campaign("first", audience=after, repeat="on entry")
    inside = 2 if edit == "a segment it reads" else 1
    assert lived(shop, TWO) == {"not-entering": inside}
    # By themselves they still come in, on the day of an edit too.
    shop.customer("eva")
    shop.order("eva", "2026-02-02 09:00:00", total=200)
    shop.order("eva", "2026-02-02 09:30:00", total=200)
    shop.rules = shop.rules.replace("orders - 1", "orders - 2")
    lived(shop, THREE)
    assert entered(shop) == ["eva"]


def test_an_edit_and_a_change_of_data_on_one_day_are_told_apart(buyers: SmallShop) -> None:
    buyers.customer("eva")
    buyers.campaign("first", audience="city = 'Cluj' and orders >= 1", repeat="on entry")
    buyers.order("eva", "2026-01-05 10:00:00")
    buyers.customers[2]["city"] = "Iasi"
    lived(buyers, ONE)
    buyers.campaign("first", audience="(city = 'Cluj' or city = 'Iasi') and orders >= 1", repeat="on entry")
    buyers.customers[0]["city"] = "Cluj"
    assert lived(buyers, TWO) == {"not-entering": 1}
    assert entered(buyers) == ["ana"]


def test_an_edit_of_something_else_keeps_nobody_out(buyers: SmallShop) -> None:
    lived(buyers, ONE)
    buyers.order("ion", "2026-02-01 12:00:00")
    buyers.rules = buyers.rules.replace("> 180", "> 200")
    lived(buyers, TWO)
    assert entered(buyers) == ["ion"]


def test_whom_a_cap_keeps_out_waits_and_is_tried_again_within_send_within(buyers: SmallShop) -> None:
    buyers.guards = "  frequency: {any: 1 per day}"
    buyers.campaign("first", audience="orders >= 1", repeat="on entry", send_within="3 days")
    buyers.campaign("news", repeat="every run")
    lived(buyers, ONE)
    buyers.order("ion", "2026-02-01 12:00:00")
    days.run(buyers, "news", TWO)
    assert lived(buyers, TWO) == {"not-entering": 1, "frequency": 1}
    days.run(buyers, "news", THREE)
    assert lived(buyers, THREE) == {"not-entering": 1, "frequency": 1}
    assert lived(buyers, FOUR) == {"not-entering": 1}
    assert entered(buyers)[-1] == "ion"


def test_who_waited_longer_than_send_within_does_not_enter(buyers: SmallShop) -> None:
    buyers.guards = "  frequency: {any: 1 per day}"
    buyers.campaign("news", repeat="every run")
    lived(buyers, ONE)
    buyers.order("ion", "2026-02-01 12:00:00")
    days.run(buyers, "news", TWO)
    assert lived(buyers, TWO) == {"not-entering": 1, "frequency": 1}
    assert lived(buyers, THREE) == {"not-entering": 2}


def test_a_run_that_never_enrolled_is_made_up_for(buyers: SmallShop) -> None:
    lived(buyers, ONE)
    buyers.order("ion", "2026-02-01 12:00:00")
    assert days.select(buyers, "first", TWO).enter == 1
    assert days.run(buyers, "first", "2026-02-02 10:05").enter == 1
    assert days.run(buyers, "first", "2026-02-02 10:10").enter == 0
    assert entered(buyers) == ["ion"]


def test_going_over_to_on_entry_begins_anew(buyers: SmallShop) -> None:
    buyers.campaign("first", audience="orders >= 1", repeat="every run")
    lived(buyers, ONE)
    buyers.order("ion", "2026-02-01 12:00:00")
    buyers.campaign("first", audience="orders >= 1", repeat="on entry")
    assert lived(buyers, TWO) == {"not-entering": 2}
    assert entered(buyers) == ["ana"]


def test_looking_changes_nothing(buyers: SmallShop) -> None:
    from regulars.campaigns.planning.plan import plan

    lived(buyers, ONE)
    buyers.order("ion", "2026-02-01 12:00:00")
    for _ in range(2):
        with days.opened(buyers, TWO) as (desk, moment):
            planned = plan(desk, ["first"], moment)["campaigns"][0]
        assert (planned["send"], planned["withheld"]) == ({"email": 1}, {"not-entering": 1})
    assert len(days.rows(buyers, "membership")) == 1
