"""From the outbox to the recipients: one request, and everybody's own letter."""

from __future__ import annotations

from datetime import datetime

import pytest

import shop_days as days
from regulars.campaigns.rendering import message_of, outgoing
from regulars.channels.contract import Outgoing
from regulars.testing import FakeSendGrid, FakeTwilio
from small_shop import SmallShop

DAY = "2026-02-01 10:00"
NAMES = {"ana": "Ana & [unsubscribe]", "ion": "<% Ion %>", "dan": "Dan -name-"}


def rendered(shop: SmallShop, channel: str) -> list[Outgoing]:
    """What stands in the outbox, as delivery renders it."""
    with shop.desk() as desk:
        return [
            outgoing(
                desk, row["campaign"], message_of(desk, row["campaign"], row["name"]), template=row["template"],
                message_id=row["id"], channel=channel, to=row["address"], language=row["language"],
                context=row["context"],
            )
            for row in days.rows(shop, "message")
        ]  # fmt: skip


def test_recipients_share_a_request_and_each_gets_the_letter_that_was_rendered(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for customer, name in NAMES.items():
        shop.customer(customer, first_name=name)
    shop.campaign("hello")
    days.run(shop, "hello", DAY)
    expected = {one.message_id: (one.to, one.subject, one.html, one.text) for one in rendered(shop, "email")}
    with FakeSendGrid() as sendgrid:
        monkeypatch.setenv("SENDGRID_API_KEY", sendgrid.api_key)
        monkeypatch.setenv("REGULARS_SENDGRID_URL", sendgrid.url)
        assert days.send(shop, DAY) == {"accepted": 3}
    assert len(sendgrid.requests) == 1
    assert {one.message_id: (one.to, one.subject, one.html, one.text) for one in sendgrid.arrivals} == expected


def test_a_text_message_is_rendered_with_its_segments_and_its_plain_letters(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.customer("ana", first_name="Ștefania", phone="+40700000001")
    shop.words("hello/one", offer="ț" * 60)
    shop.campaign("hello", messages="[{send: sms, template: hello/one, plain_letters: true}]", words=False)
    days.run(shop, "hello", DAY)
    (one,) = rendered(shop, "sms")
    assert (one.segments, "Stefania" in one.text, "t" * 60 in one.text) == (1, True, True)
    with FakeTwilio() as twilio:
        for name, value in {
            "TWILIO_ACCOUNT_SID": twilio.account_sid, "TWILIO_AUTH_TOKEN": twilio.auth_token,
            "TWILIO_FROM": "+40700000099", "REGULARS_TWILIO_URL": twilio.url,
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        assert days.send(shop, DAY, "sms") == {"accepted": 1}
    assert [one.text for one in twilio.arrivals] == [one.text]


def test_the_moment_until_which_a_message_may_be_sent_travels_with_it(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("hello")
    days.run(shop, "hello", DAY)
    until = datetime.fromisoformat("2026-02-01T20:00:00+02:00")
    with shop.desk() as desk:
        (row,) = days.rows(shop, "message")
        one = outgoing(
            desk, "hello", message_of(desk, "hello", row["name"]), template=row["template"], message_id=row["id"],
            channel="email", to="ana@example.com", language="ro", context=row["context"], expires_at=until,
        )  # fmt: skip
    assert one.valid_until == until
