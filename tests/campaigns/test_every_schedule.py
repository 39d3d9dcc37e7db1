"""Every form of a schedule falls on the right day, the customer's where it says `their time`."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

import shop_days as days
from regulars.campaigns import calendar, running
from regulars.campaigns.deliver import deliver
from regulars.lang.scalars import Schedule
from small_shop import SmallShop, at

SHOP, EAST, WEST = "Europe/Bucharest", "Pacific/Auckland", "America/Los_Angeles"
FEBRUARY = [date(2026, 2, 1) + timedelta(days=days) for days in range(28)]

FORMS = {
    "daily at 10:00": 28,
    "weekly on thursday at 9:00": 4,
    "monthly on 14 at 8:00": 1,
    "once on 2026-02-20 at 9:00": 1,
    "every 10 minutes": 28,
    "every 2 hours": 28,
    "cron: 0 9 * * 4": 4,
    "cron: */15 8-18 1-7 * *": 7,
    "cron: 0 9 13 * fri": 4,
    "cron: 0 9 13 * mon": 5,
    "cron: 0 9 29 2 *": 0,
}


@pytest.mark.parametrize("form", FORMS)
def test_it_falls_on_so_many_days_of_a_february(form: str) -> None:
    assert sum(calendar.due_on(Schedule.parse(form), day) for day in FEBRUARY) == FORMS[form]


@pytest.fixture
def worldwide(shop: SmallShop) -> SmallShop:
    """Three people who live eleven hours ahead of the shop, with it, and ten hours behind."""
    for name, zone in (("east", EAST), ("home", SHOP), ("west", WEST)):
        shop.customer(name, timezone=zone)
    return shop


def at_these(shop: SmallShop, *moments: str) -> dict[str, str]:
    """Run `hello` at some of the hours at which a schedule with `their time` does, and deliver; who got it when."""
    got: dict[str, str] = {}
    for when in moments:
        moment = at(when)
        with days.opened(shop, moment) as (desk, _):
            due = running.due(desk, moment)
            if due:
                days.run_one(desk, "hello", moment)
            deliver(desk, "email", 100, moment, "test")
        accepted = [customer for customer, state in days.states(shop).items() if "accepted" in state]
        got |= {customer: f"{moment:%a %d %H:%M}" for customer in accepted if customer not in got}
    return got


WORLDWIDE = {
    # Thursday 9:00 in Auckland is Wednesday 22:00 in Bucharest, in Los Angeles Thursday 19:00.
    "weekly on thursday at 9:00 their time": {"east": "Wed 11 22:00", "home": "Thu 12 09:00", "west": "Thu 12 19:00"},
    "once on 2026-02-12 at 9:00 their time": {"east": "Wed 11 22:00", "home": "Thu 12 09:00", "west": "Thu 12 19:00"},
    "monthly on 12 at 9:00 their time": {"east": "Wed 11 22:00", "home": "Thu 12 09:00", "west": "Thu 12 19:00"},
    "yearly on birthday at 9:00 their time": {"east": "Wed 11 22:00", "home": "Thu 12 09:00", "west": "Thu 12 19:00"},
}


@pytest.mark.parametrize("schedule", WORLDWIDE)
def test_their_time_is_their_day(worldwide: SmallShop, schedule: str) -> None:
    for customer in worldwide.customers:
        customer["birthday"] = "1990-02-12"
    worldwide.campaign("hello", schedule=schedule)
    hours = ("11 21:00", "11 22:00", "12 08:00", "12 09:00", "12 18:00", "12 19:00", "13 10:00")
    assert at_these(worldwide, *(f"2026-02-{hour}" for hour in hours)) == WORLDWIDE[schedule]


def test_by_the_shops_time_everybody_is_due_at_once(worldwide: SmallShop) -> None:
    worldwide.campaign("hello", schedule="weekly on thursday at 9:00")
    with days.opened(worldwide, "2026-02-11 22:00") as (desk, moment):
        assert running.due(desk, moment) == []
    assert days.run(worldwide, "hello", "2026-02-12 09:00").send == {"email": 3}


def test_daily_by_their_time_is_once_a_day_of_theirs(worldwide: SmallShop) -> None:
    worldwide.campaign("hello", schedule="daily at 9:00 their time", repeat="every 1 days", send_within="2 hours")
    at_these(
        worldwide, *(f"2026-02-{hour}:00" for hour in ("10 21", "10 22", "10 23", "11 09", "11 19", "11 20", "11 22"))
    )
    received = days.rows(worldwide, "message", "customer_id, local_day, sent_at", "customer_id, local_day")
    told = {(row["customer_id"], row["local_day"]): row["sent_at"][5:16] for row in received}
    assert told == {
        ("east", "2026-02-11"): "02-10 20:00",
        ("east", "2026-02-12"): "02-11 20:00",
        ("home", "2026-02-11"): "02-11 07:00",
        ("west", "2026-02-11"): "02-11 17:00",
    }


def test_every_run_by_their_time_is_once_on_their_day(worldwide: SmallShop) -> None:
    worldwide.campaign("hello", schedule="weekly on thursday at 9:00 their time", repeat="every run")
    at_these(worldwide, *(f"2026-02-{hour}:00" for hour in ("11 22", "11 23", "12 09", "12 10", "12 19", "12 20")))
    assert len(days.rows(worldwide, "message")) == 3


def test_every_ten_minutes_and_cron_run(worldwide: SmallShop) -> None:
    worldwide.campaign("hello", schedule="every 10 minutes")
    worldwide.campaign("noon", schedule="'cron: 0 12 * * 1-5'")
    with days.opened(worldwide, "2026-02-13 12:00") as (desk, moment):
        assert running.due(desk, moment) == ["hello", "noon"]
        assert running.due(desk, at("2026-02-14 12:00")) == ["hello"]
    assert [days.run(worldwide, name, "2026-02-13 12:00").send for name in ("hello", "noon")] == [{"email": 3}] * 2
