"""Small words, what was meant by them, and whether zones, languages, currencies and addresses exist."""

import pytest

from regulars.lang.places_and_tongues import is_currency, is_language, is_zone, near_zone, wrong_address
from regulars.lang.repairs import meant
from regulars.lang.scalars import Cap, Duration, Money, QuietHours, Repeat, Schedule, Send, Share, Until, Word
from regulars.lang.suggest import did_you_mean, listed, nearest


@pytest.mark.parametrize(
    ("word", "text", "better"),
    [
        (Duration, "14", "14 days"),
        (Duration, "3d", "3 days"),
        (Duration, "14 dyas", "14 days"),
        (Duration, "6h", "6 hours"),
        (Share, "10", "10%"),
        (Share, "10 percent", "10%"),
        (Share, "2,5%", "2.5%"),
        (Cap, "3 a week", "3 per week"),
        (Cap, "1/day", "1 per day"),
        (QuietHours, "21-9", "21:00-9:00"),
        (QuietHours, "21:00 to 09:00", "21:00-09:00"),
        (Send, "sms or email", "sms, else email"),
        (Send, "e-mail", "email"),
        (Send, "emial", "email"),
        (Repeat, "90 days", "every 90 days"),
        (Repeat, "yearly", "every year"),
        (Schedule, "every day at 10:00", "daily at 10:00"),
        (Schedule, "weekly on thrusday at 9:00", "weekly on thursday at 9:00"),
        (Schedule, "daily at 10", "daily at 10:00"),
        (Schedule, "daily 10:00", "daily at 10:00"),
        (Schedule, "daily", "daily at 10:00"),
        (Until, "27.11.2026", "2026-11-27"),
        (Money, "12,50", "12.50"),
        (Money, "20,000", "20000"),
        (Money, "25 RON", "25"),
    ],
)
def test_what_was_meant_is_found_and_holds(word, text, better):
    assert meant(word, text) == better
    word.parse(better)


@pytest.mark.parametrize("word", Word.__subclasses__())
@pytest.mark.parametrize("text", ["", "whatever", "∞", "9" * 200, "daily " * 50])
def test_nothing_is_made_up(word, text):
    assert meant(word, text) == ""


def test_zones():
    assert is_zone("Europe/Bucharest")
    assert not any(is_zone(name) for name in ("Europe/Bucuresti", "../etc/passwd", "/etc/passwd", "Europe", "", "a\0b"))
    assert near_zone("Bucharest") == "Europe/Bucharest"
    assert near_zone("Europe/Bucuresti") == "Europe/Bucharest"


def test_currencies_and_languages():
    assert is_currency("RON")
    assert not is_currency("lei")
    assert is_language("ro")
    assert is_language("pt_BR")
    assert not any(is_language(code) for code in ("RO", "english", "xx", "../ro", ""))


@pytest.mark.parametrize("text", ["Casa Verde <salut@casaverde.example>", "salut@casaverde.example", "a@b.test"])
def test_a_sender(text):
    assert wrong_address(text) == ""


@pytest.mark.parametrize("text", ["Casa Verde", "Casa Verde <salut>", "", "a@b", "a@b@c.example", "<>"])
def test_no_sender(text):
    assert wrong_address(text)


def test_nearest_sees_case_dashes_and_typing_mistakes_but_no_strangers():
    allowed = ("send_within", "status", "subject")
    assert nearest("Send-Within", allowed) == "send_within"
    assert nearest("subjet", allowed) == "subject"
    assert nearest("banana", allowed) == ""
    assert nearest("x" * 1000, allowed) == ""
    assert did_you_mean("statsu", allowed) == " Did you mean `status`?"


def test_long_lists_are_cut():
    assert listed("abc") == "a, b, c"
    assert listed([str(number) for number in range(25)], most=2) == "0, 1 … (23 more)"
