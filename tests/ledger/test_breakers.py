"""The breaker that all workers share: an outage is met once, one worker tries, and requests grow back."""

from __future__ import annotations

from datetime import timedelta

from ledger_people import NOW

from regulars.ledger import breakers
from regulars.ledger.breakers import Health
from regulars.ledger.store import Ledger

SECOND = timedelta(seconds=1)


def fail(ledger: Ledger, times: int = 1) -> None:
    for _ in range(times):
        with ledger.writing() as connection:
            breakers.failed(connection, "sendgrid", NOW)


def succeed(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        breakers.succeeded(connection, "sendgrid")


def test_a_provider_nobody_complained_about_is_asked_with_full_requests(ledger: Ledger) -> None:
    assert breakers.ask(ledger, "sendgrid", NOW) == Health()


def test_after_a_failure_nobody_asks_for_a_while(ledger: Ledger) -> None:
    fail(ledger)
    held = breakers.ask(ledger, "sendgrid", NOW)
    assert (held.free, held.free_at) == (False, NOW + breakers.FIRST_PAUSE)
    assert breakers.ask(ledger, "twilio", NOW).free, "another provider is asked"


def test_pauses_double_up_to_five_seconds(ledger: Ledger) -> None:
    waits = []
    for _ in range(7):
        fail(ledger)
        free_at = breakers.ask(ledger, "sendgrid", NOW).free_at
        assert free_at
        waits.append((free_at - NOW).total_seconds())
    assert waits == [0.25, 0.5, 1, 2, 4, 5, 5]


def test_one_worker_tries_one_message_while_the_others_wait(ledger: Ledger) -> None:
    fail(ledger)
    asked = [breakers.ask(ledger, "sendgrid", NOW + SECOND) for _ in range(3)]
    assert [health.trial for health in asked] == [True, False, False]
    assert [health.free for health in asked] == [True, False, False]
    assert asked[0].batch == 1


def test_a_worker_that_dies_in_its_trial_is_replaced(ledger: Ledger) -> None:
    fail(ledger)
    assert breakers.ask(ledger, "sendgrid", NOW + SECOND).trial
    assert breakers.ask(ledger, "sendgrid", NOW + SECOND + breakers.TRIAL).trial


def test_requests_grow_back_after_successes(ledger: Ledger) -> None:
    fail(ledger, 3)
    sizes = []
    for _ in range(4):
        succeed(ledger)
        sizes.append(breakers.ask(ledger, "sendgrid", NOW).batch)
    assert sizes == [50, 200, 800, 0]


def test_a_provider_that_asks_for_time_gets_it_without_smaller_requests(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        breakers.paused(connection, "sendgrid", NOW + 30 * SECOND)
    assert not breakers.ask(ledger, "sendgrid", NOW + 29 * SECOND).free
    succeed(ledger)
    assert breakers.ask(ledger, "sendgrid", NOW).batch in (0, 50)
