"""From a template to each recipient's letter: what SendGrid makes of a shared request is the plain rendering."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from test_skeleton import CONTEXTS, FRAMES, STYLED, VALUES

from regulars.campaigns.rendering import parts
from regulars.channels.batches import requests
from regulars.channels.contract import Outgoing
from regulars.channels.sendgrid import request
from regulars.testing import FakeSendGrid
from regulars.testing.fake_provider import Request
from regulars.words.render import Words
from regulars.words.sources import Sources

SHOP = {"name": "A & B", "currency": "RON", "timezone": "Europe/Bucharest", "address": "x"}
TEMPLATES = st.lists(st.tuples(st.sampled_from(FRAMES), st.sampled_from(VALUES)), min_size=1, max_size=6).map(
    lambda said: "<p>.</p>" + "".join(frame.format(v=value) for frame, value in said)
)
ODD = st.sampled_from([
    "[unsubscribe]", "<% x %>", "{{ a }}", "-a-", "%asm_group_unsubscribe_raw_url%", "&amp;", "<b>", "", "é\r\n",
    "0" * 15, "x" * 9_400, "\x00",
])  # fmt: skip
PEOPLE = st.lists(st.builds(lambda known, a, b: known | {"a": a, "b": b}, CONTEXTS, ODD, ODD), min_size=2, max_size=6)


def outgoing(words: Words, number: int, known: dict, template: str = "t", language: str = "en") -> Outgoing:
    subject = "{{ a }} and {{ b }}" if template == "t" else "Salut"
    email = words.email_parts(template, language, known, subject)
    return Outgoing(
        f"m{number}", "a1", "email", f"p{number}@example.com", subject=email.subject,
        html=email.html.text, text=email.text.text, sender="A <a@example.org>",
        html_parts=parts(email.html), text_parts=parts(email.text),
    )  # fmt: skip


def arrived(letters: list[Outgoing], passes: int) -> dict[str, tuple[str, str, str]]:
    provider = FakeSendGrid()
    provider.passes, provider.backwards = passes, passes > 1
    asked = [json.dumps(request(*shared)).encode() for shared in requests(letters, 1_000, {})]
    return {
        one.message_id: (one.subject, one.html, one.text) for a in asked for one in provider.read(Request("", {}, a))
    }


@settings(max_examples=60)  # compiling a template is what takes the time
@given(TEMPLATES, PEOPLE, st.integers(1, 2))
def test_what_arrives_is_the_plain_rendering_byte_for_byte(text, people, passes):
    words = Words(Sources({"t.en.html": text, "t.en.txt": text}), ["en"], "en", SHOP)
    letters = [outgoing(words, number, known) for number, known in enumerate(people)]
    assert arrived(letters, passes) == {one.message_id: (one.subject, one.html, one.text) for one in letters}


@settings(max_examples=60)  # compiling a template is what takes the time
@given(PEOPLE, st.integers(1, 2))
def test_with_inlined_styles_it_is_too(people, passes):
    words = Words(Sources({"t.en.html": STYLED, "t.en.txt": STYLED}), ["en"], "en", SHOP)
    letters = [outgoing(words, number, known) for number, known in enumerate(people)]
    assert arrived(letters, passes) == {one.message_id: (one.subject, one.html, one.text) for one in letters}


def test_people_whose_template_took_the_same_way_share_a_request(words, context):
    people = [context("discount/due", "ro", goods=goods) for goods in (2, 2, 1, 2)]
    letters = [outgoing(words, number, known, "discount/due", "ro") for number, known in enumerate(people)]
    assert [[one.message_id for one in shared] for shared in requests(letters, 9, {})] == [["m0", "m1", "m3"], ["m2"]]


def test_a_letter_whose_styles_hang_on_a_value_shares_with_nobody(written):
    words = written({"t.en.html": '<style>.g { color: red }</style><p class="{{ a }}">x</p>', "t.en.txt": "x"})
    letters = [outgoing(words, number, {"a": "g", "b": "-"}) for number in range(2)]
    assert letters[0].html_parts is None
    assert [len(shared) for shared in requests(letters, 9, {})] == [1, 1]
