"""T4: six mistakes, made on purpose in the workers. Each must be caught, and nothing may be caught without one."""

from __future__ import annotations

import time
from collections.abc import Callable

from faults import checks, figures
from faults.checks import Found
from faults.databases import Server, write
from faults.figures import Result
from faults.fleet import Fleet, fleet
from faults.laying import Laid
from faults.mutants import MUTANTS
from faults.peer import Peer
from faults.stage import stage, where
from faults.sweep import PASSED
from faults.tracing import is_stopped, until

PEOPLE, BATCH = 60, 20
SECONDS = 60.0
Play = Callable[[Fleet, Laid, Peer, "Server | None"], None]


def killed_before_the_answer(crew: Fleet, laid: Laid, peer: Peer, server: Server | None) -> None:
    """A worker dies when its letters are out and nothing is written down yet; another one goes on."""
    worker = crew.start(moments={"before record": "kill 1"})
    worker.join(SECONDS)
    write(laid, PASSED)
    crew.start(until_empty=True).join(SECONDS)


def asleep_before_the_intent(crew: Fleet, laid: Laid, peer: Peer, server: Server | None) -> None:
    """A worker sleeps with claimed letters in its hands, another one sends them, then it wakes up."""
    sleeper = crew.start(moments={"before intend": "stop 1"}, until_empty=True)
    until(lambda: is_stopped(sleeper.pid))
    write(laid, PASSED)
    crew.start(until_empty=True).join(SECONDS)
    crew.wake(sleeper)
    sleeper.join(SECONDS)


def crashed_before_the_answer(crew: Fleet, laid: Laid, peer: Peer, server: Server | None) -> None:
    """The database crashes when letters are out; what was not on its disk is forgotten."""
    assert server
    # Otherwise the server writes to its disk by itself, a moment after it has answered.
    server.set("wal_writer_delay", "10s")
    worker = crew.start(moments={"before record": "stop 1"})
    until(lambda: is_stopped(worker.pid))
    worker.kill()
    server.crash()
    write(laid, PASSED)
    crew.start(until_empty=True).join(SECONDS)


def on_a_bad_wire(crew: Fleet, laid: Laid, peer: Peer, server: Server | None) -> None:
    """Some answers are lost, and some are 500 although the letters go out."""
    peer.weather(script=["well", "reset_after", "500_after"])
    work_off_quietly(crew, laid)


def undisturbed(crew: Fleet, laid: Laid, peer: Peer, server: Server | None) -> None:
    """Nothing happens."""
    work_off_quietly(crew, laid)


def work_off_quietly(crew: Fleet, laid: Laid) -> None:
    """One worker until nothing is left, without waiting for anybody."""
    for _ in range(5):
        crew.start(until_empty=True).join(SECONDS)
        write(laid, PASSED)


PLAYS: dict[str, Play] = {
    "requeue_on_lease": killed_before_the_answer,
    "intent_after_send": killed_before_the_answer,
    "no_fencing": asleep_before_the_intent,
    "not_durable": crashed_before_the_answer,
    "one_address_twice": undisturbed,
    "retry_in_transport": on_a_bad_wire,
}
"""What brings each mistake to light."""


def played(name: str, mutant: str, server: Server | None) -> tuple[Found, list[str]]:
    """Play the scene of `name` with workers that have the mistake `mutant` (empty: none); what was found."""
    with stage(PEOPLE, server) as (laid, peer), fleet(laid, 0, batch=BATCH, mutant=mutant) as crew:
        PLAYS[name](crew, laid, peer, server)
        return checks.look(laid, peer.truth()), sorted(peer.figures()["complaints"])


def caught(server: Server | None, *, only: tuple[str, ...] = tuple(MUTANTS)) -> Result:
    """Every mistake in turn, and the same scene without it. `not_durable` needs a server that can crash."""
    started, missed, alarmed, seen = time.monotonic(), [], [], []
    for name in only:
        if name == "not_durable" and server is None:
            continue
        for mutant in (name, ""):
            found, complaints = played(name, mutant, server)
            alarm = bool(complaints) or not found.well
            if mutant and not alarm:
                missed.append(name)
            if not mutant and alarm:
                alarmed.append(f"{name} ({', '.join([*complaints, *found.broken])})")
            if mutant and alarm:
                seen.append(f"{name} ({found.duplicates} duplicates)" if found.duplicates else name)
    note = f"caught: {', '.join(seen)}"
    note += f"; MISSED: {', '.join(missed)}" if missed else ""
    note += f"; false alarms: {', '.join(alarmed)}" if alarmed else ""
    result = Result("T4", f"mutants on {where(server)}", not missed and not alarmed, note=note)
    return figures.timed(result, started)
