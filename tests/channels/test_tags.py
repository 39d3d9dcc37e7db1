"""One letter for many comes out as each recipient's own, however the provider puts the values in."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_batches import letter

from regulars.channels.batches import requests
from regulars.channels.contract import Outgoing, Parts
from regulars.channels.sendgrid import request
from regulars.channels.tags import WIDTH, tagged
from regulars.testing import FakeSendGrid, example
from regulars.testing.fake_provider import Request
from regulars.testing.strict_requests import sendgrid_faults

# Draws that come first: the values below know them, as if somebody had guessed them.
GUESSED = [0, 11_111_111_111_111, 99_999_999_999_999]
HOSTILE = [
    "", " ", "-", "_", "-0", "0" * 14, "-" + "0" * 14, "-000000000000000000_", "-111111111111110000_", "0000_",
    "-11111111111111", "1-11111111111111", "[unsubscribe]", "<% click here %>", "[%first name%]", "{{first_name}}",
    "%asm_group_unsubscribe_raw_url%", "<%asm_global_unsubscribe_raw_url%>", "-name-", ":name", "%name%", "{% raw %}",
    "<b>&amp;\"'", "\r\n", "\x00", "\u2028", "Ștefan Инна 🎉", "\\u0041", "$1", "\\1", "x" * 900,
]  # fmt: skip
WORDS = st.lists(st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]), max_size=9), max_size=3)
SAID = WORDS.map("".join)


@st.composite
def crowds(draw) -> list[Outgoing]:
    """Letters that share a skeleton, of people who were not told to behave."""
    html, text = (tuple(draw(st.lists(SAID, min_size=1, max_size=6))) for _ in range(2))
    return [_letter(draw, number, html, text) for number in range(draw(st.integers(2, 5)))]


def _letter(draw: Callable, number: int, *skeletons: tuple[str, ...]) -> Outgoing:
    parts = [Parts(texts, tuple(draw(SAID) for _ in texts[1:])) for texts in skeletons]
    html, text = (
        texts[0] + "".join(hole + after for hole, after in zip(holes, texts[1:], strict=True)) for texts, holes in parts
    )
    return replace(
        example("email", number), subject=draw(SAID), html=html, text=text, html_parts=parts[0], text_parts=parts[1],
        headers={"X-Said": draw(SAID)}, ledger_id="l1", same=f"s{number}",
    )  # fmt: skip


def guesser() -> Callable[[int], int]:
    """Draws what was guessed, and afterwards something else each time."""
    numbers = iter([*GUESSED, *range(31_415_926_535_897, 31_415_926_535_997)])
    return lambda _below: next(numbers)


@given(crowds())
def test_each_recipient_gets_their_own_letter_however_the_tags_are_replaced(crowd):
    html, text, values = tagged(crowd, guesser())
    for message, own in zip(crowd, values, strict=True):
        tags = list(own.items())
        for order in (tags, tags[::-1], tags * 2, tags[::-1] + tags):
            assert _replaced(html, order) == message.html
            assert _replaced(text, order) == message.text
            for said in (message.subject, message.headers["X-Said"], message.same, message.to):
                assert _replaced(said, order) == said


def _replaced(text: str, tags: list[tuple[str, str]]) -> str:
    for tag, value in tags:
        text = text.replace(tag, value)
    return text


@given(crowds(), st.booleans(), st.integers(1, 2))
def test_what_arrives_of_a_whole_request_is_what_was_rendered(crowd, backwards, passes):
    provider = FakeSendGrid()
    provider.backwards, provider.passes = backwards, passes
    asked = request(*crowd)
    arrived = provider.read(Request("", {}, json.dumps(asked).encode()))
    assert [(a.message_id, a.to, a.subject, a.html, a.text, a.headers) for a in arrived] == [
        (m.message_id, m.to, m.subject, m.html, m.text, m.headers) for m in crowd
    ]
    assert [a.args for a in arrived] == [
        {"regulars_mid": m.message_id, "regulars_att": m.attempt_id, "regulars_led": "l1", "regulars_key": m.same}
        for m in crowd
    ]


@given(crowds())
def test_a_request_as_dealt_out_keeps_the_providers_limits(crowd):
    rules = ("substitutions", "personalizations: ", "not a field")
    for dealt in requests(crowd, 1_000, {}):
        faults = sendgrid_faults(request(*dealt))
        assert not [fault for fault in faults if any(rule in fault for rule in rules)]


def test_any_order_at_all_gives_the_same_letter():
    crowd = [letter(1, "-1_", code="1-"), letter(2, "", code="-")]
    html, _, values = tagged(crowd)
    for message, own in zip(crowd, values, strict=True):
        assert {_replaced(html, list(order)) for order in permutations(own.items())} == {message.html}


@pytest.mark.parametrize("place", ["html", "text", "subject", "to", "sender", "same", "headers"])
def test_a_number_that_stands_anywhere_in_the_request_is_drawn_again(place):
    guessed = f"-{GUESSED[1]}"
    odd = replace(letter(2), **{place: {"X-Said": guessed} if place == "headers" else f"a {guessed} b"})
    numbers = count(GUESSED[1])
    _, _, values = tagged([letter(1, "Ion"), odd], lambda _: next(numbers))
    assert all(tag.startswith(f"-{GUESSED[1] + 1}") for own in values for tag in own)
    assert values[0]


def test_a_number_that_arises_at_a_seam_is_drawn_again():
    crowd = [letter(1, "Ion", html=("-1111111", "1", "")), letter(2, "1111111", html=("-1111111", "1", ""))]
    numbers = iter([11_111_111_111_111, 11_111_111_111_111, 22_222_222_222_222])
    html, _, values = tagged(crowd, lambda _: next(numbers))
    assert [_replaced(html, list(own.items()) * 2) for own in values] == [message.html for message in crowd]


def test_all_tags_are_equally_long_and_no_end_of_one_begins_another():
    crowd = [letter(number, f"n{number}", code=f"c{number}") for number in range(3)]
    tags = list(tagged(crowd).values[0])
    assert {len(tag) for tag in tags} == {WIDTH}
    assert not any(one[-size:] == other[:size] for one in tags for other in tags for size in range(1, WIDTH))


def test_what_all_have_in_common_stands_in_the_letter_and_equal_places_share_a_tag():
    crowd = [letter(number, f"Name {number}", code="SAME-FOR-ALL") for number in range(3)]
    html, text, values = tagged(crowd)
    assert "SAME-FOR-ALL" in html
    assert [list(own.values()) for own in values] == [["Name 0"], ["Name 1"], ["Name 2"]]
    assert next(iter(values[0])) in html
    assert next(iter(values[0])) in text


def test_letters_that_are_all_alike_need_no_tags():
    asked = request(letter(1), letter(2))
    assert [one.get("substitutions") for one in asked["personalizations"]] == [None, None]
    assert asked["content"][1]["value"] == letter(1).html
