"""What every channel promises, as tests its author runs, for messages alone and for those that share a request.

@contextmanager
def trial() -> Iterator[Trial]:
    with FakePigeonPost() as post:
        yield Trial(PigeonPost(post.url), "sms", arrived=lambda: post.arrivals)

@pytest.mark.parametrize("promise", channel_contract(trial), ids=str)
def test_the_pigeon_post_keeps_the_contract(promise):
    promise()
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from html import escape

from regulars import clock
from regulars.channels.contract import (
    Answer,
    Channel,
    Kind,
    Outcome,
    Outgoing,
    Parts,
    ProvesAbsence,
    Sighting,
    Sought,
    opened,
    sending,
)
from regulars.testing.fake_provider import Arrival

WORDS = "Bună, Ștefan și Инна! Ваш код: ÎȚĂ-7 €"
"""Text that loses a letter wherever somebody is careless about encodings."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A channel beside its ground truth."""

    channel: Channel
    kind: Kind
    arrived: Callable[[], Sequence[Arrival]]
    """What has really gone out so far, as the peer says, not the channel."""
    faults: Mapping[Outcome, Callable[[], None]] = field(default_factory=dict)
    """How to make the peer meet every further request so that the answer must be this outcome."""
    requests: Callable[[], int] | None = None
    """How many requests the peer has seen; proves that nothing is retried."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise, to be called in a test of its own. Raises AssertionError where it is broken."""

    name: str
    check: Callable[[Trial], None]
    trial: Callable[[], AbstractContextManager[Trial]]

    def __call__(self) -> None:
        with self.trial() as trial:
            self.check(trial)

    def __str__(self) -> str:
        return self.name


def channel_contract(trial: Callable[[], AbstractContextManager[Trial]]) -> list[Promise]:
    """Every promise over fresh trials. Those about faults hold trivially where the trial names none."""
    return [Promise(check.__name__.strip("_").replace("_", " "), check, trial) for check in _PROMISES]


