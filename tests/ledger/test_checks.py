"""What must always hold is looked up, and each way of breaking it is found."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from ledger_people import NOW, SECOND, enrolments, messages, offers
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from regulars import clock
from regulars.ledger import checks, consent, outbox
from regulars.ledger.store import Ledger


def sent(ledger: Ledger, n: int = 3, outcome: str = "accepted") -> list[str]:
    """Enrol `n` people and send to them; ids of their messages."""
    people = enrolments(n)
    issued = offers(people)
    with ledger.writing() as connection:
        outbox.enrol(connection, people, messages(people, issued), issued)
    held = outbox.claim(ledger, "email", n, NOW, "w")
    assert held
    intent = outbox.intend(ledger, held, [row.id for row in held.rows], NOW, "w")
    answers: list[Any] = [
        SimpleNamespace(message_id=one, outcome=outcome, provider_id="p", http_status=202, reason="", retry_after=None)
        for one in intent.ids
    ]
    outbox.record(ledger, intent.attempt_id, answers, NOW + SECOND)
    return [row.id for row in held.rows]


def broken(ledger: Ledger) -> set[str]:
    with clock.frozen(NOW + timedelta(hours=1)):
        return {violation.invariant for violation in checks.violations(ledger)}


def change(ledger: Ledger, statement: str, **values: Any) -> None:
    with ledger.writing() as connection:
        connection.execute(text(statement), values)


@pytest.mark.parametrize("outcome", ["accepted", "rejected", "ambiguous", "notsent"])
def test_a_ledger_that_was_used_as_it_is_meant_is_sound(ledger: Ledger, outcome: str) -> None:
    sent(ledger, outcome=outcome)
    outbox.release(ledger, NOW + timedelta(hours=1))
    assert broken(ledger) == set()


AGAIN = "INSERT INTO transition (message_id, before, after, at, cause, attempt_id) VALUES (:id, {}, :at, '', 'x')"


@pytest.mark.parametrize(
    ("invariant", "statement"),
    [
        ("I1", AGAIN.format("'accepted', 'sending'")),
        ("I3", "UPDATE message SET state = 'claimed', lease_until = :at WHERE id = :id"),
        ("I3", "UPDATE message SET state = 'lost' WHERE id = :id AND :at IS NOT NULL"),
        ("I5", "UPDATE message SET state = 'ambiguous' WHERE id = :id AND :at IS NOT NULL"),
        ("I7", AGAIN.format("'delivered', 'accepted'")),
        ("I8", "UPDATE message SET state = 'planned' WHERE id = :id AND :at IS NOT NULL"),
        ("I8", AGAIN.format("'claimed', 'accepted'")),
    ],
)
def test_each_way_of_breaking_it_is_found(ledger: Ledger, invariant: str, statement: str) -> None:
    one, *_ = sent(ledger)
    at = f"{NOW:%Y-%m-%d %H:%M:%S.%f}" + ("+00" if ledger.dialect == "postgresql" else "")
    if ledger.dialect == "postgresql":
        statement = statement.replace(":at", "CAST(:at AS timestamptz)")
    change(ledger, statement, id=one, at=at)
    assert invariant in broken(ledger)


def test_a_message_that_counts_as_sent_out_of_nothing_is_found(ledger: Ledger) -> None:
    people = enrolments(1)
    issued = offers(people)
    with ledger.writing() as connection:
        outbox.enrol(connection, people, messages(people, issued), issued)
    change(ledger, "UPDATE message SET state = 'accepted'")
    assert "I4" in broken(ledger)


def test_an_intent_behind_a_suppression_is_found(ledger: Ledger) -> None:
    one, *_ = sent(ledger)
    with ledger.reading() as connection:
        address = connection.execute(text("SELECT address_hash FROM message WHERE id = :id"), {"id": one}).scalar_one()
    with ledger.writing() as connection:
        consent.suppress(connection, address, "email", "bounced", NOW)
    assert "I6" not in broken(ledger), "sent before, suppressed after: as it should be"
    change(ledger, AGAIN.format("'planned', 'sending'").replace(":at", "(SELECT max(at) FROM transition)"), id=one)
    assert "I6" in broken(ledger)


@pytest.mark.parametrize("statement", ["UPDATE transition SET after = 'planned'", "DELETE FROM transition"])
def test_the_database_itself_keeps_transitions_as_they_were_written(ledger: Ledger, statement: str) -> None:
    sent(ledger)
    with pytest.raises(DBAPIError, match="append only"), ledger.writing() as connection:
        connection.execute(text(statement))
