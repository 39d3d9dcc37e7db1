"""Messages that are a service, and topics one can unsubscribe from alone."""

from __future__ import annotations

import pytest

import shop_days as days
from regulars.ledger import consent
from small_shop import SmallShop, at

DAY = "2026-02-01 10:00"
LEDGERS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=LEDGERS)
def town(shop: SmallShop, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SmallShop:
    """Ana agreed to e-mail, Ion did not; a service that tells both that their points run out, and a newsletter."""
    if request.param == "postgresql":
        monkeypatch.setenv("REGULARS_LEDGER", request.getfixturevalue("postgres_url"))
    shop.customer("ana")
    shop.customer("ion", email_consent="no")
    shop.campaign("points", purpose="service")
    shop.campaign("news", repeat="every run")
    return shop


def said(shop: SmallShop, customer: str, *, given: bool, topic: str = "", when: str = DAY) -> None:
    with shop.desk() as desk, desk.ledger.writing() as connection:
        consent.record(connection, customer, "email", at(when), given=given, source="test", topic=topic)


def got(shop: SmallShop, campaign: str, when: str) -> set[str]:
    """Whom a campaign is sent to by a run and a delivery."""
    before = {row["id"] for row in days.rows(shop, "message", "id")}
    days.run(shop, campaign, when)
    days.send(shop, when)
    fresh = [row for row in days.rows(shop, "message", "id, customer_id, state") if row["id"] not in before]
    return {row["customer_id"] for row in fresh if row["state"] == "accepted"}


def test_a_service_asks_nobody_for_consent(town: SmallShop) -> None:
    said(town, "ana", given=False)
    assert got(town, "points", DAY) == {"ana", "ion"}
    assert got(town, "news", DAY) == set()


def test_a_word_against_it_between_planning_and_sending_changes_nothing(town: SmallShop) -> None:
    days.run(town, "points", DAY)
    said(town, "ana", given=False)
    assert days.send(town, DAY) == {"accepted": 2}


def test_a_suppressed_address_gets_no_service_either(town: SmallShop) -> None:
    own = consent.address_hash(_salt(town), "ana@example.com")
    with town.desk() as desk, desk.ledger.writing() as connection:
        consent.suppress(connection, own, "email", "bounced", at(DAY))
    assert got(town, "points", DAY) == {"ion"}


def _salt(shop: SmallShop) -> str:
    with shop.desk() as desk:
        return desk.ledger.salt("addresses")


def test_nobody_is_held_out_of_a_service(town: SmallShop) -> None:
    town.guards = "  holdout: 100%"
    assert got(town, "points", DAY) == {"ana", "ion"}
    assert {row["arm"] for row in days.rows(town, "enrolment", "arm")} == {"treated"}


def test_a_service_goes_whatever_the_cap_and_counts_against_none(town: SmallShop) -> None:
    town.guards = "  frequency: {any: 1 per day}"
    town.campaign("sale", repeat="every run")
    assert got(town, "points", DAY) == {"ana", "ion"}
    assert got(town, "news", DAY) == {"ana"}
    assert got(town, "sale", DAY) == set()
    town.campaign("more", purpose="service")
    assert got(town, "more", DAY) == {"ana", "ion"}


def test_what_becomes_a_service_stops_counting_and_what_becomes_marketing_begins_to(town: SmallShop) -> None:
    town.guards = "  frequency: {any: 1 per day}"
    town.campaign("points", repeat="every run")
    got(town, "points", DAY)
    assert days.select(town, "news", DAY).withheld == {"frequency": 1, "no-consent": 1}
    town.campaign("points", repeat="every run", purpose="service")
    assert days.select(town, "news", DAY).send == {"email": 1}


def test_a_service_takes_nobodys_day_and_waits_for_no_campaign(town: SmallShop) -> None:
    town.guards = "  frequency: {any: 1 per day}\n  first: [points, news]"
    assert days.select(town, "news", DAY).send == {"email": 1}
    town.guards = "  frequency: {any: 1 per day}\n  first: [news, points]"
    assert days.select(town, "points", DAY).send == {"email": 2}


def test_quiet_hours_hold_for_a_service(town: SmallShop) -> None:
    town.guards = '  quiet_hours: {email: "21:00-08:00"}'
    assert days.run(town, "points", "2026-02-01 23:00").held == 2
    assert days.send(town, "2026-02-01 23:00") == {}
    assert days.send(town, "2026-02-02 08:00") == {"accepted": 2}


def test_a_follow_up_of_a_service_asks_nobody_either(town: SmallShop) -> None:
    two = "[{send: email, template: points/one, subject: A}, {send: email, template: points/two, subject: B, after: 5 days}]"  # fmt: skip  # noqa: E501  # one campaign
    town.guards = "  frequency: {any: 1 per day}"
    town.campaign("points", purpose="service", messages=two)
    days.run(town, "points", DAY)
    days.send(town, DAY)
    got(town, "news", "2026-02-06 09:00")
    days.advance(town, "2026-02-06 10:00")
    assert days.send(town, "2026-02-06 10:00") == {"accepted": 2}


def test_a_topic_closes_its_own_campaigns_and_no_other(town: SmallShop) -> None:
    town.campaign("news", repeat="every run", topic="news")
    town.campaign("alert", repeat="every run", topic="alerts")
    said(town, "ana", given=False, topic="news")
    assert got(town, "news", DAY) == set()
    assert got(town, "alert", DAY) == {"ana"}


def test_a_general_no_closes_every_topic(town: SmallShop) -> None:
    town.campaign("news", repeat="every run", topic="news")
    said(town, "ana", given=False)
    assert got(town, "news", DAY) == set()


def test_a_later_general_yes_opens_no_topic_that_was_closed_by_its_name(town: SmallShop) -> None:
    town.campaign("news", repeat="every run", topic="news")
    said(town, "ana", given=False, topic="news")
    said(town, "ana", given=True, when="2026-02-02 10:00")
    assert got(town, "news", "2026-02-03 10:00") == set()
    said(town, "ana", given=True, topic="news", when="2026-02-04 10:00")
    assert got(town, "news", "2026-02-05 10:00") == {"ana"}


def test_a_topic_that_is_closed_between_planning_and_sending_is_heard(town: SmallShop) -> None:
    town.campaign("news", repeat="every run", topic="news")
    town.campaign("alert", repeat="every run", topic="alerts")
    days.run(town, "news", DAY)
    days.run(town, "alert", DAY)
    said(town, "ana", given=False, topic="news")
    assert days.send(town, DAY) == {"accepted": 1, "suppressed": 1}
    told = {row["campaign"]: row["reason"] for row in days.rows(town, "message", "campaign, reason")}
    assert told == {"alert": "", "news": "no-consent"}


def test_a_service_carries_no_way_to_unsubscribe_and_needs_none(
    town: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regulars.campaigns.checking.check import check

    monkeypatch.setenv("REGULARS_PUBLIC_URL", "https://casaverde.example")
    for language in ("ro", "ru", "en"):
        for suffix in ("html", "txt"):
            path = town.root / f"templates/points/one.{language}.{suffix}"
            path.write_text("<p>{{ shop.address }}</p>\n", encoding="utf-8")
    town.write()
    assert [problem.code for problem in check(town.root).errors] == []
    got(town, "points", DAY)
    got(town, "news", DAY)
    written = {path: path.read_text(encoding="utf-8") for path in (town.root / ".regulars/outbox").rglob("*.eml")}
    assert len(written) == 3
    assert sum("List-Unsubscribe" in words for words in written.values()) == 1
