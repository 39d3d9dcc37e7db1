"""Which fault tests there are, and how large they are: as PROVIDERS 5.7 asks, or small enough to run while you work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from faults import clocks, contract, crashes, disks, hearsay, mutation, outages, pauses, races, sweep
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
    for kind in ("refused", "429", "503"):
        for on in (True, False):
            gone = partial(outages.outage, kind=kind, people=size(60_000, 4_000), seconds=size(60, 6))
            yield Planned("T7", f"outage by {kind}", _on(gone, on))
    yield Planned("T8", "faults of the wire", lambda _: outages.wire())
    for named in (False, True):
        bad = partial(outages.poison, people=size(18_000, 4_000), names_fields=named)
        yield Planned("T9", "poisonous addresses", _on(bad, on=False))
    for on in (True, False):
        yield Planned(
            "T10", "SIGTERM", _on(partial(pauses.asked_to_end, people=size(20_000, 1_500), times=size(50, 4)), on)
        )
    for on in (True, False):
        yield Planned("T11", "disorder", _on(partial(hearsay.disorder, seeds=size(1_000, 50)), on))
        yield Planned("T12", "forged posts", _on(hearsay.forged, on))
        yield Planned(
            "T13", "stops racing with sending", _on(partial(races.suppressed_meanwhile, rounds=size(10_000, 200)), on)
        )
        yield Planned("T14", "two planners", _on(partial(races.planned_twice, people=size(10_000, 2_000)), on))
        yield Planned("T15", "wrong clocks", _on(partial(clocks.wrong_clocks, people=size(4_000, 1_000)), on))
    yield Planned("T15", "nights", lambda _: clocks.nights())
    for error in ("ENOSPC", "EIO"):
        yield Planned("T16", "full disk", lambda _, error=error: disks.full(error=error), needs_trace=True)
    for on in (True, False):
        for elsewhere in (False, True):
            back = partial(disks.restored, people=size(5_000, 400), elsewhere=elsewhere)
            yield Planned("T17", "restored backup", _on(back, on))
    for on in (True, False):
        yield Planned("T18", "a large outbox", _on(partial(contract.volume, people=size(1_000_000, 50_000)), on))
    yield Planned("T19", "requests as they must be", lambda _: contract.requests(people=size(3_000, 600)))


def _on(test: Callable[[Server | None], Result], on: bool) -> Run:
    """On PostgreSQL (`on`) or on SQLite."""
    return lambda server: test(server if on else None)
