"""Four workers on one PostgreSQL ledger drain one outbox: the real command, processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from sqlalchemy import text

import shop_days as days
from patience import eventually
from regulars import clock
from regulars.campaigns.desk import Desk
from regulars.ledger import checks, halts
from regulars.testing import FakeSendGrid
from small_shop import SmallShop

pytestmark = pytest.mark.postgres

PEOPLE, WORKERS = 2_400, 4
AT_ONCE = """select count(distinct application_name) from pg_stat_activity where application_name like 'worker %'"""


@pytest.fixture
def sendgrid(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSendGrid]:
    with FakeSendGrid(latency=0.02) as server:
        monkeypatch.setenv("SENDGRID_API_KEY", server.api_key)
        monkeypatch.setenv("REGULARS_SENDGRID_URL", server.url)
        yield server


@pytest.fixture
def shared(shop: SmallShop, sendgrid: FakeSendGrid, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> SmallShop:
    """A shop whose letters are all due, on a PostgreSQL ledger whose e-mail is halted until somebody lifts it."""
    monkeypatch.setenv("REGULARS_LEDGER", postgres_url)
    monkeypatch.setenv("REGULARS_SECRET_KEY", "one key for all machines")
    for number in range(PEOPLE):
        shop.customer(f"c{number:05}")
    shop.campaign("hello")
    with shop.desk() as desk:
        days.run_one(desk, "hello", clock.now())
        with desk.ledger.writing() as connection:
            halts.raise_halt(connection, halts.channel("email"), "until all are there", clock.now())
    return shop


@contextmanager
def workers(shop: SmallShop, ledger: str, number: int = WORKERS) -> Iterator[list[subprocess.Popen[str]]]:
    """`regulars deliver --keep-going`, so many times; PostgreSQL knows each by its name."""
    command = [sys.executable, "-m", "regulars.cli", "deliver", "--keep-going", "--project", str(shop.root)]
    started = []
    try:
        for one in range(number):
            named = f"{ledger}{'&' if '?' in ledger else '?'}application_name=worker%20{one}"
            started.append(
                subprocess.Popen(
                    command, env={**os.environ, "REGULARS_LEDGER": named}, text=True,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                )
            )  # fmt: skip
        yield started
    finally:
        for process in started:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()


def ask(shop: SmallShop, statement: str) -> list[Any]:
    with Desk.open(shop.root, looking=True) as desk, desk.ledger.reading() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def lift(shop: SmallShop) -> None:
    with Desk.open(shop.root) as desk, desk.ledger.writing() as connection:
        halts.lift(connection, halts.channel("email"), "test", clock.now())


def ended(processes: list[subprocess.Popen[str]]) -> list[int]:
    """Ask them to stop; their exit codes."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        _, said = process.communicate(timeout=60)
        assert "Traceback" not in said
    return [process.returncode for process in processes]


def sound(shop: SmallShop) -> list[str]:
    with Desk.open(shop.root, looking=True) as desk:
        return [str(one) for one in checks.violations(desk.ledger)]


def counter(shop: SmallShop) -> Callable[[], Counter[str]]:
    return lambda: Counter(dict(ask(shop, "select state, count(*) from message group by state")))


def test_four_workers_drain_one_outbox_and_each_message_leaves_once(
    shared: SmallShop, sendgrid: FakeSendGrid, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # At this rate a worker claims 450 at once: nobody takes them all before the others have come.
    monkeypatch.setenv("REGULARS_SENDGRID_RATE", "300")
    monkeypatch.setenv("REGULARS_LEASE_SECONDS", "6")
    states = counter(shared)
    with workers(shared, postgres_url) as processes:
        eventually(lambda: ask(shared, AT_ONCE) == [(WORKERS,)], 90)
        assert not sendgrid.arrivals, "the channel is halted"
        lift(shared)
        eventually(lambda: states() == {"accepted": PEOPLE}, 120)
        assert ended(processes) == [0] * WORKERS
    taken = Counter(one.message_id for one in sendgrid.arrivals)
    assert (len(taken), set(taken.values())) == (PEOPLE, {1})
    assert len(ask(shared, "select distinct worker from attempt where state = 'accepted'")) == WORKERS
    assert sound(shared) == []


def test_workers_that_are_told_to_stop_in_the_middle_leave_nothing_held_and_nothing_in_doubt(
    shared: SmallShop, sendgrid: FakeSendGrid, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGULARS_SENDGRID_RATE", "400")
    states = counter(shared)
    with workers(shared, postgres_url, 2) as processes:
        lift(shared)
        eventually(lambda: len(sendgrid.arrivals), 90, 0.05)
        assert ended(processes) == [0, 0]
    left = states()
    assert set(left) == {"accepted", "planned"}
    assert left["accepted"] == len(sendgrid.arrivals) == len({one.message_id for one in sendgrid.arrivals})
    assert sound(shared) == []
