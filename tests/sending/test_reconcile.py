"""What the providers know settles what is in doubt; and what is halted waits until somebody lifts it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

import shop_days as days
from regulars import clock
from regulars.campaigns import reconcile
from regulars.ledger import halts
from regulars.testing import FakeChannel, FakeTwilio
from regulars.testing.fake_provider import Reaction
from small_shop import SmallShop

DAY, SOON, LATER, AFTERNOON = "2026-02-01 10:00", "2026-02-01 10:05", "2026-02-01 12:30", "2026-02-01 15:00"
SMS = "[{send: sms, template: hello/one}]"


def settle(shop: SmallShop, when: Any) -> reconcile.Settled:
    with days.opened(shop, when) as (desk, moment):
        return reconcile.settle(desk, moment)


def planned(shop: SmallShop, *customers: str, **keys: str) -> None:
    for customer in customers:
        shop.customer(customer)
    shop.campaign("hello", send_within="3 days", **keys)
    days.run(shop, "hello", DAY)


def halt(shop: SmallShop, scope: str) -> None:
    with days.opened(shop, DAY) as (desk, moment), desk.ledger.writing() as connection:
        halts.raise_halt(connection, scope, "a test", moment)


def lift(shop: SmallShop, scope: str, when: str) -> bool:
    with days.opened(shop, when) as (desk, moment):
        return reconcile.lift(desk, scope, moment)


def test_a_service_message_that_never_left_goes_out_again_by_itself_once(
    shop: SmallShop, backup: Any, fake: FakeChannel
) -> None:
    planned(shop, "ana", purpose="service")
    fake.will("ambiguous", "ambiguous")
    assert days.send(shop, DAY) == {"ambiguous": 1}
    settled = settle(shop, SOON)
    assert (settled.unsent, settled.requeued) == (1, 1)
    assert days.send(shop, SOON) == {"ambiguous": 1}
    settled = settle(shop, LATER)
    assert (settled.unsent, settled.requeued) == (1, 0), "once; then it is for somebody to decide"
    assert days.send(shop, LATER) == {}


def test_a_marketing_message_that_never_left_waits_for_an_operator(
    shop: SmallShop, backup: Any, fake: FakeChannel
) -> None:
    planned(shop, "ana")
    fake.will("ambiguous")
    days.send(shop, DAY)
    assert settle(shop, SOON).requeued == 0
    assert days.send(shop, SOON) == {}
    with days.opened(shop, SOON) as (desk, moment):
        assert reconcile.requeue(desk, moment) == 1
    assert days.send(shop, SOON) == {"accepted": 1}
    assert len(fake.arrived) == 1


def test_what_the_provider_has_is_never_sent_again(shop: SmallShop, fake: FakeChannel) -> None:
    planned(shop, "ana", purpose="service")
    fake.lost_answers_arrive = True
    fake.will("ambiguous")
    days.send(shop, DAY)
    assert settle(shop, SOON).accepted == 1
    assert days.send(shop, LATER) == {}
    assert len(fake.arrived) == 1


def test_nobody_asks_within_a_minute(shop: SmallShop, fake: FakeChannel) -> None:
    planned(shop, "ana", purpose="service")
    fake.will("ambiguous")
    days.send(shop, DAY)
    assert settle(shop, "2026-02-01 10:00:59") == reconcile.Settled()


@pytest.fixture
def twilio(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTwilio]:
    with FakeTwilio() as server:
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", server.account_sid)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", server.auth_token)
        monkeypatch.setenv("TWILIO_FROM", "+40700000099")
        monkeypatch.setenv("REGULARS_TWILIO_URL", server.url)
        yield server


@pytest.mark.parametrize(("keeps", "state"), [(True, "accepted"), (False, "unsent")])
def test_twilios_list_tells_what_a_lost_answer_came_to(
    shop: SmallShop, twilio: FakeTwilio, keeps: bool, state: str
) -> None:
    now = clock.now()  # Twilio's clock is the machine's
    shop.customer("ana")
    shop.campaign("hello", messages=SMS)
    days.run(shop, "hello", now)
    twilio.will(Reaction(fault="reset", keeps=keeps))
    assert days.send(shop, now, "sms") == {"ambiguous": 1}
    settled = settle(shop, now + timedelta(minutes=2))
    assert (settled.accepted, settled.unsent) == (int(keeps), int(not keeps))
    assert [row["state"] for row in days.rows(shop, "message")] == [state]


def test_a_halted_campaign_waits_and_goes_on_once_it_is_lifted(shop: SmallShop, backup: Any, fake: FakeChannel) -> None:
    planned(shop, "ana")
    halt(shop, "campaign hello")
    assert days.send(shop, DAY) == {"planned": 1}
    assert days.states(shop) == {"ana": "one planned: halted: campaign hello"}
    assert lift(shop, "campaign hello", LATER)
    assert days.send(shop, LATER) == {"accepted": 1}
    assert not lift(shop, "campaign hello", LATER), "it is not halted any more"


def test_other_campaigns_are_not_held_up_by_one_that_is_halted(shop: SmallShop, fake: FakeChannel) -> None:
    planned(shop, "ana")
    shop.campaign("other")
    days.run(shop, "other", DAY)
    halt(shop, "campaign hello")
    assert days.send(shop, DAY) == {"planned": 1, "accepted": 1}


def test_a_halted_channel_holds_only_its_own(shop: SmallShop, fake: FakeChannel) -> None:
    planned(shop, "ana")
    shop.campaign("text", messages=SMS)
    days.run(shop, "text", DAY)
    halt(shop, "channel sms")
    assert days.send(shop, DAY, "sms") == {}
    assert days.send(shop, DAY) == {"accepted": 1}
    lift(shop, "channel sms", AFTERNOON)
    assert days.send(shop, AFTERNOON, "sms") == {"accepted": 1}


@pytest.mark.parametrize(
    ("when", "zone", "until"),
    [
        ("2026-02-01 20:59:30", "Europe/Bucharest", "2026-02-01 21:00 +0200"),
        ("2026-02-01 10:00", "Europe/Bucharest", "2026-02-01 21:00 +0200"),
        ("2026-03-28 20:00", "America/New_York", "2026-03-28 21:00 -0400"),
        ("2026-03-29 10:00", "Europe/Bucharest", "2026-03-29 21:00 +0300"),
        ("2026-10-25 10:00", "Europe/Bucharest", "2026-10-25 21:00 +0200"),
    ],
)
def test_a_text_message_may_not_arrive_in_the_customers_night(
    shop: SmallShop, fake: FakeChannel, when: str, zone: str, until: str
) -> None:
    from zoneinfo import ZoneInfo

    shop.customer("ana", timezone=zone)
    shop.guards = '  quiet_hours: {sms: "21:00-09:00"}'
    shop.campaign("hello", messages=SMS)
    days.run(shop, "hello", when)
    assert days.send(shop, when, "sms") == {"accepted": 1}
    assert f"{fake.arrived[0].valid_until.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %z}" == until


def test_a_text_message_may_not_arrive_after_send_within_either(shop: SmallShop, fake: FakeChannel) -> None:
    shop.customer("ana")
    shop.guards = '  quiet_hours: {sms: "21:00-09:00"}'
    shop.campaign("hello", messages=SMS, send_within="2 hours")
    days.run(shop, "hello", DAY)
    days.send(shop, DAY, "sms")
    (row,) = days.rows(shop, "message", "expires_at")
    assert f"{fake.arrived[0].valid_until:%Y-%m-%d %H:%M}" == row["expires_at"][:16]
