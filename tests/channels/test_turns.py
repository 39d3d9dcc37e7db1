"""Many messages: some at a time, and none begun once asking on is pointless."""

import asyncio

import pytest

from regulars.channels.contract import Answer
from regulars.channels.turns import in_turn, one_by_one
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


def run_requests(outcomes, *, of=3):
    """The answers to requests of `of` messages each, and how many requests were really asked."""
    asked = []

    async def ask(request, _until):
        asked.append(request)
        told = outcomes[len(asked) - 1]
        if isinstance(told, Exception):
            raise told
        return [Answer(message.message_id, told, provider_id="r1", http_status=400) for message in request]

    messages = [example("email", number) for number in range(len(outcomes) * of)]
    requests = [messages[place : place + of] for place in range(0, len(messages), of)]
    answers = asyncio.run(in_turn(requests, ask, at_once=1, total=5.0))
    assert [answer.message_id for answer in answers] == [message.message_id for message in messages]
    return answers, len(asked)


def test_a_request_of_several_that_is_lost_counts_once():
    answers, asked = run_requests(["ambiguous", "ambiguous", "accepted", "ambiguous"])
    assert asked == 4
    assert [answer.outcome for answer in answers[9:]] == ["ambiguous"] * 3


def test_requests_that_stay_at_home_carry_nothing_of_the_one_that_was_answered():
    answers, asked = run_requests(["throttled", "accepted"])
    assert asked == 1
    assert {(answer.outcome, answer.provider_id, answer.http_status) for answer in answers[3:]} == {
        ("throttled", "", None)
    }


def test_a_mistake_in_one_request_loses_the_answers_of_no_other():
    answers, _ = run_requests([KeyError("ana@example.com"), "accepted"])
    assert [answer.outcome for answer in answers] == ["ambiguous"] * 3 + ["accepted"] * 3
