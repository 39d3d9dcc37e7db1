"""Ids that ascend, and codes that catch typing errors."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from regulars import clock
from regulars.ledger import codes, ids


def test_ids_are_different_ascending_and_of_version_7():
    with clock.frozen(datetime(2026, 8, 27, tzinfo=UTC)):
        drawn = ids.draw(5_000).to_pylist()
    assert len(set(drawn)) == 5_000
    assert drawn == sorted(drawn)
    for text in drawn[:100]:
        assert (UUID(text).version, UUID(text).variant) == (7, "specified in RFC 4122")
        assert int(text[:12], 16) == 1_787_788_800_000, "the millisecond"


def test_an_id_drawn_later_sorts_later():
    with clock.frozen(datetime(2026, 8, 27, tzinfo=UTC)):
        earlier = ids.one()
    with clock.frozen(datetime(2026, 8, 28, tzinfo=UTC)):
        assert ids.one() > earlier


def test_codes_are_different_valid_and_without_look_alikes():
    drawn = codes.draw(5_000)
    assert len(set(drawn)) == 5_000
    assert all(len(code) == 11 and codes.valid(code) for code in drawn)
    assert not set("".join(drawn)) & set("01OIL")


def test_every_sign_is_drawn_about_as_often():
    text = "".join(code[:10] for code in codes.draw(20_000))
    expected = len(text) / len(codes.ALPHABET)
    assert all(abs(text.count(sign) - expected) < 0.08 * expected for sign in codes.ALPHABET)


def test_a_code_may_be_typed_in_small_letters_with_spaces_and_dashes():
    code = codes.draw(1)[0]
    typed = f" {code[:4].lower()}-{code[4:8]} {code[8:]}\n"
    assert codes.valid(typed)
    assert codes.normal(typed) == code


@given(place=st.integers(0, 10), sign=st.sampled_from(codes.ALPHABET))
def test_one_wrong_sign_is_caught(place: int, sign: str):
    code = codes.draw(1)[0]
    wrong = code[:place] + sign + code[place + 1 :]
    assert codes.valid(wrong) == (wrong == code)


@given(place=st.integers(0, 8))
def test_two_exchanged_signs_are_caught(place: int):
    code = codes.draw(1)[0]
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert codes.valid(wrong) == (wrong == code)


@given(st.text(max_size=14))
def test_no_text_is_too_strange_to_be_asked_about(text: str):
    assert codes.valid(text) in (True, False)
