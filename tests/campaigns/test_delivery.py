"""Delivery: one message never stops the others, and the ledger tells what became of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

import shop_days as days
from regulars.channels import registry
from regulars.channels.contract import Answer
from regulars.ledger import consent
from regulars.testing import FakeChannel, FakeSendGrid, FakeTwilio
from regulars.words.render import Words
from small_shop import SmallShop

DAY = "2026-02-01 10:00"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeChannel:
    """A channel in memory for everything that is delivered."""
    channel = FakeChannel()
    monkeypatch.setattr(registry, "channel_for", lambda *_: channel)
    return channel


def planned(shop: SmallShop, *customers: str, **keys: str) -> None:
    for customer in customers:
        shop.customer(customer)
    shop.campaign("hello", **keys)
    days.run(shop, "hello", DAY)


def change(shop: SmallShop, statement: str, **values: Any) -> None:
    with shop.desk() as desk, desk.ledger.writing() as connection:
        connection.execute(text(statement), values)


def test_a_message_that_cannot_be_rendered_does_not_stop_the_others(shop: SmallShop, fake: FakeChannel) -> None:
    planned(shop, "ana", "dan", "ion")
    change(shop, "update message set context = '{broken' where customer_id = 'ana'")
    change(shop, "update message set context = '{}' where customer_id = 'dan'")
    assert days.send(shop, DAY) == {"dead": 2, "accepted": 1}
    assert [message.to for message in fake.arrived] == ["ion@example.com"]
    assert all("example.com" not in row["reason"] for row in days.rows(shop, "message"))


def test_a_message_that_is_refused_does_not_stop_the_others(shop: SmallShop, fake: FakeChannel) -> None:
    planned(shop, "ana", "dan", "ion")
    fake.will("accepted", "rejected", "ambiguous")
    assert days.send(shop, DAY) == {"accepted": 1, "dead": 1, "ambiguous": 1}
    assert days.send(shop, "2026-02-01 11:00") == {}


def test_while_the_provider_is_down_messages_wait(shop: SmallShop, fake: FakeChannel) -> None:
    planned(shop, "ana")
    fake.will("notsent", "throttled", "config")
    moments = ("10:00", "10:01", "10:10", "10:40")
    assert [days.send(shop, f"2026-02-01 {moment}") for moment in moments] == [{"planned": 1}] * 3 + [{"accepted": 1}]
    assert len(fake.arrived) == 1


def test_messages_of_a_paused_campaign_wait_and_expire(shop: SmallShop, fake: FakeChannel) -> None:
    planned(shop, "ana", send_within="6 hours")
    shop.campaign("hello", send_within="6 hours", status="paused")
    assert days.send(shop, DAY) == {"planned": 1}
    assert days.send(shop, "2026-02-01 10:05") == {}
    assert days.send(shop, "2026-02-01 15:59") == {"planned": 1}
    days.send(shop, "2026-02-01 16:30")
    assert days.states(shop) == {"ana": "one expired: send_within is over"}
    assert fake.asked == []


def test_messages_of_a_paused_campaign_go_when_it_goes_on(shop: SmallShop, fake: FakeChannel) -> None:
    planned(shop, "ana")
    shop.campaign("hello", status="paused")
    days.send(shop, DAY)
    shop.campaign("hello")
    assert days.send(shop, "2026-02-01 10:30") == {"accepted": 1}


def test_messages_of_a_removed_campaign_are_not_sent(shop: SmallShop, fake: FakeChannel) -> None:
    planned(shop, "ana")
    (shop.root / "campaigns/hello.yaml").unlink()
    assert days.send(shop, DAY) == {"planned": 1}
    assert fake.asked == []


def test_consent_withdrawn_in_the_shops_data_counts_up_to_the_send(shop: SmallShop, fake: FakeChannel) -> None:
    planned(shop, "ana", "ion")
    shop.customers[0]["email_consent"] = "no"
    assert days.send(shop, DAY) == {"suppressed": 1, "accepted": 1}
    assert days.states(shop)["ana"] == "one suppressed: no-consent"


def test_what_somebody_tells_us_counts_up_to_the_send(shop: SmallShop, fake: FakeChannel) -> None:
    planned(shop, "ana", "ion")
    with days.opened(shop, DAY) as (desk, moment), desk.ledger.writing() as connection:
        consent.record(connection, "ana", "email", moment, given=False, source="test")
    assert days.send(shop, DAY) == {"suppressed": 1, "accepted": 1}


@pytest.mark.parametrize("verdict", ["opted-out", "unusable"])
def test_what_a_provider_says_of_an_address_is_kept(shop: SmallShop, fake: FakeChannel, verdict: str) -> None:
    planned(shop, "ana", repeat="every run")
    fake.will(Answer("", "rejected", reason="as told", address=verdict))  # type: ignore[arg-type]  # parametrized
    assert days.send(shop, DAY) == {"dead": 1}
    (row,) = days.rows(shop, "suppression")
    assert (row["channel"], row["reason"]) == ("email", verdict)
    assert days.select(shop, "hello", "2026-02-02 10:00").withheld == {"suppressed": 1}


def test_the_words_that_were_used_can_be_rendered_again(shop: SmallShop, fake: FakeChannel) -> None:
    planned(shop, "ana")
    days.send(shop, DAY)
    shop.words("hello/one", offer="something else")
    (row,), (kept,) = days.rows(shop, "message"), days.rows(shop, "template")
    assert row["template_hash"] == kept["hash"]
    with days.opened(shop, DAY) as (desk, _):
        variables = json.loads(row["context"]) | {"links": desk.links.of(row["id"], short=False)}
        again = Words.of_version(kept["files"]).email("hello/one", "ro", variables, "Salut")
    (sent,) = fake.arrived
    assert (again.html, again.text, again.subject) == (sent.html, sent.text, sent.subject)


def test_a_missing_word_of_the_provider_makes_no_claim_on_messages(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regulars.errors import RegularsError

    planned(shop, "ana")
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "0" * 32)
    with pytest.raises(RegularsError, match="by half"):
        days.send(shop, DAY, "sms")
    assert days.send(shop, DAY) == {"accepted": 1}


@pytest.fixture
def sendgrid(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSendGrid]:
    with FakeSendGrid() as server:
        monkeypatch.setenv("SENDGRID_API_KEY", server.api_key)
        monkeypatch.setenv("REGULARS_SENDGRID_URL", server.url)
        yield server


@pytest.fixture
def twilio(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTwilio]:
    with FakeTwilio() as server:
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", server.account_sid)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", server.auth_token)
        monkeypatch.setenv("TWILIO_FROM", "+40700000099")
        monkeypatch.setenv("REGULARS_TWILIO_URL", server.url)
        yield server


@pytest.mark.parametrize("public", ["", "https://letters.example.com"])
def test_letters_reach_sendgrid_over_http(
    shop: SmallShop, sendgrid: FakeSendGrid, monkeypatch: pytest.MonkeyPatch, public: str
) -> None:
    monkeypatch.setenv("REGULARS_PUBLIC_URL", public)
    planned(shop, "ana", "ion")
    assert days.send(shop, DAY) == {"accepted": 2}
    assert sorted(one.to for one in sendgrid.arrivals) == ["ana@example.com", "ion@example.com"]
    said = " ".join(str(request.body) for request in sendgrid.requests)
    assert ("List-Unsubscribe" in said) is bool(public)
    assert all(row["provider_id"] for row in days.rows(shop, "message"))


def test_text_messages_reach_twilio_over_http(shop: SmallShop, twilio: FakeTwilio) -> None:
    planned(shop, "ana", messages="[{send: sms, template: hello/one}]")
    assert days.send(shop, DAY, "sms") == {"accepted": 1}
    assert [one.to for one in twilio.arrivals] == ["+40700000001"]
