"""Words about one topic, and words about everything: which of them counts for whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ledger_people import NOW, enrolments, messages, offers

from regulars.ledger import consent, outbox
from regulars.ledger.store import Ledger

HOUR = timedelta(hours=1)
SAID = {
    "nothing": ([], None, None),
    "no to everything": ([("", False)], False, False),
    "no to news alone": ([("news", False)], None, False),
    "no to alerts alone": ([("alerts", False)], None, None),
    "no to news, later yes to everything": ([("news", False), ("", True)], True, False),
    "no to news, later yes to news": ([("news", False), ("news", True)], None, True),
    "no to everything, later yes to news": ([("", False), ("news", True)], False, True),
    "yes to news, later no to everything": ([("news", True), ("", False)], False, False),
    "yes to everything, later no to news": ([("", True), ("news", False)], True, False),
}
"""What was said, one word after the other; what counts for messages without a topic, and for those about news."""


def say(ledger: Ledger, words: list[tuple[str, bool]], customer: str = "c0") -> None:
    with ledger.writing() as connection:
        for number, (topic, given) in enumerate(words):
            at = NOW + number * HOUR
            consent.record(connection, customer, "email", at, given=given, source="test", topic=topic)


@pytest.mark.parametrize("what", SAID)
def test_the_word_that_counts(ledger: Ledger, what: str):
    words, general, news = SAID[what]
    say(ledger, words)
    for topic, expected in (("", general), ("news", news)):
        found = {row["customer_id"]: row["given"] for row in consent.words(ledger, topic).to_pylist()}
        assert found.get("c0") is expected


@pytest.mark.parametrize("what", SAID)
@pytest.mark.parametrize("topic", ["", "news", None])
def test_the_last_look_before_sending_agrees(ledger: Ledger, what: str, topic: str | None):
    words, general, news = SAID[what]
    people = enrolments(1)
    issued = offers(people)
    with ledger.writing() as connection:
        outbox.enrol(connection, people, messages(people, issued), issued)
    say(ledger, words)
    held = outbox.claim(ledger, "email", 10, NOW, "w")
    intent = outbox.intend(ledger, held, [row.id for row in held.rows], NOW, "w", topics={"winback": topic})
    stops = {"": general is False, "news": news is False, None: False}[topic]
    assert [change.reason for change in intent.withheld.values()] == ([consent.WITHDRAWN] if stops else [])


def test_a_service_message_stops_at_a_suppressed_address(ledger: Ledger):
    people = enrolments(1)
    issued = offers(people)
    with ledger.writing() as connection:
        outbox.enrol(connection, people, messages(people, issued), issued)
        consent.suppress(connection, "hash-c0", "email", "bounced", NOW)
    held = outbox.claim(ledger, "email", 10, NOW, "w")
    intent = outbox.intend(ledger, held, [row.id for row in held.rows], NOW, "w", topics={"winback": None})
    assert [change.reason for change in intent.withheld.values()] == ["bounced"]
