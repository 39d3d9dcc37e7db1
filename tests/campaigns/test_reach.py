"""Consent, addresses, suppression, languages: whom a message can reach, and on which channel."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shop_days as days
from regulars.ledger import consent
from regulars.people import addresses
from small_shop import SmallShop

DAY = "2026-02-01 10:00"


def reached(shop: SmallShop, send: str = "email", template: str = "hello/one") -> dict[str, str]:
    """Customer → channel and address, or the reason why not."""
    shop.campaign("hello", messages=f"[{{send: '{send}', template: {template}, subject: Salut}}]")
    days.run(shop, "hello", DAY)
    sent = days.rows(shop, "message", "customer_id, channel, address")
    return {row["customer_id"]: f"{row['channel']} {row['address']}" for row in sent}


def said(shop: SmallShop, customer: str, channel: str, *, given: bool) -> None:
    with days.opened(shop, DAY) as (desk, moment), desk.ledger.writing() as connection:
        consent.record(connection, customer, channel, moment, given=given, source="test")


def test_consent_is_asked_for_each_channel(shop: SmallShop) -> None:
    shop.customer("ana", email_consent="no")
    shop.customer("ion", sms_consent="no")
    assert reached(shop, "sms") == {"ana": "sms +40700000001"}


def test_what_somebody_told_us_stands_over_the_shops_data_both_ways(shop: SmallShop) -> None:
    shop.customer("ana", email_consent="yes")
    shop.customer("ion", email_consent="no")
    said(shop, "ana", "email", given=False)
    said(shop, "ion", "email", given=True)
    assert reached(shop) == {"ion": "email ion@example.com"}


def test_the_first_channel_that_reaches_somebody_is_taken(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.customer("ion", phone="")
    shop.customer("ema", sms_consent="no")
    shop.customer("dan", phone="not a phone", email="not an address")
    assert reached(shop, "sms, else email") == {
        "ana": "sms +40700000001",
        "ion": "email ion@example.com",
        "ema": "email ema@example.com",
    }


def test_a_channel_without_words_in_any_language_of_theirs_is_not_taken(shop: SmallShop) -> None:
    shop.customer("ana", language="xx")
    shop.customer("ion", language="ru")
    shop.campaign("hello")
    (shop.root / "templates/hello/one.ro.sms").unlink()
    assert days.select(shop, "hello", DAY).languages == {"email": {"ro": 1, "ru": 1}}
    shop.campaign("hello", words=False, messages="[{send: sms, template: hello/one}]")
    assert days.select(shop, "hello", DAY).withheld == {"no-words": 1}


def test_a_suppressed_address_is_not_written_to_however_it_is_spelt(shop: SmallShop) -> None:
    shop.customer("ana", email="Ana@Example.com")
    shop.customer("ion")
    with days.opened(shop, DAY) as (desk, moment):
        hashed = consent.address_hash(desk.ledger.salt("addresses"), "ana@example.com")
        with desk.ledger.writing() as connection:
            consent.suppress(connection, hashed, "email", "bounced", moment)
    assert reached(shop) == {"ion": "email ion@example.com"}
    assert days.select(shop, "hello", DAY).withheld == {"already-enrolled": 1, "suppressed": 1}


@pytest.mark.parametrize(
    ("raw", "country", "number"),
    [
        ("0700 000 001", "RO", "+40700000001"),
        ("0700 000 001", "", "+40700000001"),
        ("+44 7400 123456", "", "+447400123456"),
        ("07400 123456", "GB", "+447400123456"),
        ("07400 123456", "uk", "+447400123456"),
        ("0040700000001", "RO", "+40700000001"),
        ("+40 700 000 001", "Nowhere", "+40700000001"),
        ("12", "RO", ""),
        ("abc", "RO", ""),
    ],
)
def test_a_phone_is_read_as_its_owner_would_dial_it(raw: str, country: str, number: str) -> None:
    assert addresses.phone_number(raw, country, "RO") == number


def test_a_phone_that_is_none_in_its_owners_country_does_not_become_a_strangers(shop: SmallShop) -> None:
    assert addresses.phone_number("0700 000 001", "US", "RO") == ""
    assert addresses.phone_number("0700 000 001", "Moldavia", "RO") == ""


NO_ADDRESSES = [
    "a@b",
    "ana@@example.com",
    "ana@example..com",
    "ana example.com",
    "@example.com",
    "ana@localhost",
    "ana@example.invalid",
]


@pytest.mark.parametrize("raw", NO_ADDRESSES)
def test_what_is_no_address_is_none(raw: str) -> None:
    assert addresses.email_address(raw) == ""


PARTS = st.text("aA9._-+@ ț", min_size=1, max_size=12)
ENDINGS = st.sampled_from(["com", "example", "test", "c", "co.uk"])
ADDRESSES = st.builds("{}@{}.{}".format, PARTS, PARTS, ENDINGS)


@settings(max_examples=60, deadline=None)
@given(st.lists(ADDRESSES, min_size=1, max_size=20))
def test_addresses_that_sql_recognises_are_those_that_the_validator_accepts(
    tmp_path_factory: pytest.TempPathFactory, raw: list[str]
) -> None:
    empty = pa.nulls(len(raw), pa.string())
    with duckdb.connect() as connection:
        connection.register("people", pa.table({"email": raw, "phone": empty, "country": empty}))
        addresses.prepare(connection, tmp_path_factory.mktemp("kept"), "people", "RO", ("email",))
        found = dict(connection.execute("select raw, lower(address) from regulars_addresses").fetchall())
    assert found == {one: addresses.email_address(one).lower() for one in raw}
