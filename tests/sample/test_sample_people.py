"""The people of the sample shop: nobody real, and untidy in the ways that shops' customers are."""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import available_timezones

import duckdb
import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from regulars.sample import tables
from regulars.sample.names import TONGUES, plain

NAMES = sorted({name for tongue in TONGUES.values() for name in (*tongue.women, *tongue.men, *tongue.surnames)})
INVENTED = re.compile(r"\+(407000\d{5}|37360000\d{3}|442079460\d{3}|1(212|215|206|617)55501\d\d)")


@pytest.fixture(scope="module")
def customers(shop: Path) -> dict[str, tuple[str, ...]]:
    return tables.read(shop, "customers")


def is_address(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def number(phone: str, country: str) -> str:
    """E.164, or nothing where libphonenumber says that this is no number."""
    try:
        parsed = phonenumbers.parse(phone, country)
    except phonenumbers.NumberParseException:
        return ""
    valid = phonenumbers.is_valid_number(parsed)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if valid else ""


def test_every_address_is_at_a_domain_that_belongs_to_nobody(customers: dict[str, tuple[str, ...]]) -> None:
    domains = {email.rpartition("@")[2].rstrip(".") for email in customers["email"] if "@" in email}
    assert domains == {"example.com", "example.org"}


def test_about_one_address_in_fifty_is_broken(customers: dict[str, tuple[str, ...]]) -> None:
    broken = [email for email in customers["email"] if email and not is_address(email)]
    assert 0.01 * 6000 < len(broken) < 0.03 * 6000
    assert any("@" not in email for email in broken)
    assert any(" " in email for email in broken)
    assert any(".." in email for email in broken)
    assert any(email.endswith(".") for email in broken)


def test_every_phone_that_could_ring_is_invented(customers: dict[str, tuple[str, ...]]) -> None:
    numbers = [number(*written) for written in zip(customers["phone"], customers["country"], strict=True)]
    assert sum(map(bool, numbers)) > 0.8 * 6000
    assert [found for found in numbers if found and not INVENTED.fullmatch(found)] == []


def test_about_one_phone_in_fifty_is_broken_and_the_others_are_written_in_several_ways(
    customers: dict[str, tuple[str, ...]],
) -> None:
    written = [pair for pair in zip(customers["phone"], customers["country"], strict=True) if pair[0]]
    broken = [phone for phone, country in written if not number(phone, country)]
    assert 0.01 * 6000 < len(broken) < 0.03 * 6000
    for way in (r"0700 \d{3} \d{3}", r"0700\d{6}", r"\+40700\d{6}", r"\+40 700 \d{3} \d{3}", r"\(\d{3}\) 555-01\d\d"):
        assert any(re.fullmatch(way, phone) for phone, _ in written), way


def test_people_of_one_household_share_an_address_under_two_ids(look: duckdb.DuckDBPyConnection) -> None:
    shared = look.execute(
        "select count(*), count(distinct customer_id) from customers where email like '%_@_%' "
        "group by email having count(*) > 1"
    ).fetchall()
    assert 3 <= len(shared) <= 20
    assert all(people == ids for people, ids in shared)


def test_names_languages_zones_birthdays_and_consents_vary(look: duckdb.DuckDBPyConnection) -> None:
    def among(column: str) -> dict[str | None, int]:
        return dict(look.execute(f"select {column}, count(*) from customers group by all").fetchall())

    assert set(among("language")) == {"ro", "ru", "en", "hu", "de", None}
    assert among("language")["ro"] > 0.5 * 6000
    for column in ("email_consent", "sms_consent"):
        assert set(among(column)) == {"yes", "no", None}
    zones = among("timezone")
    assert {"Europe/Bucharest", "Europe/Chisinau", "Europe/London", "America/New_York", None} < set(zones)
    assert 1 <= sum(count for zone, count in zones.items() if zone and zone not in available_timezones()) <= 10
    for column in ("birthday", "first_name"):
        assert 0.01 * 6000 < among(column)[None] < 0.12 * 6000
    names = " ".join(name for name in among("first_name || ' ' || last_name") if name)
    assert all(sign in names for sign in "șțăâîȘȚЩё'’-")


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("Ștefăniță", "stefanita"),
        ("Фёдор", "fedor"),
        ("Щукина", "shchukina"),
        ("O’Neill", "oneill"),
        ("Weiß", "weiss"),
        ("Ana-Maria", "ana-maria"),
    ],
)
def test_a_name_is_spelt_in_plain_letters(name: str, spelt: str) -> None:
    assert plain(name) == spelt


@given(st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_any_two_names_make_an_address(first: str, last: str) -> None:
    assert is_address(f"{plain(first)}.{plain(last)}@example.com")


def test_a_russian_woman_bears_her_own_form_of_the_surname() -> None:
    russian = TONGUES["ru"]
    where = russian.surnames.index("Покровский")
    assert [russian.surname(where, woman) for woman in (True, False)] == ["Покровская", "Покровский"]
    assert russian.surname(russian.surnames.index("Щукин"), woman=True) == "Щукина"
