"""First messages with a time of their own: from the row, to a day of the row, or from entering."""

from __future__ import annotations

import pytest
from walking_shop import deliveries, due, walking

import shop_days as days
from regulars.campaigns import running
from small_shop import SmallShop

DAY, NEXT = "2026-02-10 10:00", "2026-02-11 10:00"


@pytest.fixture
def parcels(shop: SmallShop) -> SmallShop:
    """Ana lives by the shop's clock."""
    walking(shop)
    shop.customer("ana")
    return shop


def care(shop: SmallShop, *timed: str, **keys: str) -> None:
    """`timed`: the time of each message, such as `after: 2 days from row.delivered_at`."""
    names = ("one", "two", "three")
    messages = [f"{{send: email, template: care/{name}, subject: S, {time}}}" for name, time in zip(names, timed)]  # noqa: B905  # as many as are asked for
    shop.campaign("care", messages=f"[{', '.join(messages)}]", **({"for_each": "{row: deliveries}"} | keys))


def test_who_is_due_gets_it_at_once(parcels: SmallShop) -> None:
    deliveries(parcels, ("p1", "ana", "2026-02-08 15:00"))
    care(parcels, "after: 2 days from row.delivered_at")
    assert days.run(parcels, "care", DAY).send == {"email": 1}
    assert days.send(parcels, DAY) == {"accepted": 1}


def test_who_is_due_later_enters_without_it_and_gets_it_then_once(parcels: SmallShop) -> None:
    deliveries(parcels, ("p1", "ana", "2026-02-09 15:00"))
    care(parcels, "after: 2 days from row.delivered_at")
    selected = days.run(parcels, "care", DAY)
    assert (selected.enter, selected.later, selected.send, selected.withheld) == (1, 1, {}, {})
    assert days.rows(parcels, "message") == []
    days.advance(parcels, "2026-02-11 09:59")
    assert days.rows(parcels, "message") == []
    for _ in range(2):
        days.advance(parcels, NEXT)
        assert days.run(parcels, "care", NEXT).withheld == {"already-enrolled": 1}
    assert days.states(parcels) == {"ana": "one planned"}


def test_too_late_for_the_first_is_not_too_late_for_the_next(parcels: SmallShop) -> None:
    deliveries(parcels, ("p1", "ana", "2026-02-05 15:00"))
    care(parcels, "after: 2 days from row.delivered_at", "after: 6 days from row.delivered_at")
    assert days.run(parcels, "care", DAY).withheld == {"too-late": 1}
    assert days.states(parcels) == {"ana": "one expired: too-late"}
    days.advance(parcels, NEXT)
    assert days.states(parcels) == {"ana": "one expired: too-late, two planned"}


def test_who_is_too_late_for_every_message_does_not_enter(parcels: SmallShop) -> None:
    deliveries(parcels, ("p1", "ana", "2026-02-01 15:00"))
    care(parcels, "after: 2 days from row.delivered_at", "after: 6 days from row.delivered_at")
    assert days.run(parcels, "care", DAY).audience == 0
    care(parcels, "after: 2 days from row.delivered_at", "after: 6 days from row.delivered_at", send_within="4 days")
    assert days.run(parcels, "care", DAY).enter == 1


def test_an_edited_time_moves_what_has_not_been_decided(parcels: SmallShop) -> None:
    deliveries(parcels, ("p1", "ana", "2026-02-09 15:00"))
    care(parcels, "after: 5 days from row.delivered_at")
    assert days.run(parcels, "care", DAY).later == 1
    care(parcels, "after: 2 days from row.delivered_at")
    days.advance(parcels, NEXT)
    assert days.states(parcels) == {"ana": "one planned"}


def test_before_a_day_of_the_row(parcels: SmallShop) -> None:
    due(parcels, ("d1", "ana", "2026-02-14", "tea"), ("d2", "ana", "2026-02-13", "milk"))
    care(parcels, "before: 3 days to row.due_on", for_each="{row: due}")
    selected = days.run(parcels, "care", DAY)
    assert (selected.send, selected.later) == ({"email": 1}, 1)
    days.advance(parcels, "2026-02-11 10:00")
    assert days.states(parcels) == {"ana": "one planned, one planned"}


