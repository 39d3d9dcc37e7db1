"""Segments as Twilio counts them. The table was compared with npm's sms-segments-calculator, as were random texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.words.sms import plain_letters, segments, total

FAMILY = "👨‍👩‍👧"
TABLE = [
    ("", "GSM-7", 0, 1),
    ("a" * 160, "GSM-7", 160, 1),
    ("a" * 161, "GSM-7", 161, 2),
    ("a" * 306, "GSM-7", 306, 2),
    ("a" * 307, "GSM-7", 307, 3),
    ("€" * 80, "GSM-7", 160, 1),
    ("€" * 81, "GSM-7", 162, 2),
    ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),  # the sign would straddle the seam
    ("a" * 151 + "€" + "a" * 153, "GSM-7", 306, 2),
    ("{}[]~^|\\\f", "GSM-7", 18, 1),
    ("àéäöüñÇ£¥§¿¡ΔΩ", "GSM-7", 14, 1),
    ("ç", "UCS-2", 1, 1),
    ("`", "UCS-2", 1, 1),
    ("Încă o zi", "UCS-2", 9, 1),
    ("ș" * 70, "UCS-2", 70, 1),
    ("ș" * 71, "UCS-2", 71, 2),
    ("ș" * 134, "UCS-2", 134, 2),
    ("ș" * 135, "UCS-2", 135, 3),
    ("Привет" * 11, "UCS-2", 66, 1),
    ("−10%", "UCS-2", 4, 1),
    ("25\xa0RON", "UCS-2", 6, 1),
    ("😀" * 35, "UCS-2", 70, 1),
    ("😀" * 36, "UCS-2", 72, 2),
    ("ș" * 66 + "😀" + "ș" * 66, "UCS-2", 134, 3),  # a surrogate pair is never cut
    ("ș" * 60 + FAMILY + "ș" * 66, "UCS-2", 134, 3),  # nor is what people see as one character
    ("🇷🇴" * 17, "UCS-2", 68, 1),
    ("ș" * 65 + "🇷🇴" + "ș" * 65, "UCS-2", 134, 3),
    ("ș" * 66 + "e\u0301" + "ș" * 66, "UCS-2", 134, 3),
    ("€" + "ș" * 69, "UCS-2", 70, 1),  # the sign is one unit here
]


@pytest.mark.parametrize(("text", "encoding", "length", "count"), TABLE)
def test_segments(text, encoding, length, count):
    assert segments(text) == (encoding, length, count)


def test_total_is_the_sum():
    assert total(["a", "ș" * 71]) == 3


@given(st.text(max_size=400), st.text(max_size=20))
def test_more_text_never_costs_less(text, more):
    assert segments(text + more).segments >= segments(text).segments


@given(
    st.text(st.characters(max_codepoint=0x7F, blacklist_characters="`"), max_size=700).filter(lambda t: t.isprintable())
)
def test_plain_english_is_gsm7_and_fits_the_room_there_is(text):
    found = segments(text)
    assert found.encoding == "GSM-7"
    assert found.characters <= max(160, found.segments * 153)
    assert found.segments == 1 or found.characters > 160


def test_plain_letters_are_the_same_words_in_one_segment():
    text = "Ștefania, îți mulțumim că ești aici! Ți-am păstrat o ofertă în magazinul tău: ŞTIRI ŢARĂ Â Î ş ţ"
    assert plain_letters(text) == (
        "Stefania, iti multumim ca esti aici! Ti-am pastrat o oferta in magazinul tau: STIRI TARA A I s t"
    )
    assert (segments(text).segments, segments(plain_letters(text)).segments) == (2, 1)


def test_plain_letters_are_found_where_the_sign_is_a_character_of_its_own():
    assert plain_letters("s\u0326i t\u0327i a\u0306") == "si ti a"


@given(st.text())
def test_plain_letters_never_cost_more_and_change_no_other_letter(text):
    plain = plain_letters(text)
    assert segments(plain).segments <= segments(text).segments
    assert not set(plain) & set("ăâîșțşţĂÂÎȘȚŞŢ")


def test_other_languages_keep_their_letters():
    for text in ("Инна, здравствуйте", "José à Orléans", "ação, ç", "€ {x}"):
        assert plain_letters(text) == text
