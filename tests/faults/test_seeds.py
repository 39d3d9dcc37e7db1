"""A seed of each fault test, small enough for every run of the tests. `make faults` runs them all at full size."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from faults import clocks, contract, crashes, disks, mutation, outages, pauses, races, sweep
from faults.databases import Server, server
from faults.figures import Result
from faults.tracing import cannot_trace

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills processes as POSIX has them")
traced = pytest.mark.skipif(bool(cannot_trace()), reason=cannot_trace() or "strace is there")


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """A server that may be crashed."""
    with server() as one:
        yield one


def well(result: Result) -> None:
    """The test passed; its line where it did not."""
    assert result.passed, str(result)


def test_killed_workers_send_nothing_twice_and_lose_nothing() -> None:
    well(crashes.killed("T2", None, people=600, kills=4, workers=2))


@pytest.mark.postgres
def test_a_crashed_server_sends_nothing_twice_and_loses_nothing(postgres: Server) -> None:
    well(pauses.crashed_servers(postgres, people=600, crashes=1, workers=2))


@traced
def test_no_system_call_is_a_bad_one_to_die_at() -> None:
    well(sweep.swept("T3", None, step=20))


@pytest.mark.parametrize("mutant", ["requeue_on_lease", "no_fencing", "retry_in_transport", "one_address_twice"])
def test_a_mistake_on_purpose_is_caught(mutant: str) -> None:
    well(mutation.caught(None, only=(mutant,)))


def test_who_sleeps_through_his_lease_does_no_harm() -> None:
    well(pauses.slept(None, people=300, naps=2, workers=2, lease=1))


def test_who_is_asked_to_end_leaves_nothing_behind() -> None:
    well(pauses.asked_to_end(None, people=300, times=2, workers=2))


def test_every_fault_of_the_wire_is_told_from_the_others() -> None:
    well(outages.wire())


def test_a_poisonous_address_kills_no_other_letter() -> None:
    well(outages.poison(None, people=1_000, every=500))


def test_a_throttled_minute_puts_nothing_in_doubt() -> None:
    well(outages.outage(None, "429", people=600, seconds=2, workers=2, batch=50))


def test_nothing_is_sent_after_a_stop() -> None:
    well(races.suppressed_meanwhile(None, rounds=60))


def test_a_wrong_clock_sends_nothing_too_early() -> None:
    well(clocks.wrong_clocks(None, people=300))


@traced
def test_a_full_disk_stops_the_worker() -> None:
    well(disks.full(people=200, batch=25))


def test_an_old_copy_of_the_ledger_is_not_sent_from() -> None:
    well(disks.restored(None, people=200))


def test_requests_are_as_the_providers_want_them() -> None:
    well(contract.requests(people=200))
