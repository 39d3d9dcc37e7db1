"""Quiet hours by the customer's clock, also where the clock jumps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shop_days as days
from regulars.campaigns.local_time import after_quiet
from regulars.lang.scalars import QuietHours
from small_shop import SmallShop

SMS = "[{send: sms, template: hello/one}]"


def held(
    shop: SmallShop, quiet: str, when: str | datetime, *, zone: str = "Europe/Bucharest", **keys: str
) -> dict[str, str]:
    """What becomes of an SMS planned at `when`: until when it waits (their clock) and on which day it counts."""
    shop.customer("ana", timezone=zone)
    shop.guards = f'  quiet_hours: {{sms: "{quiet}"}}'
    shop.campaign("hello", messages=SMS, **keys)
    selected = days.run(shop, "hello", when)
    if not selected.enter:
        return dict.fromkeys(selected.withheld, "")
    (row,) = days.rows(shop, "message", "not_before, local_day")
    moment = datetime.fromisoformat(row["not_before"]).replace(tzinfo=UTC)
    known = ZoneInfo(zone) if zone in ("Europe/Bucharest", "America/New_York") else ZoneInfo("Europe/Bucharest")
    return {"until": f"{moment.astimezone(known):%Y-%m-%d %H:%M %z}", "day": row["local_day"]}


@pytest.mark.parametrize(
    ("when", "until"),
    [
        ("2026-02-01 20:59", "2026-02-01 20:59 +0200"),
        ("2026-02-01 21:00", "2026-02-02 09:00 +0200"),
        ("2026-02-01 23:30", "2026-02-02 09:00 +0200"),
        ("2026-02-02 08:59", "2026-02-02 09:00 +0200"),
        ("2026-02-02 09:00", "2026-02-02 09:00 +0200"),
        ("2026-03-28 22:00", "2026-03-29 09:00 +0300"),
        ("2026-10-24 22:00", "2026-10-25 09:00 +0200"),
    ],
)
def test_the_night_is_over_when_their_clock_says_so(shop: SmallShop, when: str, until: str) -> None:
    assert held(shop, "21:00-09:00", when) == {"until": until, "day": until[:10]}


def test_quiet_hours_within_a_day(shop: SmallShop) -> None:
    assert held(shop, "13:00-15:00", "2026-02-01 14:00")["until"] == "2026-02-01 15:00 +0200"


def test_it_is_the_customers_night_and_not_the_shops(shop: SmallShop) -> None:
    found = held(shop, "21:00-09:00", "2026-02-02 05:00", zone="America/New_York")
    assert found == {"until": "2026-02-02 09:00 -0500", "day": "2026-02-02"}


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "bucharest"])
def test_who_has_no_known_zone_lives_by_the_shops_clock(shop: SmallShop, zone: str) -> None:
    assert held(shop, "21:00-09:00", "2026-02-01 22:00", zone=zone)["until"] == "2026-02-02 09:00 +0200"


def test_an_end_in_the_hour_that_spring_takes_away_is_never_early(shop: SmallShop) -> None:
    assert held(shop, "21:00-03:30", "2026-03-28 22:00")["until"] == "2026-03-29 04:30 +0300"


def test_an_end_in_the_hour_that_autumn_gives_twice_is_the_second_one(shop: SmallShop) -> None:
    assert held(shop, "21:00-03:30", "2026-10-24 22:00")["until"] == "2026-10-25 03:30 +0200"


def test_a_night_longer_than_send_within_is_a_reason(shop: SmallShop) -> None:
    assert held(shop, "21:00-09:00", "2026-02-01 22:00", send_within="6 hours") == {"quiet-hours": ""}


def test_a_message_that_was_late_does_not_arrive_at_night(shop: SmallShop) -> None:
    assert held(shop, "21:00-09:00", "2026-02-01 20:55")["day"] == "2026-02-01"
    assert days.send(shop, "2026-02-01 22:00", "sms") == {"planned": 1}
    (row,) = days.rows(shop, "message", "not_before, local_day, reason")
    assert row == {"not_before": "2026-02-02 07:00:00.000000", "local_day": "2026-02-02", "reason": "quiet-hours"}
    assert days.send(shop, "2026-02-02 08:59", "sms") == {}
    assert days.send(shop, "2026-02-02 09:00", "sms") == {"accepted": 1}


def test_a_late_message_whose_night_is_too_long_expires_with_that_reason(shop: SmallShop) -> None:
    held(shop, "21:00-09:00", "2026-02-01 20:55", send_within="6 hours")
    assert days.send(shop, "2026-02-01 22:00", "sms") == {"expired": 1}
    assert days.states(shop) == {"ana": "one expired: quiet-hours"}


TIMES = st.times().map(lambda t: t.replace(second=0, microsecond=0))
MOMENTS = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),
    st.datetimes(datetime(2026, 3, 28, 18), datetime(2026, 3, 29, 6)),
    st.datetimes(datetime(2026, 10, 24, 18), datetime(2026, 10, 25, 6)),
)


@settings(max_examples=300, deadline=None)
@given(MOMENTS, TIMES, TIMES, st.sampled_from(["Europe/Bucharest", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]))
def test_what_leaves_quiet_hours_is_never_in_them_and_no_day_late(moment, start, end, zone) -> None:
    if start == end:
        return
    quiet, moment = QuietHours(start, end), moment.replace(tzinfo=UTC)
    sql = after_quiet({"sms": quiet}, f"timestamptz '{moment.isoformat()}'")
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        (free,) = connection.execute(f"select {sql} from (select 'sms' as channel, '{zone}' as zone)").fetchone()
    clock = free.astimezone(ZoneInfo(zone)).time()
    in_gap = free - moment > timedelta(0) and clock != end
    inside = start <= clock < end if start < end else clock >= start or clock < end
    assert not inside or in_gap
    assert timedelta(0) <= free - moment <= timedelta(hours=26)
