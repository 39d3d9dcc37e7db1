"""Which fault tests there are, and how large they are: as PROVIDERS 5.7 asks, or small enough to run while you work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from faults import crashes, mutation, pauses, sweep
from faults.databases import Server
from faults.figures import Result

Run = Callable[[Server], Result]


@dataclass(frozen=True)
class Planned:
    """One line of the programme. `needs_trace`: it runs workers under strace."""

    name: str
    title: str
    run: Run
    needs_trace: bool = False


def programme(*, small: bool = False) -> Iterator[Planned]:
    """All of them, in order."""

    def size(full: int, little: int) -> int:
        return little if small else full

    kills = {"people": size(100_000, 2_000), "kills": size(200, 10)}
    yield Planned("T1", "random kill -9, PostgreSQL", lambda server: crashes.killed("T1", server, **kills))
    yield Planned("T2", "random kill -9, SQLite", lambda _: crashes.killed("T2", None, **kills))
    for on in (True, False):
        swept = partial(sweep.swept, "T3", step=size(1, 40))
        run = lambda server, on=on, swept=swept: swept(server if on else None)  # noqa: E731  # one of many
        yield Planned("T3", "kill at every system call", run, needs_trace=True)
    for on in (True, False):
        yield Planned("T4", "mutants", lambda server, on=on: mutation.caught(server if on else None))
    crash = partial(pauses.crashed_servers, people=size(20_000, 1_500), crashes=size(8, 2))
    yield Planned("T5", "PostgreSQL crashes", crash)
    in_commit = partial(pauses.killed_in_commit, people=size(4_000, 600), kills=size(8, 3))
    yield Planned("T5", "SQLite killed in commit", lambda _: in_commit(), needs_trace=True)
    for on in (True, False):
        nap = partial(pauses.slept, people=size(20_000, 1_500), naps=size(50, 4))
        yield Planned("T6", "SIGSTOP for two leases", lambda server, on=on, nap=nap: nap(server if on else None))
    for on in (True, False):
        end = partial(pauses.asked_to_end, people=size(20_000, 1_500), times=size(50, 4))
        yield Planned("T10", "SIGTERM under load", lambda server, on=on, end=end: end(server if on else None))
