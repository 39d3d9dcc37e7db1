"""One customer's page of the ledger says of them what the ledger says, now or as it stood at a moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from ledger_people import NOW, SECOND, enrolments, messages, offers

from regulars import clock
from regulars.ledger import consent, contacts, entries, facts, outbox
from regulars.ledger.events import News, record
from regulars.ledger.page import page_of
from regulars.ledger.store import Ledger

DAY = timedelta(days=1)
HEARD = NOW + 2 * DAY
SAID = NOW + 3 * DAY
QUESTIONS: dict[str, Callable[[Ledger], pa.Table]] = {
    "contact": lambda ledger: facts.contact_facts(ledger, (NOW + 9 * DAY).date(), NOW + 9 * DAY),
    "sent days": lambda ledger: facts.sent_days(ledger, (NOW - DAY).date()),
    "entries": lambda ledger: facts.earlier_entries(ledger, "winback"),
    "running": lambda ledger: entries.running(ledger, "winback").drop_columns(["old_value"]),
    "consent": consent.words,
}


@pytest.fixture
def lived(ledger: Ledger) -> Ledger:
    """Three people got a letter; c0 opened hers two days later and said no to more the day after."""
    with clock.frozen(NOW):
        people = enrolments(3)
        issued = offers(people)
        written = messages(people, issued)
        with ledger.writing() as connection:
            outbox.enrol(connection, people, written, issued)
        held = outbox.claim(ledger, "email", 3, NOW, "w")
        outbox.intend(ledger, held, [row.id for row in held.rows], NOW, "w")
    first = written["id"][0].as_py()
    with ledger.writing() as connection:
        record(connection, [News("k", "sendgrid", first, "opened", HEARD)], HEARD)
        consent.record(connection, "c0", "email", SAID, given=False, source="unsubscribe link")
        consent.suppress(connection, "hash-c0", "email", "bounced", SAID)
    return ledger


def own(table: pa.Table, customer: str) -> list[dict]:
    return table.filter(pc.equal(table["customer_id"], customer)).to_pylist()


@pytest.mark.parametrize("question", QUESTIONS)
def test_it_answers_of_its_customer_as_the_ledger_does(lived: Ledger, question: str) -> None:
    ask = QUESTIONS[question]
    for customer in ("c0", "c2"):
        page = page_of(lived, customer, [])
        assert ask(page).to_pylist() == own(ask(lived), customer)
        page.close()


def test_it_holds_nobody_else(lived: Ledger) -> None:
    page = page_of(lived, "c1", ["hash-c1"])
    assert page.salt("arms") == lived.salt("arms")
    assert consent.suppressions(page).num_rows == 0
    assert consent.suppressions(page_of(lived, "c0", ["hash-c0"])).num_rows == 1


def test_it_stands_as_it_did_at_a_moment(lived: Ledger) -> None:
    def state(moment) -> list[str]:
        return contacts.sent_to(page_of(lived, "c0", [], moment), ["c0"], NOW.date())["state"].to_pylist()

    assert [state(NOW), state(NOW + DAY), state(HEARD + SECOND)] == [[], ["sending"], ["opened"]]
    assert consent.words(page_of(lived, "c0", [], SAID)).num_rows == 0
    assert consent.words(page_of(lived, "c0", [], SAID + SECOND)).num_rows == 1
    assert facts.earlier_entries(page_of(lived, "c0", [], NOW), "winback").num_rows == 0


def test_it_never_writes(lived: Ledger) -> None:
    before = lived.version()
    with page_of(lived, "c0", []) as page, pytest.raises(RuntimeError), page.writing():
        pass
    assert lived.version() == before
