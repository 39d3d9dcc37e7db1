"""The sample shop's own words: complete, and with nothing odd in them."""

from __future__ import annotations

import re
from itertools import product

import pytest

from regulars.words.sms import segments

EMAILS = (
    "discount/due", "birthday/gift", "winback/first", "winback/reminder", "referral/invite", "welcome/hello",
    "welcome/first_order", "thanks/order", "referral/reward",
)  # fmt: skip
TEXT_MESSAGES = ("discount/due", "birthday/gift", "winback/reminder")
LANGUAGES = ("ro", "ru", "en")
LETTERS = list(product(EMAILS, LANGUAGES))


def words_of(html: str) -> str:
    """The text a reader sees, roughly."""
    body = re.sub(r"<(style|title)\b.*?</\1>|<!--.*?-->", " ", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


@pytest.mark.parametrize(("template", "language"), LETTERS)
@pytest.mark.parametrize("name", [True, False], ids=["named", "nameless"])
def test_every_letter_is_whole_in_both_forms(words, context, template, language, name):
    known = context(template, language, name=name)
    email = words.email(template, language, known, "Subject")
    for text in (words_of(email.html), " ".join(email.text.split())):
        assert "Casa Verde" in text
        assert "Str. Lungă 7" in text
        assert "{" not in text
        assert "None" not in text
        assert not re.search(r" [,.!?:;]|,,|,!|\(\)|\bDear\b", text), text
        if name and template != "welcome/hello":
            assert known["customer"]["first_name"] in text
        if "offer" in known:
            assert "W4R9TNX2KBD" in text
            assert {"ro": "5 decembrie", "ru": "5 декабря", "en": "5 December"}[language] in text
            assert ("25" if template == "birthday/gift" else "−10%") in text
    assert f'<html lang="{language}"' in email.html
    assert known["links"]["unsubscribe"] in email.html
    assert known["links"]["unsubscribe"] in email.text


@pytest.mark.parametrize(("template", "language"), LETTERS)
def test_letters_need_nothing_from_the_network(words, context, template, language):
    html = words.email(template, language, context(template, language), "Subject").html
    assert not re.search(r"<(img|link|script|iframe)\b|@import|url\(", html)
    assert len(html.encode()) < 100_000  # longer ones are cut by mail programs


def test_letters_are_written_with_the_right_letters(root):
    for path in (root / "templates").rglob("*.ro.*"):
        assert not re.search("[şţŞŢãÃ]", path.read_text()), path  # cedilla and tilde are not Romanian
    for path in (root / "templates").rglob("*.ru.*"):
        spoken = re.sub(r"{[{%#].*?[}%#]}|<[^>]+>", "", path.read_text(), flags=re.DOTALL)
        assert not re.search("[a-z]{3}", spoken), path


def test_the_invitation_shows_code_and_link(words, context):
    known = context("referral/invite", "en")
    email = words.email("referral/invite", "en", known, "Subject")
    for text in (email.html, email.text):
        assert known["referral"]["code"] in text
        assert known["referral"]["link"] in text


def test_recommendations_are_shown_where_there_are_any(words, context):
    shown = words.email("discount/due", "ro", context("discount/due", "ro", goods=2), "s")
    assert "Credem că ți-ar plăcea" in shown.html
    assert "11,50\xa0RON" in shown.text
    assert "Credem" not in words.email("discount/due", "ro", context("discount/due", "ro", goods=0), "s").html


def test_both_kinds_of_offer_fit_every_letter_that_shows_one(words, context):
    for template, language in LETTERS:
        known = context(template, language)
        if "offer" in known:
            for worth in ({"kind": "percent", "percent": 15}, {"kind": "amount", "amount": "50.00"}):
                email = words.email(
                    template, language, {**known, "offer": {"code": "X", "valid_until": "2026-12-05", **worth}}, "s"
                )
                assert ("15%" if "percent" in worth else "50\xa0") in email.html.replace("RON\xa050", "50\xa0")


@pytest.mark.parametrize(("template", "language"), list(product(TEXT_MESSAGES, LANGUAGES)))
def test_text_messages_are_short_and_say_what_counts(words, context, template, language):
    known = context(template, language, short=True)
    text = words.sms(template, language, known)
    for part in ("Casa Verde", "W4R9TNX2KBD", "5 ", known["links"]["unsubscribe"]):
        assert part in text
    found = segments(text)
    if language == "en":
        assert (found.encoding, found.segments) == ("GSM-7", 1)
    else:
        assert found.segments <= (3 if template == "birthday/gift" else 2)