def test_from_entering_whoever_enters_waits(shop: SmallShop) -> None:
    shop.customer("ana")
    time = "after: 14 days from entry at 18:00"
    shop.campaign("hello", messages=f"[{{send: email, template: hello/one, subject: S, {time}}}]")
    assert days.run(shop, "hello", DAY).later == 1
    days.advance(shop, "2026-02-24 17:59")
    assert days.rows(shop, "message") == []
    days.advance(shop, "2026-02-24 18:00")
    assert days.states(shop) == {"ana": "one planned"}


def test_who_waits_is_asked_for_nothing_before_the_message_is_due(parcels: SmallShop) -> None:
    parcels.customer("ion", email_consent="no")
    parcels.customer("eva", email="")
    parcels.guards = '  frequency: {any: 1 per day}\n  quiet_hours: {email: "08:00-12:00"}'
    deliveries(parcels, ("p1", "ana", "2026-02-09 15:00"), ("p2", "ana", "2026-02-09 16:00"),
               ("p3", "ion", "2026-02-09 15:00"), ("p4", "eva", "2026-02-09 15:00"))  # fmt: skip
    care(parcels, "after: 2 days from row.delivered_at", send_within="6 hours")
    selected = days.run(parcels, "care", DAY)
    assert (selected.later, selected.withheld) == (4, {})
    parcels.customers[1]["email_consent"] = "yes"
    days.advance(parcels, NEXT)
    states = days.states(parcels)
    assert (states["ion"], states["eva"]) == ("one planned", "one suppressed: no-address")


def test_whom_the_first_message_cannot_reach_may_get_the_next(parcels: SmallShop) -> None:
    parcels.customers[0]["email"] = ""
    deliveries(parcels, ("p1", "ana", "2026-02-08 15:00"))
    two = "{send: sms, template: care/two, after: 3 days from row.delivered_at}"
    one = "{send: email, template: care/one, subject: S, after: 2 days from row.delivered_at}"
    parcels.campaign("care", for_each="{row: deliveries}", messages=f"[{one}, {two}]")
    selected = days.run(parcels, "care", DAY)
    assert (selected.enter, selected.withheld) == (1, {"no-address": 1})
    days.advance(parcels, NEXT)
    assert days.states(parcels) == {"ana": "one suppressed: no-address, two planned"}
    parcels.campaign("alone", for_each="{row: deliveries}", messages=f"[{one.replace('care', 'alone')}]")
    assert days.run(parcels, "alone", DAY).enter == 0


def test_who_is_held_out_is_held_out_before_the_first_message(parcels: SmallShop) -> None:
    deliveries(parcels, ("p1", "ana", "2026-02-09 15:00"))
    care(parcels, "after: 2 days from row.delivered_at", holdout="100%")
    assert days.run(parcels, "care", DAY).withheld == {"holdout": 1}
    days.advance(parcels, NEXT)
    assert days.rows(parcels, "message") == []


def test_days_end_at_the_schedules_clock_and_hours_are_exact(parcels: SmallShop) -> None:
    parcels.customers[0]["timezone"] = "America/New_York"
    deliveries(parcels, ("p1", "ana", "2026-02-10 15:30"))
    moments = []
    for number, (time, schedule) in enumerate(
        (
            ("2 days from row.delivered_at", "daily at 9:00"),
            ("2 days from row.delivered_at", "daily at 9:00 their time"),
            ("2 days from row.delivered_at at 18:00", "daily at 9:00"),
            ("2 days from row.delivered_at", "every 10 minutes"),
            ("5 hours from row.delivered_at", "daily at 9:00"),
        )
    ):
        name = f"care{number}"
        message = f"[{{send: email, template: {name}/one, subject: S, after: {time}}}]"
        parcels.campaign(name, for_each="{row: deliveries}", schedule=schedule, messages=message)
        with days.opened(parcels, "2026-02-10 16:00") as (desk, moment):
            running.select(desk, name, moment)
            (due_at,) = desk.connection.execute(
                "select strftime(due_at, '%m-%d %H:%M') from regulars_selected"
            ).fetchone()
        moments.append(due_at)
    assert moments == ["02-12 07:00", "02-12 14:00", "02-12 23:00", "02-12 13:30", "02-10 18:30"]
