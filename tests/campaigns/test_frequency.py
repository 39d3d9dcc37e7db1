"""Frequency caps over the customer's calendar days, and who goes first."""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shop_days as days
from regulars.campaigns import frequency
from regulars.lang.scalars import Cap
from small_shop import SmallShop

DAY = "2026-02-01 10:00"


def letters(shop: SmallShop, *campaigns: str, send: str = "email", **keys: str) -> None:
    for name in campaigns:
        shop.campaign(name, messages=f"[{{send: {send}, template: {name}/one, subject: S}}]", **keys)


def test_a_planned_message_of_another_campaign_counts_as_one_that_was_sent(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.guards = "  frequency: {any: 1 per day}"
    letters(shop, "news", "sale")
    days.run(shop, "news", DAY)
    assert days.select(shop, "sale", "2026-02-01 20:00").withheld == {"frequency": 1}
    assert days.select(shop, "sale", "2026-02-02 00:10").send == {"email": 1}


def test_the_day_is_the_customers_own(shop: SmallShop) -> None:
    shop.customer("ana", timezone="America/New_York")
    shop.guards = "  frequency: {any: 1 per day}"
    letters(shop, "news", "sale")
    days.run(shop, "news", "2026-02-01 23:00")
    assert days.select(shop, "sale", "2026-02-02 06:30").withheld == {"frequency": 1}  # 23:30 of the first, there
    assert days.select(shop, "sale", "2026-02-02 07:30").send == {"email": 1}


def test_a_cap_of_a_channel_leaves_the_other_channel_alone(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.guards = "  frequency: {sms: 1 per 7 days}"
    letters(shop, "news", "sale", send="sms")
    letters(shop, "mail")
    days.run(shop, "news", DAY)
    assert days.select(shop, "mail", DAY).send == {"email": 1}
    assert days.select(shop, "sale", "2026-02-07 10:00").withheld == {"frequency": 1}
    assert days.select(shop, "sale", "2026-02-08 10:00").send == {"sms": 1}


def test_a_message_held_for_tomorrow_leaves_today_free(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.guards = '  frequency: {any: 1 per day}\n  quiet_hours: {sms: "21:00-09:00"}'
    letters(shop, "night", send="sms")
    letters(shop, "mail")
    days.run(shop, "night", "2026-02-01 22:00")
    assert days.select(shop, "mail", "2026-02-01 22:05").send == {"email": 1}
    assert days.select(shop, "mail", "2026-02-02 08:00").withheld == {"frequency": 1}


def test_two_campaigns_planned_at_the_same_moment_do_not_break_a_cap_together(shop: SmallShop) -> None:
    from regulars.campaigns import running

    shop.customer("ana")
    shop.guards = '  frequency: {any: 1 per day}\n  quiet_hours: {email: "23:00-06:00"}'
    letters(shop, "news", "sale", send_within="2 days")
    with days.opened(shop, DAY) as (desk, moment):
        chosen = [running.select(desk, name, moment) for name in ("sale", "news")]
        assert [one.send for one in chosen] == [{"email": 1}] * 2
        assert [running.enrol(desk, one.run_id, 0).new for one in chosen] == [1, 1]
    assert days.send(shop, DAY) == {"accepted": 1, "planned": 1}
    (waits,) = days.rows(shop, "message", "not_before, local_day, reason", "not_before desc limit 1")
    assert waits == {"not_before": "2026-02-02 04:00:00.000000", "local_day": "2026-02-02", "reason": "frequency"}
    assert days.send(shop, "2026-02-02 06:00") == {"accepted": 1}


def test_of_two_planned_for_one_day_the_campaign_named_first_goes(shop: SmallShop) -> None:
    from regulars.campaigns import running

    shop.customer("ana")
    shop.guards = "  frequency: {any: 1 per day}"
    letters(shop, "news", "sale")
    with days.opened(shop, DAY) as (desk, moment):
        for one in [running.select(desk, name, moment) for name in ("news", "sale")]:
            running.enrol(desk, one.run_id, 0)
    shop.guards += "\n  first: [sale]"
    days.send(shop, DAY)
    assert {row["campaign"]: row["state"] for row in days.rows(shop, "message")} == {
        "sale": "accepted",
        "news": "planned",
    }


def test_a_message_sent_a_day_late_counts_for_the_day_it_is_sent(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.guards = "  frequency: {any: 1 per day}"
    letters(shop, "news", "sale", send_within="3 days")
    days.run(shop, "news", DAY)
    days.send(shop, "2026-02-02 09:00")
    assert days.select(shop, "sale", "2026-02-02 20:00").withheld == {"frequency": 1}


@pytest.mark.parametrize(("cap", "withheld"), [("1 per day", {"lost-priority": 1}), ("2 per day", {})])
def test_a_campaign_named_first_wins_although_it_runs_later_that_day(
    shop: SmallShop, cap: str, withheld: dict[str, int]
) -> None:
    shop.customer("ana")
    shop.guards = f"  frequency: {{any: {cap}}}\n  first: [evening]"
    letters(shop, "evening", schedule="daily at 18:00")
    letters(shop, "morning")
    assert days.run(shop, "morning", DAY).withheld == withheld
    assert days.run(shop, "evening", "2026-02-01 18:00").send == {"email": 1}


def test_two_campaigns_before_fill_two_a_day(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.guards = "  frequency: {any: 2 per day}\n  first: [one, two]"
    letters(shop, "one", "two", "three")
    assert days.select(shop, "three", DAY).withheld == {"lost-priority": 1}


def test_a_campaign_that_is_not_due_that_day_takes_nobody(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.guards = "  frequency: {any: 1 per day}\n  first: [weekly]"
    letters(shop, "weekly", schedule="weekly on monday at 9:00")
    letters(shop, "daily")
    assert days.select(shop, "daily", "2026-02-01 10:00").send == {"email": 1}
    assert days.select(shop, "daily", "2026-02-02 10:00").withheld == {"lost-priority": 1}


def test_a_text_message_before_takes_no_room_from_a_cap_of_letters(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.guards = "  frequency: {email: 1 per day}\n  first: [text]"
    letters(shop, "text", send="sms")
    letters(shop, "mail")
    assert days.select(shop, "mail", DAY).send == {"email": 1}


def test_who_loses_to_the_first_takes_nothing_from_those_after(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.guards = "  frequency: {any: 2 per day, sms: 1 per day}\n  first: [a, b]"
    letters(shop, "a", "b", send="sms")
    letters(shop, "c")
    assert days.select(shop, "c", DAY).send == {"email": 1}


HELD = st.dictionaries(st.integers(-12, 12), st.integers(1, 3), max_size=8)


@settings(max_examples=80, deadline=None)
@given(HELD, st.integers(1, 5), st.integers(1, 9))
def test_room_in_sql_is_room_in_the_fullest_window_of_a_calendar(
    got: dict[int, int], messages: int, length: int
) -> None:
    class Desk:
        connection = duckdb.connect()

        class rules:  # noqa: N801  # stands in for the rules
            class guards:  # noqa: N801  # the same
                class frequency:  # noqa: N801  # the same
                    any, email, sms = Cap(messages, length), None, None

        class project:  # noqa: N801  # the same
            campaigns: ClassVar = {}

        class foresight:  # noqa: N801  # nothing is foreseen
            @staticmethod
            def with_foreseen(sent):
                return sent

        ledger = None

    import pyarrow as pa

    from regulars.ledger import facts

    today = date(2026, 3, 20)
    rows = [("ana", "email", (today + timedelta(days=day)).isoformat(), "news", n) for day, n in got.items()]
    table = pa.table({name: [row[i] for row in rows] for i, name in enumerate(facts.SENT_DAYS.names)}, facts.SENT_DAYS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(facts, "sent_days", lambda *_: table)
        frequency.lay(Desk, days.at("2026-03-20 10:00"), ())
    sql = f"""with c as (select 'ana' as customer_id, 'email' as channel, date '2026-03-20' as local_date)
              select {frequency.room(Desk)} from c left join lateral (
                select {frequency.used(Desk)} from regulars_days s where s.customer_id = c.customer_id
              ) u on true"""
    windows = [range(end - length + 1, end + 1) for end in range(length)]
    fullest = max(sum(got.get(day, 0) for day in window) for window in windows)
    assert Desk.connection.execute(sql).fetchone() == (messages - fullest,)
