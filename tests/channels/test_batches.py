"""Which messages share a request."""

from dataclasses import replace
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.channels.batches import HOLES, requests
from regulars.channels.contract import Outgoing, Parts
from regulars.testing import example

HTML, TEXT = ("<p>Salut, ", "!</p><p>", "</p>"), ("Salut, ", "!")


def letter(number: int, name: str = "Ana", *, code: str = "", to: str = "", html=HTML, text=TEXT) -> Outgoing:
    """A letter that says `name` and `code`."""
    parts = Parts(html, (name, code)), Parts(text, (name,))
    said = [parts.texts[0] + "".join(map("".join, zip(parts.holes, parts.texts[1:], strict=True))) for parts in parts]
    return replace(
        example("email", number), html=said[0], text=said[1], html_parts=parts[0], text_parts=parts[1],
        to=to or f"customer{number}@example.com",
    )  # fmt: skip


def sizes(dealt) -> list[int]:
    return [len(request) for request in dealt]


def test_recipients_of_one_letter_share_a_request():
    letters = [letter(number, f"Name {number}") for number in range(5)]
    assert requests(letters, 1_000, {}) == [letters]


def test_a_request_holds_as_many_as_it_may():
    letters = [letter(number) for number in range(25)]
    assert sizes(requests(letters, 10, {})) == [10, 10, 5]
    assert sizes(requests(letters, 1, {})) == [1] * 25


@pytest.mark.parametrize(
    "change",
    [
        {"sender": "Alt Magazin <alt@example.org>"},
        {"reply_to": "altcineva@example.org"},
        {"html_parts": None},
        {"text_parts": None},
        {"html": "<p>changed since</p>"},
        {"text": "changed since"},
        {"html_parts": Parts(HTML, ("Ana",))},
    ],
)
def test_what_a_request_says_once_is_the_same_for_all_of_it(change):
    assert sizes(requests([letter(1), replace(letter(2), **change), letter(3)], 1_000, {})) == [2, 1]


def test_another_way_through_the_template_is_another_request():
    other = [letter(number, html=("<p>Bună, ", "!</p><p>", "</p>")) for number in (2, 4)]
    assert [[m.message_id[-1] for m in request] for request in requests([letter(1), *other, letter(3)], 9, {})] == [
        ["1", "3"],
        ["2", "4"],
    ]


@pytest.mark.parametrize("same", ["ana@example.com", "Ana@Example.COM", "Ana P. <ana@example.com>", " ana@example.com"])
def test_no_address_is_twice_in_a_request(same):
    dealt = requests([letter(1, to="ana@example.com"), letter(2), letter(3, to=same), letter(4)], 1_000, {})
    assert sizes(dealt) == [2, 2]


def test_a_message_that_was_refused_in_company_keeps_smaller_company():
    letters = [letter(number) for number in range(10)]
    companies = {letters[3].message_id: 1, letters[5].message_id: 2, letters[6].message_id: 2, letters[7].message_id: 2}
    assert sizes(requests(letters, 1_000, companies)) == [6, 1, 2, 1]


def test_a_message_with_much_of_its_own_goes_alone():
    fits = letter(2, "ș" * (HOLES // 4 - 60))
    assert sizes(requests([letter(1), fits], 1_000, {})) == [2]
    for much in ("ș" * (HOLES // 4), '"' * (HOLES // 4), "\x01" * (HOLES // 12)):
        assert sizes(requests([letter(1), letter(2, much)], 1_000, {})) == [1, 1]


def test_half_a_character_keeps_to_itself():
    odd = [letter(2, "\ud83d"), replace(letter(3), subject="\ud83d")]
    assert sizes(requests([letter(1), *odd, letter(4)], 1_000, {})) in ([2, 1, 1], [1, 1, 1, 1])


def test_a_request_never_grows_beyond_what_the_provider_takes():
    letters = [letter(number, "x" * 4_000, code=str(number)) for number in range(3_000)]
    dealt = requests(letters, 3_000, {})
    assert sizes(dealt)[0] < 2_500
    assert sum(sizes(dealt)) == 3_000


LETTERS = st.lists(
    st.builds(
        letter,
        st.integers(1, 9),
        st.sampled_from(["Ana", "Ion", "x" * 9_000]),
        to=st.sampled_from(["a@example.com", "A@example.com", "b@example.com", "c@example.com"]),
        html=st.sampled_from([HTML, ("<b>", "", "</b>")]),
    ),
    max_size=30,
)


@given(LETTERS, st.integers(1, 6), st.dictionaries(st.integers(1, 9).map(lambda n: f"{n:032x}"), st.integers(0, 4)))
def test_every_message_goes_once_and_every_request_keeps_the_rules(letters, most, companies):
    dealt = requests(letters, most, companies)
    assert sorted(id(message) for request in dealt for message in request) == sorted(map(id, letters))
    for request in dealt:
        addresses = {message.to.casefold() for message in request}
        assert len(request) == len(addresses) <= most
        assert len(request) <= min(companies.get(message.message_id) or most for message in request)
        assert len({(m.sender, m.reply_to, m.html_parts.texts, m.text_parts.texts) for m in request}) == 1
    firsts = [next(place for place, message in enumerate(letters) if message is request[0]) for request in dealt]
    assert firsts == sorted(firsts)
    assert requests(letters, most, companies) == dealt


def test_dealing_takes_time_in_proportion_whatever_the_order():
    def seconds(letters) -> float:
        start = process_time()
        requests(letters, 1_000, {})
        return process_time() - start

    one_address = [letter(number, to="ana@example.com") for number in range(4_000)]
    few = min(seconds(one_address[:1_000]) for _ in range(5))
    assert min(seconds(one_address) for _ in range(5)) < few * 12