def example(kind: Kind, number: int = 1, *, text: str = WORDS) -> Outgoing:
    """A message any channel takes. Nobody lives at its address."""
    message_id = f"{number:032x}"
    if kind == "sms":
        return Outgoing(message_id, f"{number:032x}", "sms", f"+407000{number:05d}", text=text, sender="CasaVerde")
    return Outgoing(
        message_id,
        f"{number:032x}",
        "email",
        f"customer{number}@example.com",
        subject="Ștefan, ne este dor de tine",
        html=f"<p>{text}</p>",
        text=text,
        sender="Casa Verde <salut@example.org>",
        reply_to="ajutor@example.org",
        headers={
            "List-Unsubscribe": "<https://example.org/u/abc>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


CROWD = (
    "Ана",
    "",
    "O'Neil & <b>",
    "-name-",
    "[unsubscribe] <% here %>",
    "%name% {{name}} :name",
    "două\nrânduri",
    "$1\\1",
)
"""Names of people who share a letter; some look like what providers replace."""


def crowd(kind: Kind, count: int = len(CROWD)) -> list[Outgoing]:
    """Messages of one attempt with one letter, each with a name of its own: a channel may send them in one request."""
    return [_one_of_a_crowd(kind, number) for number in range(1, count + 1)]


def _one_of_a_crowd(kind: Kind, number: int) -> Outgoing:
    name, attempt = CROWD[number % len(CROWD)], "a" * 32
    if kind == "sms":
        return replace(example(kind, number, text=f"{WORDS} {name}.{number}"), attempt_id=attempt)
    html = Parts(("<p>Salut, ", "!</p><p>", "</p>"), (escape(name), str(number)))
    text = Parts(("Salut, ", "! ", "."), (name, str(number)))
    whole = [f"{''.join(map(''.join, zip(*parts, strict=False)))}{parts.texts[-1]}" for parts in (html, text)]
    return replace(
        example(kind, number), attempt_id=attempt, html=whole[0], text=whole[1], html_parts=html, text_parts=text
    )


def _send(trial: Trial, messages: Sequence[Outgoing]) -> list[Answer]:
    with sending(trial.channel) as send:
        return send(messages)


def _hold(condition: bool, sentence: str) -> None:
    if not condition:
        raise AssertionError(sentence)


def _it_says_what_it_can_do(trial: Trial) -> None:
    channel = trial.channel
    _hold(isinstance(channel, Channel), "it lacks a member of Channel")
    _hold(bool(channel.name) and channel.batch >= 1, "it has a name and carries at least one message per request")
    _hold(isinstance(channel.idempotency_key, bool) and isinstance(channel.proof_of_absence, bool), "yes or no")


def _nothing_is_answered_with_nothing(trial: Trial) -> None:
    _hold(_send(trial, []) == [], "no messages, no answers")
    _hold(not trial.arrived(), "nothing was given, something arrived")


def _every_message_has_one_answer_in_its_place(trial: Trial) -> None:
    messages = [example(trial.kind, number) for number in range(1, 151)]
    answers = _send(trial, messages)
    _hold([a.message_id for a in answers] == [m.message_id for m in messages], "one answer each, in order")
    _hold({a.outcome for a in answers} == {"accepted"}, "a healthy peer accepts")


def _what_is_accepted_has_arrived_once_and_whole(trial: Trial) -> None:
    _send(trial, [example(trial.kind, number) for number in (1, 2, 3)])
    arrived = Counter(arrival.message_id for arrival in trial.arrived())
    _hold(arrived == {f"{number:032x}": 1 for number in (1, 2, 3)}, f"arrived: {arrived}")
    _hold({arrival.text.strip() for arrival in trial.arrived()} == {WORDS}, "letters were lost on the way")
    right = {example(trial.kind, number).to for number in (1, 2, 3)}
    _hold({arrival.to for arrival in trial.arrived()} == right, "it went to somebody else")


def _one_impossible_message_stops_no_other(trial: Trial) -> None:
    good, late = example(trial.kind, 1), example(trial.kind, 2)
    answers = _send(trial, [good, replace(example(trial.kind, 3), to="nobody"), late])
    _hold([a.outcome for a in answers] == ["accepted", "rejected", "accepted"], f"{[a.outcome for a in answers]}")
    _hold(bool(answers[1].reason), "a refusal says why")
    _hold({a.message_id for a in trial.arrived()} == {good.message_id, late.message_id}, "the impossible one arrived")


def _an_id_cannot_lead_elsewhere(trial: Trial) -> None:
    answers = _send(trial, [replace(example(trial.kind), message_id="../../etc/passwd")])
    _hold(answers[0].outcome == "rejected", "an id that is a path was taken")


def _an_answer_names_no_person(trial: Trial) -> None:
    messages = [example(trial.kind), replace(example(trial.kind, 2), to="nobody-of-ours")]
    told = repr(_send(trial, messages)) + repr(messages)
    for secret in (messages[0].to, messages[1].to, WORDS, "ne este dor"):
        _hold(secret not in told, "an answer or a message prints personal text")


def _it_works_again_in_another_event_loop(trial: Trial) -> None:
    async def once(number: int) -> list[Answer]:
        async with opened(trial.channel) as channel:
            return await channel.send([example(trial.kind, number)])

    answers = [answer for number in (1, 2) for answer in asyncio.run(once(number))]
    asyncio.run(trial.channel.close())
    _hold([a.outcome for a in answers] == ["accepted", "accepted"], "closed once, closed for ever")


def _each_fault_is_told_as_it_is(trial: Trial) -> None:
    for number, (outcome, break_it) in enumerate(trial.faults.items(), start=1):
        break_it()
        before = trial.requests() if trial.requests else 0
        answer = _send(trial, [example(trial.kind, number)])[0]
        asked = trial.requests() - before if trial.requests else 0
        _hold(answer.outcome == outcome, f"{answer.outcome}, not {outcome}: {answer.reason}")
        _hold(outcome == "accepted" or bool(answer.reason), f"{outcome} says why")
        _hold(asked <= 1, f"{asked} requests for one message: somebody retries")


def _what_is_said_not_to_be_sent_never_arrives(trial: Trial) -> None:
    for number, (outcome, break_it) in enumerate(trial.faults.items(), start=1):
        break_it()
        message = example(trial.kind, number)
        _send(trial, [message])
        count = [arrival.message_id for arrival in trial.arrived()].count(message.message_id)
        _hold(count <= (1 if outcome in {"accepted", "ambiguous"} else 0), f"{outcome}, and it arrived {count} times")


def _each_of_a_crowd_gets_words_of_their_own_and_once(trial: Trial) -> None:
    messages = crowd(trial.kind)
    answers = _send(trial, messages)
    _hold({answer.outcome for answer in answers} == {"accepted"}, "a healthy peer accepts")
    # Mail has line ends of its own.
    arrived = {(a.message_id, a.to): (a.text.strip().replace("\r\n", "\n"), a.html) for a in trial.arrived()}
    _hold(len(trial.arrived()) == len(arrived) == len(messages), f"{len(trial.arrived())} arrived")
    for message in messages:
        text, html = arrived.get((message.message_id, message.to), ("", ""))
        _hold(text == message.text.strip(), "somebody got other words than were rendered for them")
        _hold(html in ("", message.html), "somebody got another letter than was rendered for them")


def _a_crowd_shares_requests_where_the_channel_says_so(trial: Trial) -> None:
    if trial.requests is None:
        return
    before = trial.requests()
    _send(trial, crowd(trial.kind))
    due = -(-len(CROWD) // trial.channel.batch)
    _hold(trial.requests() - before == due, f"{trial.requests() - before} requests, not {due}")


def _no_address_is_twice_in_one_request(trial: Trial) -> None:
    # Providers drop the second one without a word.
    messages = crowd(trial.kind, 3)
    twice = replace(messages[2], to=messages[0].to.upper() if trial.kind == "email" else messages[0].to)
    answers = _send(trial, [messages[0], messages[1], twice])
    _hold([answer.outcome for answer in answers] == ["accepted"] * 3, f"{[answer.outcome for answer in answers]}")
    arrived = Counter(arrival.message_id for arrival in trial.arrived())
    _hold(arrived == {message.message_id: 1 for message in messages}, f"arrived: {arrived}")


def _a_poisonous_one_of_a_crowd_stops_no_other(trial: Trial) -> None:
    messages = crowd(trial.kind, 4)
    messages[2] = replace(messages[2], to="nobody")
    answers = _send(trial, messages)
    _hold([a.message_id for a in answers] == [m.message_id for m in messages], "one answer each, in order")
    _hold([a.outcome for a in answers] == ["accepted", "accepted", "rejected", "accepted"], "the poison spread")
    _hold(len(trial.arrived()) == 3, "the impossible one arrived, or took another along")


def _books_tell_what_was_sent_from_what_was_not(trial: Trial) -> None:
    if not isinstance(trial.channel, ProvesAbsence):
        return
    sent, kept = example(trial.kind, 1), example(trial.kind, 2)
    _send(trial, [sent])
    found = _seen(trial.channel, [sent, kept])
    _hold(
        {name: one.verdict for name, one in found.items()} == {sent.message_id: "sent", kept.message_id: "absent"},
        f"{found}",
    )
    if "config" in trial.faults:
        trial.faults["config"]()
        verdict = _seen(trial.channel, [kept])[kept.message_id].verdict
        _hold(verdict in {"unknown", "absent"}, "it saw what was never sent")


def _seen(channel: ProvesAbsence, messages: Sequence[Outgoing]) -> Mapping[str, Sighting]:
    async def look() -> Mapping[str, Sighting]:
        try:
            return await channel.seen([Sought(message, clock.now()) for message in messages])
        finally:
            if isinstance(channel, Channel):
                await channel.close()

    return asyncio.run(look())


def _a_fault_is_told_for_each_of_a_crowd(trial: Trial) -> None:
    for outcome, break_it in trial.faults.items():
        break_it()
        before = Counter(arrival.message_id for arrival in trial.arrived())
        messages = crowd(trial.kind, min(2, trial.channel.batch))
        answers = _send(trial, messages)
        _hold({answer.outcome for answer in answers} == {outcome}, f"{answers[-1].outcome}, not {outcome}")
        new = Counter(arrival.message_id for arrival in trial.arrived()) - before
        _hold(max(new.values(), default=0) <= (outcome in {"accepted", "ambiguous"}), f"{outcome}, and it arrived")


_PROMISES = [
    _it_says_what_it_can_do,
    _nothing_is_answered_with_nothing,
    _every_message_has_one_answer_in_its_place,
    _what_is_accepted_has_arrived_once_and_whole,
    _one_impossible_message_stops_no_other,
    _an_id_cannot_lead_elsewhere,
    _an_answer_names_no_person,
    _it_works_again_in_another_event_loop,
    _each_fault_is_told_as_it_is,
    _what_is_said_not_to_be_sent_never_arrives,
    _each_of_a_crowd_gets_words_of_their_own_and_once,
    _a_crowd_shares_requests_where_the_channel_says_so,
    _no_address_is_twice_in_one_request,
    _a_poisonous_one_of_a_crowd_stops_no_other,
    _a_fault_is_told_for_each_of_a_crowd,
    _books_tell_what_was_sent_from_what_was_not,
]
