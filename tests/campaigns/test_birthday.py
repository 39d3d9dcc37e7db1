"""Birthdays: 29 February, outages, corrected dates, their own clock."""

from __future__ import annotations

import pytest

import shop_days as days
from small_shop import SmallShop


def celebrate(shop: SmallShop, when: str) -> dict[str, int]:
    """Run and deliver; state → messages that were delivered."""
    days.run(shop, "birthday", when)
    return days.send(shop, when)


def born(shop: SmallShop, day: str, zone: str = "Europe/Bucharest") -> None:
    shop.customer("ana", birthday=day, timezone=zone)
    keys = {"schedule": "yearly on birthday at 10:00 their time", "send_within": "3 days"}
    shop.campaign("birthday", **keys)


@pytest.mark.parametrize(
    ("day", "greeted"),
    [("2026-02-27", False), ("2026-02-28", True), ("2028-02-28", False), ("2028-02-29", True), ("2027-02-28", True)],
)
def test_the_29th_of_february_is_kept_on_the_28th_in_common_years(shop: SmallShop, day: str, greeted: bool) -> None:
    born(shop, "1992-02-29")
    assert bool(celebrate(shop, f"{day} 10:00")) is greeted


def test_a_birthday_is_caught_up_within_send_within_and_not_later(shop: SmallShop) -> None:
    born(shop, "1990-06-10")
    assert celebrate(shop, "2026-06-13 10:00") == {}
    assert celebrate(shop, "2026-06-13 09:59") == {"accepted": 1}


def test_before_their_hour_it_waits(shop: SmallShop) -> None:
    born(shop, "1990-06-10", "America/New_York")
    assert celebrate(shop, "2026-06-10 10:00") == {}
    assert days.states(shop) == {"ana": "one planned"}
    assert days.send(shop, "2026-06-10 16:59") == {}
    assert days.send(shop, "2026-06-10 17:00") == {"accepted": 1}


def test_a_birthday_begins_where_the_customer_is(shop: SmallShop) -> None:
    born(shop, "1990-06-11", "Pacific/Auckland")
    assert celebrate(shop, "2026-06-11 01:30") == {"accepted": 1}  # 10:30 there


@pytest.mark.parametrize("corrected", ["1990-06-10", "1990-06-12", "1990-12-24"])
def test_never_twice_a_year_even_if_the_date_is_corrected(shop: SmallShop, corrected: str) -> None:
    born(shop, "1990-06-10")
    assert celebrate(shop, "2026-06-10 10:00") == {"accepted": 1}
    shop.customers[0]["birthday"] = corrected
    assert celebrate(shop, f"2026{corrected[4:]} 11:00") == {}
    assert celebrate(shop, f"2027{corrected[4:]} 11:00") == {"accepted": 1}


def test_a_date_corrected_over_new_year_is_no_second_birthday(shop: SmallShop) -> None:
    born(shop, "1990-12-30")
    assert celebrate(shop, "2026-12-30 10:00") == {"accepted": 1}
    shop.customers[0]["birthday"] = "1990-01-02"
    assert celebrate(shop, "2027-01-02 10:00") == {}
    assert celebrate(shop, "2028-01-02 10:00") == {"accepted": 1}


def test_caught_up_after_new_year_it_belongs_to_the_old_one(shop: SmallShop) -> None:
    born(shop, "1990-12-31")
    assert celebrate(shop, "2027-01-02 10:00") == {"accepted": 1}
    assert celebrate(shop, "2027-12-31 10:00") == {"accepted": 1}


def test_nobody_without_a_birthday_is_due(shop: SmallShop) -> None:
    born(shop, "")
    assert days.select(shop, "birthday", "2026-06-10 10:00").audience == 0


def test_their_time_holds_for_a_daily_campaign_too(shop: SmallShop) -> None:
    shop.customer("ana", timezone="America/New_York")
    shop.campaign("hello", schedule="daily at 10:00 their time")
    days.run(shop, "hello", "2026-02-02 10:00")
    assert days.send(shop, "2026-02-02 16:59") == {}
    assert days.send(shop, "2026-02-02 17:00") == {"accepted": 1}
