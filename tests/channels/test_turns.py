"""Many messages: some at a time, and none begun once asking on is pointless."""

import asyncio

import pytest

from regulars.channels.contract import Answer
from regulars.channels.turns import one_by_one
from regulars.testing import example


def run(outcomes, *, at_once=1, total=5.0):
    """The outcomes of as many messages as `outcomes` says, and how many were really asked."""
    asked = []

    async def ask(message, _until):
        asked.append(message)
        told = outcomes[len(asked) - 1]
        if isinstance(told, Exception):
            raise told
        await asyncio.sleep(0)
        return Answer(message.message_id, told, reason="as told", retry_after=7.0 if told == "throttled" else None)

    messages = [example("email", number) for number in range(len(outcomes))]
    answers = asyncio.run(one_by_one(messages, ask, at_once=at_once, total=total))
    assert [answer.message_id for answer in answers] == [message.message_id for message in messages]
    return answers, len(asked)


@pytest.mark.parametrize("verdict", ["throttled", "config", "notsent"])
def test_an_answer_that_holds_for_all_is_asked_once(verdict):
    answers, asked = run([verdict] + ["accepted"] * 9)
    assert ({answer.outcome for answer in answers}, asked) == ({verdict}, 1)
    assert len({answer.retry_after for answer in answers}) == 1


def test_a_refused_message_stops_no_other():
    answers, asked = run(["rejected", "accepted", "rejected", "accepted"])
    assert ([answer.outcome for answer in answers], asked) == (["rejected", "accepted"] * 2, 4)


def test_three_lost_answers_in_a_row_hold_the_rest_back_as_not_sent():
    answers, asked = run(["ambiguous"] * 10)
    assert [answer.outcome for answer in answers] == ["ambiguous"] * 3 + ["notsent"] * 7
    assert asked == 3


def test_a_lost_answer_now_and_then_stops_nothing():
    _, asked = run(["ambiguous", "ambiguous", "accepted"] * 4)
    assert asked == 12


def test_what_is_in_flight_when_the_brake_falls_keeps_its_own_answer():
    answers, asked = run(["throttled", "accepted", "accepted", "accepted", "accepted"], at_once=3)
    assert [answer.outcome for answer in answers] == ["throttled", "accepted", "accepted", "throttled", "throttled"]
    assert asked == 3


def test_a_mistake_in_a_channels_code_loses_no_other_answer():
    answers, _ = run(["accepted", KeyError("ana@example.com"), "accepted"])
    assert [answer.outcome for answer in answers] == ["accepted", "ambiguous", "accepted"]
    assert answers[1].reason == "unexpected KeyError"


def test_nothing_begins_when_it_could_not_end_in_time():
    answers, asked = run(["accepted"] * 3, total=-1.0)
    assert ({answer.outcome for answer in answers}, asked) == ({"notsent"}, 0)
