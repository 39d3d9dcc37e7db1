"""Doubt is settled by evidence and by nothing else."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from ledger_people import NOW, SECOND, enrolments, messages, offers
from sqlalchemy import text

from regulars.ledger import doubt, events, outbox
from regulars.ledger.events import News
from regulars.ledger.store import Ledger

LATER = NOW + timedelta(hours=3)


@pytest.fixture
def doubtful(ledger: Ledger) -> tuple[Ledger, list[str], list[str]]:
    """30 messages that a provider took, and two of the same minute whose answers were lost."""
    people = enrolments(32)
    issued = offers(people)
    with ledger.writing() as connection:
        outbox.enrol(connection, people, messages(people, issued), issued)
    held = outbox.claim(ledger, "email", 32, NOW, "w")
    assert held
    ids = [row.id for row in held.rows]
    intents = outbox.intend_all(ledger, held, [ids[:30], ids[30:]], NOW, "w")
    for attempt_id, outcome in zip(intents.requests, ("accepted", "ambiguous"), strict=True):
        answers: list[Any] = [
            SimpleNamespace(message_id=one, outcome=outcome, provider_id="", http_status=None, reason="", retry_after=0)
            for one in intents.requests[attempt_id]
        ]
        outbox.record(ledger, attempt_id, answers, NOW + SECOND)
    return ledger, ids[:30], ids[30:]


def hear_of(ledger: Ledger, ids: list[str]) -> None:
    with ledger.writing() as connection:
        news = [News(f"k{one}", "sendgrid", one, "delivered", NOW) for one in ids]
        events.record(connection, news, NOW)


def settle(ledger: Ledger, at: Any = LATER) -> int:
    with ledger.writing() as connection:
        return doubt.settle_quiet(connection, "email", at)


def states(ledger: Ledger, ids: list[str]) -> set[str]:
    with ledger.reading() as connection:
        rows = connection.execute(text("SELECT id, state FROM message"))
        return {row.state for row in rows if row.id in ids}


def test_what_nobody_heard_of_among_many_that_were_heard_of_was_not_sent(
    doubtful: tuple[Ledger, list[str], list[str]],
) -> None:
    ledger, taken, lost = doubtful
    hear_of(ledger, taken)
    assert settle(ledger) == 2
    assert states(ledger, lost) == {"unsent"}


def test_while_the_neighbours_are_silent_too_nothing_is_known(doubtful: tuple[Ledger, list[str], list[str]]) -> None:
    ledger, taken, lost = doubtful
    hear_of(ledger, taken[:29])
    assert settle(ledger) == 0, "29 of 30 are not 99 of 100"
    assert states(ledger, lost) == {"ambiguous"}


def test_two_hours_must_pass_first(doubtful: tuple[Ledger, list[str], list[str]]) -> None:
    ledger, taken, _ = doubtful
    hear_of(ledger, taken)
    assert settle(ledger, NOW + timedelta(minutes=119)) == 0


def test_a_word_of_the_provider_settles_it_at_once(doubtful: tuple[Ledger, list[str], list[str]]) -> None:
    ledger, _, lost = doubtful
    hear_of(ledger, lost)
    assert states(ledger, lost) == {"delivered"}


def test_only_what_is_proven_unsent_is_sent_again_and_under_its_own_id(
    doubtful: tuple[Ledger, list[str], list[str]],
) -> None:
    ledger, taken, lost = doubtful
    with ledger.writing() as connection:
        assert doubt.requeue(connection, LATER) == 0
    hear_of(ledger, taken)
    settle(ledger)
    with ledger.writing() as connection:
        assert doubt.requeue(connection, LATER) == 2
    assert states(ledger, lost) == {"planned"}


def test_it_is_counted_with_its_reason(doubtful: tuple[Ledger, list[str], list[str]]) -> None:
    ledger, _, _ = doubtful
    (row,) = doubt.counted(ledger).to_pylist()
    assert (row["campaign"], row["state"], row["reason"], row["messages"]) == ("winback", "ambiguous", "ambiguous", 2)
