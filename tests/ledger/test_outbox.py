"""Entries once, messages at most once, and nothing lost: what the outbox promises, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from ledger_people import NOW, SECOND, enrolments, messages, offers

from regulars.ledger import consent, outbox
from regulars.ledger.crossing import MOMENT
from regulars.ledger.store import Ledger

COUNTS = pa.schema([("state", pa.string()), ("n", pa.int64())])
HOUR = timedelta(hours=1)


def enrol(ledger: Ledger, n: int, **changes: Any) -> pa.Table:
    """Enrol `n` people; their messages."""
    people = enrolments(n, **changes)
    issued = offers(people)
    written = messages(people, issued)
    with ledger.writing() as connection:
        outbox.enrol(connection, people, written, issued)
    return written


def states(ledger: Ledger) -> dict[str, int]:
    rows = ledger.arrow("SELECT state, count(*) FROM message GROUP BY state", schema=COUNTS)
    return {row["state"]: row["n"] for row in rows.to_pylist()}


def count(ledger: Ledger, table: str) -> int:
    return ledger.arrow(f"SELECT 'n', count(*) FROM {table}", schema=COUNTS)["n"][0].as_py()


def moves_of(ledger: Ledger, message_id: str) -> list[str]:
    schema = pa.schema([("before", pa.string()), ("after", pa.string())])
    statement = "SELECT before, after FROM transition WHERE message_id = :id ORDER BY id"
    rows = ledger.arrow(statement, {"id": message_id}, schema=schema).to_pylist()
    return [f"{row['before']} {row['after']}" for row in rows]


def answer(message_id: str, outcome: str, **more: Any) -> Any:
    said = {"provider_id": "p1", "http_status": 202, "reason": "", "retry_after": None}
    return SimpleNamespace(message_id=message_id, outcome=outcome, **(said | more))


def claim(ledger: Ledger, limit: int = 10, at: datetime = NOW, worker: str = "w1") -> outbox.Claim:
    taken = outbox.claim(ledger, "email", limit, at, worker)
    assert taken is not None
    return taken


def intend(ledger: Ledger, held: outbox.Claim, at: datetime = NOW) -> outbox.Intent:
    return outbox.intend(ledger, held, [row.id for row in held.rows], at, "w1")


def at_once(work: Callable[[int], Any], n: int) -> list[Any]:
    """What `n` threads that start together return."""
    start, results = threading.Barrier(n), [None] * n

    def run(i: int) -> None:
        start.wait()
        results[i] = work(i)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("n", [3, 200])
def test_enrolling_again_changes_nothing(ledger: Ledger, n: int):
    enrol(ledger, n)
    enrol(ledger, n)
    assert [count(ledger, table) for table in ("enrolment", "message", "code")] == [n, n, n]


def test_only_the_new_ones_of_a_chunk_are_returned_with_their_messages_and_codes(ledger: Ledger):
    enrol(ledger, 2)
    people = enrolments(3)
    issued = offers(people)
    with ledger.writing() as connection:
        new = outbox.enrol(connection, people, messages(people, issued), issued)
    assert new.to_pylist() == people["id"].to_pylist()[2:]
    assert [count(ledger, table) for table in ("enrolment", "message", "code")] == [3, 3, 3]


@pytest.mark.parametrize("n", [60, 3_000])
def test_two_who_enrol_the_same_people_at_once_enrol_nobody_twice(
    ledger: Ledger, ledger_url: str, tmp_path: Path, n: int
):
    def work(i: int) -> int:
        people = enrolments(n)
        people = people if i == 0 else people.take(pa.array(range(n - 1, -1, -1)))
        issued = offers(people)
        with Ledger.open(ledger_url, tmp_path) as mine, mine.writing() as connection:
            return len(outbox.enrol(connection, people, messages(people, issued), issued))

    assert sum(at_once(work, 3)) == n
    assert [count(ledger, table) for table in ("enrolment", "message", "code")] == [n, n, n]


def test_a_code_that_somebody_has_is_drawn_anew_and_nobody_is_lost(ledger: Ledger):
    taken = enrol(ledger, 1)["context"][0].as_py()[19:30]
    people = enrolments(3, campaign="birthday")
    issued = offers(people, [taken, "ABC", "ABC"])
    with ledger.writing() as connection:
        assert len(outbox.enrol(connection, people, messages(people, issued), issued)) == 3
    pairs = pa.schema([("code", pa.string()), ("context", pa.string())])
    statement = "SELECT code, context FROM code JOIN message ON message.enrolment_id = code.enrolment_id"
    rows = ledger.arrow(statement, schema=pairs).to_pylist()
    assert len(rows) == len({row["code"] for row in rows}) == 4
    assert all(row["code"] in row["context"] for row in rows), "the message shows the code that counts"


def test_a_follow_up_is_written_once_and_its_code_with_it(ledger: Ledger):
    enrol(ledger, 2)
    schema = pa.schema([(name, pa.string()) for name in ("id", "campaign", "customer_id")])
    people = ledger.arrow("SELECT id, campaign, customer_id FROM enrolment", schema=schema)
    for new in (2, 0):
        issued = offers(people, name="second")
        with ledger.writing() as connection:
            added = outbox.add_messages(connection, messages(people, issued, name="second"), issued)
        assert len(added) == new
    assert [count(ledger, table) for table in ("message", "code")] == [4, 4]


def test_a_message_goes_its_way_and_each_step_is_written_down(ledger: Ledger):
    enrol(ledger, 1)
    held = claim(ledger)
    message = held.rows[0]
    assert (message.address, message.entered_at, message.tries) == ("c0@example.com", NOW, 0)
    assert "c0@example.com" not in repr(message)
    intent = outbox.intend(ledger, held, [message.id], NOW, "w1", templates={message.id: "v1"})
    assert intent.ids == {message.id}
    assert outbox.record(ledger, intent.attempt_id, [answer(message.id, "accepted")], NOW + SECOND) == {
        message.id: "accepted"
    }
    assert moves_of(ledger, message.id) == ["planned claimed", "claimed sending", "sending accepted"]
    kept = pa.schema([(name, pa.string()) for name in ("template_hash", "provider_id")] + [("sent_at", MOMENT)])
    assert ledger.arrow("SELECT template_hash, provider_id, sent_at FROM message", schema=kept).to_pylist() == [
        {"template_hash": "v1", "provider_id": "p1", "sent_at": NOW}
    ]


def test_four_workers_who_claim_at_once_get_different_messages(ledger: Ledger, ledger_url: str, tmp_path: Path):
    enrol(ledger, 100)

    def work(i: int) -> list[str]:
        mine: list[str] = []
        with Ledger.open(ledger_url, tmp_path) as own:
            while taken := outbox.claim(own, "email", 7, NOW, f"w{i}"):
                mine += [row.id for row in taken.rows]
        return mine

    claimed = [message_id for mine in at_once(work, 4) for message_id in mine]
    assert len(claimed) == len(set(claimed)) == 100


def test_nothing_is_claimed_before_its_time_nor_for_another_channel(ledger: Ledger):
    enrol(ledger, 1)
    assert outbox.claim(ledger, "email", 10, NOW - SECOND, "w1") is None
    assert outbox.claim(ledger, "sms", 10, NOW, "w1") is None


def test_what_is_too_late_expires_and_is_not_claimed(ledger: Ledger):
    enrol(ledger, 3)
    assert outbox.claim(ledger, "email", 2, NOW + timedelta(days=2), "w1") is None
    assert states(ledger) == {"expired": 3}


def test_who_withdrew_or_is_suppressed_between_claim_and_sending_is_not_sent_to(ledger: Ledger):
    enrol(ledger, 4)
    held = claim(ledger)
    with ledger.writing() as connection:
        consent.suppress(connection, "hash-c1", "email", "bounced", NOW)
        consent.suppress(connection, "hash-c0", "sms", "bounced", NOW)
        consent.record(connection, "c2", "email", NOW, given=False, source="unsubscribe link")
        consent.record(connection, "c3", "email", NOW, given=False, source="unsubscribe link")
        consent.record(connection, "c3", "email", NOW + SECOND, given=True, source="preferences")
    intent = intend(ledger, held)
    by_id = {row.id: row.customer_id for row in held.rows}
    assert {by_id[message_id] for message_id in intent.ids} == {"c0", "c3"}
    assert {by_id[message_id]: change.reason for message_id, change in intent.withheld.items()} == {
        "c1": "bounced",
        "c2": consent.WITHDRAWN,
    }
    assert states(ledger) == {"sending": 2, "suppressed": 2}


def test_what_expired_since_it_was_claimed_is_not_sent(ledger: Ledger):
    enrol(ledger, 1)
    intent = intend(ledger, claim(ledger), NOW + timedelta(days=2))
    assert (intent.attempt_id, intent.ids, states(ledger)) == ("", frozenset(), {"expired": 1})


def test_a_worker_whose_lease_was_over_may_not_send_what_another_claimed(ledger: Ledger):
    enrol(ledger, 1)
    asleep = claim(ledger)
    assert outbox.release(ledger, NOW + HOUR) == 1
    awake = claim(ledger, at=NOW + HOUR, worker="w2")
    assert intend(ledger, asleep, NOW + HOUR).ids == frozenset()
    with ledger.writing() as connection:
        assert outbox.close(connection, [asleep.rows[0].moved("dead")]) == []
    assert intend(ledger, awake, NOW + HOUR).ids == {awake.rows[0].id}


def test_nothing_is_sent_twice_by_one_claim(ledger: Ledger):
    enrol(ledger, 1)
    held = claim(ledger)
    assert len(intend(ledger, held).ids) == 1
    assert len(intend(ledger, held).ids) == 0


def test_what_was_being_sent_when_its_worker_died_is_ambiguous_and_never_claimed_again(ledger: Ledger):
    enrol(ledger, 2)
    held = claim(ledger)
    intent = outbox.intend(ledger, held, [held.rows[0].id], NOW, "w1")
    assert outbox.release(ledger, NOW + SECOND) == 0, "the lease is not over"
    assert outbox.release(ledger, NOW + HOUR) == 2
    assert states(ledger) == {"ambiguous": 1, "planned": 1}
    assert [row.id for row in claim(ledger, at=NOW + HOUR).rows] == [held.rows[1].id]
    late = outbox.record(ledger, intent.attempt_id, [answer(held.rows[0].id, "accepted")], NOW + HOUR)
    assert late == {held.rows[0].id: "accepted"}, "the answer came after all"


def test_an_answer_is_taken_once_and_only_from_its_own_attempt(ledger: Ledger):
    enrol(ledger, 1)
    intent = intend(ledger, claim(ledger))
    (message_id,) = intent.ids
    assert outbox.record(ledger, "another", [answer(message_id, "accepted")], NOW) == {}
    outbox.record(ledger, intent.attempt_id, [answer(message_id, "accepted")], NOW)
    assert outbox.record(ledger, intent.attempt_id, [answer(message_id, "rejected")], NOW) == {}
    assert states(ledger) == {"accepted": 1}


@pytest.mark.parametrize(
    ("outcome", "more", "state", "again"),
    [
        ("throttled", {"retry_after": 7.0}, "planned", 7),
        ("throttled", {}, "planned", 2),
        ("notsent", {}, "planned", 2),
        ("config", {}, "planned", 300),
        ("rejected", {"reason": "bad address"}, "dead", None),
        ("ambiguous", {}, "ambiguous", None),
        ("never heard of", {}, "ambiguous", None),
    ],
)
def test_each_answer_has_its_state(ledger: Ledger, outcome: str, more: dict[str, Any], state: str, again: int | None):
    enrol(ledger, 1)
    intent = intend(ledger, claim(ledger))
    (message_id,) = intent.ids
    outbox.record(ledger, intent.attempt_id, [answer(message_id, outcome, **more)], NOW)
    assert states(ledger) == {state: 1}
    if again is not None:
        assert outbox.claim(ledger, "email", 1, NOW + again * SECOND - SECOND / 2, "w1") is None
        assert claim(ledger, 1, NOW + again * SECOND).rows[0].tries == 1


def test_a_refused_message_in_company_is_planned_again_and_alone_it_is_dead(ledger: Ledger):
    enrol(ledger, 2)
    intent = intend(ledger, claim(ledger))
    outbox.record(ledger, intent.attempt_id, [answer(message_id, "rejected") for message_id in intent.ids], NOW)
    assert states(ledger) == {"planned": 2}
    intent = intend(ledger, claim(ledger))
    refused = [answer(message_id, "rejected") for message_id in intent.ids]
    outbox.record(ledger, intent.attempt_id, refused, NOW, alone=True)
    assert states(ledger) == {"dead": 2}


def test_a_worker_can_close_what_it_holds(ledger: Ledger):
    enrol(ledger, 3)
    first, second, third = claim(ledger).rows
    decided = [
        first.moved("suppressed", "exit: ordered"),
        second.moved("planned", "quiet-hours", not_before=NOW + HOUR, local_day="2026-08-28"),
        third.moved("dead", "render"),
    ]
    with ledger.writing() as connection:
        assert sorted(outbox.close(connection, decided, NOW)) == sorted([first.id, second.id, third.id])
    assert states(ledger) == {"suppressed": 1, "planned": 1, "dead": 1}
    assert outbox.claim(ledger, "email", 5, NOW, "w1") is None
    assert claim(ledger, at=NOW + HOUR).rows[0].local_day == "2026-08-28"


def test_a_sending_waits_for_a_word_that_is_being_said_and_heeds_it(ledger: Ledger):
    enrol(ledger, 2)
    held = claim(ledger)
    intents: list[outbox.Intent] = []
    sender = threading.Thread(target=lambda: intents.append(intend(ledger, held)))
    with ledger.writing() as connection:
        consent.suppress(connection, "hash-c1", "email", "complained", NOW)
        sender.start()
        sender.join(0.3)
        assert not intents, "it does not decide on what is not known yet"
    sender.join()
    assert [change.reason for change in intents[0].withheld.values()] == ["complained"]


def test_a_word_waits_while_a_sending_is_decided(ledger: Ledger):
    def say() -> None:
        with ledger.writing() as connection:
            consent.record(connection, "c1", "email", NOW, given=False, source="unsubscribe link")

    speaker = threading.Thread(target=say)
    with ledger.writing() as connection:
        consent.hold_still(connection)
        speaker.start()
        speaker.join(0.3)
        assert consent.words(ledger).num_rows == 0
    speaker.join()
    assert consent.words(ledger).num_rows == 1
