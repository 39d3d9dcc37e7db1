"""A lost answer of Twilio's is settled by what Twilio has created."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from channel_peers import ask, twilio_at

from regulars import clock
from regulars.channels.contract import ProvesAbsence, Sighting, Sought
from regulars.channels.twilio_books import BEFORE, Created, body_hash, page_of, sightings
from regulars.testing import FakeTwilio, Reaction, example

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def sought(number: int = 1, text: str = "Bună", at: datetime | None = None) -> Sought:
    return Sought(example("sms", number, text=text), at or clock.now())


def look(provider: FakeTwilio, *these: Sought, total: float = 5.0) -> dict[str, str]:
    async def once():
        channel = twilio_at(provider, total=total)
        try:
            return await channel.seen(these)
        finally:
            await channel.close()

    return {message_id[-1]: sighting.verdict for message_id, sighting in asyncio.run(once()).items()}


def test_twilio_is_a_channel_that_proves_absence(twilio):
    assert isinstance(twilio_at(twilio), ProvesAbsence)


def test_of_two_lost_answers_the_one_that_was_created_was_sent_and_the_other_was_not(twilio):
    twilio.will(Reaction(500, keeps=True), Reaction(500, keeps=False))
    lost = [sought(1), sought(2)]
    for one in lost:
        assert ask(twilio_at(twilio), one.message)[0].outcome == "ambiguous"
    assert look(twilio, *lost) == {"1": "sent", "2": "absent"}


def test_it_asks_for_each_number_once_and_for_no_day(twilio):
    look(twilio, sought(1, "a"), sought(1, "b"), sought(2, "a"))
    assert sorted(request.path.partition("?")[2] for request in twilio.requests) == [
        "To=%2B40700000001&PageSize=1000",
        "To=%2B40700000002&PageSize=1000",
    ]


def test_every_page_is_read(twilio):
    twilio.page = 2
    for text in "abcde":
        ask(twilio_at(twilio), example("sms", text=text))
    assert look(twilio, sought(text="a")) == {"1": "sent"}
    assert len([request for request in twilio.requests if request.method == "GET"]) == 3


@pytest.mark.parametrize("met", [
    401, 429, 500, "reset", "cut", "hang", "dribble", "garbage", Reaction(200, body=b"{}"),
    Reaction(200, body=b'{"messages": [{"sid": "SM1"}]}'),
    Reaction(302, headers={"Location": "http://127.0.0.1:1/"}),
    Reaction(200, body=b'{"messages": [], "next_page_uri": "@example.org/?To=1"}'),
    Reaction(200, body=b'{"messages": [], "next_page_uri": "/2010-04-01/Accounts/AC2/Messages.json?Page=1"}'),
])  # fmt: skip
def test_books_that_cannot_be_read_to_the_end_prove_nothing(twilio, met):
    twilio.always(met)
    assert look(twilio, sought(), total=0.6) == {"1": "unknown"}


def test_a_list_that_never_ends_proves_nothing(twilio):
    path = f"/2010-04-01/Accounts/{twilio.account_sid}/Messages.json?Page=1"
    twilio.always(Reaction(200, body=f'{{"messages": [], "next_page_uri": "{path}"}}'.encode()))
    assert look(twilio, sought()) == {"1": "unknown"}
    assert len(twilio.requests) == 5


def created(text: str, at: datetime = NOON, sid: str = "SM1") -> Created:
    return Created(sid, body_hash(text), "delivered", at)


@pytest.mark.parametrize(
    ("made", "verdict"),
    [
        ([], "absent"),
        ([created("Bună, Ana!")], "sent"),
        ([created("Bună,  Ana!\u200b")], "sent"),
        ([created("Buna, Ana!")], "unknown"),  # ours, perhaps, with words that were edited since
        ([created("Bună, Ana!", NOON - timedelta(hours=1))], "absent"),
        ([created("Bună, Ana!", NOON - BEFORE)], "sent"),
        ([created("Bună, Ana!", NOON + timedelta(minutes=1))], "sent"),
        ([created("Bună, Ana!", NOON + timedelta(hours=1))], "absent"),
    ],
)
def test_a_message_is_known_by_its_letters_and_its_time(made, verdict):
    message = example("sms", text="Bună, Ana!")
    assert sightings([Sought(message, NOON)], made)[message.message_id].verdict == verdict


def test_two_alike_are_unknown_unless_both_were_created():
    two = [Sought(replace(example("sms", text="x"), message_id=name), NOON) for name in ("a", "b")]
    assert set(sightings(two, [created("x")]).values()) == {Sighting("unknown")}
    assert set(sightings(two, [created("x"), created("x", sid="SM2")]).values()) == {Sighting("sent")}
    assert set(sightings(two, []).values()) == {Sighting("absent")}


def test_one_that_is_found_carries_the_providers_id():
    one = Sought(example("sms", text="x"), NOON)
    assert sightings([one], [created("x", sid="SM7")])[one.message.message_id] == Sighting("sent", "SM7")


@pytest.mark.parametrize("body", [b"", b"no", b"[]", b'{"messages": 1}', b"[" * 9999, b'{"messages": [1]}'])
def test_a_page_may_say_anything_at_all(body):
    assert page_of(body) is None
