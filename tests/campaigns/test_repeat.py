"""Who may enter again, and when."""

from __future__ import annotations

import pytest

import shop_days as days
from small_shop import SmallShop

DAY = "2026-02-01 10:00"


def shop_with(shop: SmallShop, **keys: str) -> SmallShop:
    shop.customer("ana")
    shop.campaign("hello", **keys)
    return shop


def enters(shop: SmallShop, when: str) -> bool:
    """Whether ana enters at `when`; what she gets is delivered at once."""
    entered = days.run(shop, "hello", when).enter == 1
    days.send(shop, when)
    return entered


def test_once_is_once(shop: SmallShop) -> None:
    shop_with(shop, repeat="once")
    assert [enters(shop, day) for day in (DAY, "2026-02-02 10:00", "2036-02-01 10:00")] == [True, False, False]


def test_every_ninety_days_counts_calendar_days_of_the_shop(shop: SmallShop) -> None:
    shop_with(shop, repeat="every 90 days")
    assert [enters(shop, day) for day in ("2026-02-01 23:00", "2026-05-01 23:30", "2026-05-02 00:05")] == [
        True,
        False,
        True,
    ]


def test_every_year_is_not_the_last_of_december_and_the_first_of_january(shop: SmallShop) -> None:
    shop_with(shop, repeat="every year")
    moments = ("2026-12-31 10:00", "2027-01-01 10:00", "2027-12-30 10:00", "2027-12-31 10:00")
    assert [enters(shop, moment) for moment in moments] == [True, False, False, True]


def test_every_run_of_ten_minutes_is_once_in_each_slot(shop: SmallShop) -> None:
    shop_with(shop, repeat="every run", schedule="every 10 minutes")
    moments = ("2026-02-01 10:01", "2026-02-01 10:09", "2026-02-01 10:10", "2026-02-01 10:19")
    assert [enters(shop, moment) for moment in moments] == [True, False, True, False]


def test_an_hour_that_comes_twice_has_its_slots_twice(shop: SmallShop) -> None:
    from datetime import UTC, datetime

    shop_with(shop, repeat="every run", schedule="every 10 minutes")
    first, second = (datetime(2026, 10, 25, hour, 15, tzinfo=UTC) for hour in (0, 1))
    assert days.run(shop, "hello", first).enter == 1
    days.send(shop, first)
    assert days.run(shop, "hello", second).enter == 1


def test_nobody_enters_a_second_time_while_the_first_entry_runs(shop: SmallShop) -> None:
    shop_with(shop, repeat="every run")
    assert days.run(shop, "hello", DAY).enter == 1
    assert days.run(shop, "hello", "2026-02-02 10:00").withheld == {"already-enrolled": 1}
    days.send(shop, "2026-02-01 12:00")
    assert days.run(shop, "hello", "2026-02-02 10:00").enter == 1


@pytest.mark.parametrize("repeat", ["every 400 days", "every year", "once"])
def test_changing_repeat_mails_nobody_again(shop: SmallShop, repeat: str) -> None:
    shop_with(shop, repeat="every run")
    assert enters(shop, DAY)
    shop.campaign("hello", repeat=repeat)
    assert not enters(shop, "2026-02-02 10:00")


def test_running_a_batch_twice_enrols_nobody_twice(shop: SmallShop) -> None:
    from regulars.campaigns import running

    shop_with(shop)
    with days.opened(shop, DAY) as (desk, moment):
        first, second = running.select(desk, "hello", moment), running.select(desk, "hello", moment)
        assert [running.enrol(desk, run_id, 0).new for run_id in (first.run_id, first.run_id, second.run_id)] == [
            1,
            0,
            0,
        ]
    assert len(days.rows(shop, "message")) == 1


def test_a_campaign_that_is_not_live_enrols_nobody(shop: SmallShop) -> None:
    shop_with(shop, status="paused")
    assert "paused" in days.run(shop, "hello", DAY).stopped
    assert days.rows(shop, "enrolment") == []


EXPECTED = [
    ("{audience: {max: 1}}", "at most 1"),
    ("{send: {min: 3}}", "at least 3"),
    ("{audience: {min: 2, max: 2}}", ""),
]


@pytest.mark.parametrize(("expect", "stopped"), EXPECTED)
def test_expect_stops_before_anything_is_written(shop: SmallShop, expect: str, stopped: str) -> None:
    shop.customer("ion")
    shop_with(shop, expect=expect)
    assert stopped in days.run(shop, "hello", DAY).stopped
    written = [len(days.rows(shop, table)) for table in ("run", "enrolment", "message")]
    assert written == ([0, 0, 0] if stopped else [1, 2, 2])
    assert bool(list((shop.root / ".regulars").glob("decisions/*"))) is not bool(stopped)
