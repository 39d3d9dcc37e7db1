"""T13 and T14: two who act at the same moment, a customer who says stop and a worker about to send; two planners."""

from __future__ import annotations

import multiprocessing
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event

from faults import checks
from faults.databases import Server, rows, write
from faults.figures import Result, timed
from faults.laying import Laid, lay, plan
from faults.stage import where
from regulars import clock
from regulars.ledger import consent, outbox
from regulars.ledger.store import Ledger

PATIENCE = 0.004
"""Seconds that one side waits for the other at the place of their meeting; the other may be waiting for its lock."""
POINTS = 24
"""Statements of a side before which it may wait; none has more."""
# What is committed first has the lower number on SQLite, where one writes at a time. PostgreSQL itself notes when.
LOG = (
    "CREATE TABLE order_of_commits (n INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, what TEXT)",
    """CREATE TRIGGER intent_noted AFTER UPDATE OF state ON message WHEN NEW.state = 'sending'
       BEGIN INSERT INTO order_of_commits (kind, what) VALUES ('intent', NEW.address_hash); END""",
    """CREATE TRIGGER stop_noted AFTER INSERT ON suppression
       BEGIN INSERT INTO order_of_commits (kind, what) VALUES ('stop', NEW.address_hash); END""",
)
TOO_LATE = {
    "sqlite": "SELECT count(*) FROM order_of_commits i JOIN order_of_commits s ON s.what = i.what "
    "WHERE i.kind = 'intent' AND s.kind = 'stop' AND i.n > s.n",
    "postgresql": "SELECT count(*) FROM message m JOIN suppression s ON s.address_hash = m.address_hash "
    "JOIN attempt a ON a.id = m.attempt_id WHERE pg_xact_commit_timestamp(a.xmin) > pg_xact_commit_timestamp(s.xmin)",
}


class Meeting:
    """Two threads that meet before certain statements of theirs: whoever comes first waits a moment for the other."""

    def __init__(self) -> None:
        self._own = threading.local()
        self.there = {"send": threading.Event(), "stop": threading.Event()}

    def enter(self, side: str, point: int) -> None:
        """The current thread is one side, and waits before its statement number `point`."""
        self._own.side, self._own.point, self._own.statement = side, point, 0

    def leave(self) -> None:
        """It is done: nobody need wait for it."""
        self.there[self._own.side].set()
        self._own.side = ""

    def before(self, *_: Any) -> None:
        """Called before each statement."""
        side = getattr(self._own, "side", "")
        if not side:
            return
        self._own.statement += 1
        if self._own.statement == self._own.point:
            self.there[side].set()
            self.there["stop" if side == "send" else "send"].wait(PATIENCE)


def suppressed_meanwhile(server: Server | None, *, rounds: int = 10_000, seed: int = 1) -> Result:
    """T13: no intent may be committed after somebody's stop was."""
    started = time.monotonic()
    with _planned(rounds, server) as laid, laid.desk() as desk:
        if server is None:
            write(laid, LOG)
        ledger, draw = desk.ledger, random.Random(seed)
        meeting = Meeting()
        event.listen(ledger.engine, "before_cursor_execute", meeting.before)
        with Ledger.open(desk.settings.ledger, desk.folder) as other:
            event.listen(other.engine, "before_cursor_execute", meeting.before)
            sent, errors = 0, list[Exception]()
            for held in _claims(ledger, rounds):
                for side in meeting.there.values():
                    side.clear()
                stop = threading.Thread(target=_stop, args=(other, held, meeting, draw.randrange(POINTS), errors))
                stop.start()
                sent += _send(ledger, held, meeting, draw.randrange(POINTS))
                stop.join()
        late = int(rows(laid, TOO_LATE[ledger.dialect])[0][0])
    note = f"{late} intents after a stop's commit; {sent:,} sent before it, {rounds - sent:,} not sent"
    note += f"; {len(errors)} errors: {errors[0]}" if errors else ""
    both = 0 < sent < rounds
    parameters = f"{rounds:,} stops racing with sending, {where(server)}"
    return timed(Result("T13", parameters, late == 0 and both and not errors, note=note), started)


def _claims(ledger: Ledger, rounds: int) -> Iterator[outbox.Claim]:
    """Each message alone, claimed."""
    for _ in range(rounds):
        claim = outbox.claim(ledger, "email", 1, clock.now(), "w")
        if claim is None:
            raise RuntimeError("there are fewer messages than rounds")
        yield claim


def _send(ledger: Ledger, held: outbox.Claim, meeting: Meeting, point: int) -> bool:
    meeting.enter("send", point)
    try:
        return bool(outbox.intend_all(ledger, held, [[held.rows[0].id]], clock.now(), "w").requests)
    finally:
        meeting.leave()


def _stop(ledger: Ledger, held: outbox.Claim, meeting: Meeting, point: int, errors: list[Exception]) -> None:
    meeting.enter("stop", point)
    try:
        with ledger.writing() as connection:
            consent.suppress(connection, held.rows[0].address_hash, "email", "opted-out", clock.now())
    except Exception as error:  # noqa: BLE001  # told by the test
        errors.append(error)
    finally:
        meeting.leave()


@contextmanager
def _planned(people: int, server: Server | None, *, planned: bool = True) -> Iterator[Laid]:
    """A shop that sends into its folder; on PostgreSQL with the moments of commits noted."""
    with tempfile.TemporaryDirectory(prefix="faults", ignore_cleanup_errors=True) as folder:
        database = ""
        if server:
            server.set("track_commit_timestamp", "on")
            server.crash()
            database = server.create()
        try:
            url = server.url(database) if server else ""
            yield lay(Path(folder) / "shop", people, {}, ledger=url, planned=planned)
        finally:
            if server:
                server.drop(database)


def planned_twice(server: Server | None, *, people: int = 10_000, planners: int = 2) -> Result:
    """T14: two processes run one campaign in the same second."""
    started = time.monotonic()
    with _planned(people, server, planned=False) as laid:
        together = multiprocessing.get_context("spawn")
        barrier, at = together.Barrier(planners), clock.now()
        planning = [together.Process(target=_plan, args=(laid, barrier, at), daemon=True) for _ in range(planners)]
        for one in planning:
            one.start()
        for one in planning:
            one.join(300)
        codes = [one.exitcode for one in planning]
        found = checks.look(laid, {}, finished=False)
        number = sum(found.states.values())
    parameters = f"{planners} planners at once, {people:,} people, {where(server)}"
    note = f"{number:,} messages, exit codes {codes}"
    passed = number == people and found.well and not any(codes)
    return timed(Result("T14", parameters, passed, lost=found.lost, note=note, broken=found.broken), started)


def _plan(laid: Laid, barrier: Any, at: datetime) -> None:
    with laid.desk() as desk:
        desk.ledger.version()
        barrier.wait(60)
        plan(desk, at)
