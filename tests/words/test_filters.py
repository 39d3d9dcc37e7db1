"""Numbers, money, dates and plural forms as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from regulars.words.filters import filters_for

NBSP = "\xa0"


def spoken(language: str, currency: str = "RON"):
    return filters_for(language, currency, "Europe/Bucharest")


@pytest.mark.parametrize(
    ("language", "currency", "value", "text"),
    [
        ("ro", "RON", "1225.50", f"1.225,50{NBSP}RON"),
        ("ro", "RON", "25.00", f"25{NBSP}RON"),
        ("ru", "RON", 25, f"25{NBSP}RON"),
        ("en", "RON", Decimal("25.5"), f"RON{NBSP}25.50"),
        ("en", "GBP", "25", "£25"),
        ("en", "USD", "1225.5", "$1,225.50"),
        ("ro", "JPY", "100", f"100{NBSP}JPY"),
    ],
)
def test_money(language, currency, value, text):
    assert spoken(language, currency)["money"](value) == text


@pytest.mark.parametrize(
    ("language", "form", "text"),
    [
        ("ro", "long", "5 decembrie 2026"),
        ("ro", "day", "5 decembrie"),
        ("ru", "day", "5 декабря"),
        ("en", "day", "5 December"),
        ("en", "short", "05/12/2026"),
    ],
)
def test_dates(language, form, text):
    assert spoken(language)["date"]("2026-12-05", form) == text
    assert spoken(language)["date"](date(2026, 12, 5), form) == text


def test_a_moment_is_shown_on_the_shops_day():
    assert spoken("ro")["date"](datetime(2026, 12, 4, 23, 0, tzinfo=UTC), "day") == "5 decembrie"
    assert spoken("ro")["date"]("2026-12-04T23:00:00+00:00", "day") == "5 decembrie"


@pytest.mark.parametrize(
    ("number", "form"), [(1, "zi"), (2, "zile"), (19, "zile"), (20, "de zile"), (101, "zile"), (0, "zile")]
)
def test_romanian_plurals(number, form):
    assert spoken("ro")["plural"](number, one="zi", few="zile", other="de zile") == form


@pytest.mark.parametrize(
    ("number", "form"), [(1, "день"), (2, "дня"), (5, "дней"), (11, "дней"), (21, "день"), (22, "дня")]
)
def test_russian_plurals(number, form):
    assert spoken("ru")["plural"](number, one="день", few="дня", many="дней", other="дня") == form


def test_other_stands_in_for_a_form_that_is_not_given():
    assert spoken("ru")["plural"](5, one="a", other="b") == "b"


def test_numbers():
    assert spoken("ro")["number"]("1225.567") == "1.225,57"
    assert spoken("en")["number"](10) == "10"


@pytest.mark.parametrize("name", ["money", "number", "date", "plural"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_value_nobody_knows_stays_empty(name, value):
    assert spoken("ro")[name](value) == ""


def test_a_language_babel_does_not_know_is_spoken_as_english():
    assert spoken("xx")["date"]("2026-12-05", "day") == "5 December"
