"""T3: a run of two batches, killed at its first system call, at its second, and so on to the last.

What a killed process has done is decided by its system calls alone. So this leaves no place where a crash was not
tried: every one of the calls that write, lock, or talk is the last one once, and never gets done.
"""

from __future__ import annotations

import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from faults import checks, figures
from faults.checks import Found
from faults.databases import Server, write
from faults.figures import Result
from faults.fleet import Fleet
from faults.laying import Laid
from faults.peer import Peer
from faults.stage import stage, where
from faults.tracing import tracing
from faults.worker import Job, work_off

CALLS = (
    "sendto,sendmsg,recvfrom,recvmsg,socket,connect,shutdown,poll,write,writev,pwrite64,pwritev,fsync,fdatasync,"
    "ftruncate,unlink,rename,mkdir,flock,fcntl"
)
"""What can change something outside the process, and what waits for it. Reading a file changes nothing."""
PEOPLE, BATCH = 10, 5
LONG_AGO = "2000-01-01 00:00:00.000000"
PASSED = (
    f"UPDATE message SET lease_until = '{LONG_AGO}' WHERE lease_until IS NOT NULL",
    f"UPDATE message SET not_before = '{LONG_AGO}' WHERE state = 'planned'",
    f"UPDATE attempt SET lease_until = '{LONG_AGO}'",
)
"""Time passes: every lease is over, and nobody has to wait."""


@dataclass
class Sweep:
    """One planned ledger, put back before each kill."""

    laid: Laid
    peer: Peer
    server: Server | None
    template: str

    @contextmanager
    def fresh(self) -> Iterator[Laid]:
        """The project with its ledger as it was planned, and a provider that has forgotten everything."""
        self.peer.ask("/forget")
        # The ledger that is put back would be taken for what it is: an older copy.
        (self.laid.root / ".regulars" / "witness.json").unlink(missing_ok=True)
        if self.server is None:
            for end in ("", "-wal", "-shm"):
                self.laid.file.with_name(self.laid.file.name + end).unlink(missing_ok=True)
            shutil.copy(self.template, self.laid.file)
            yield self.laid
            return
        name = self.server.create(self.template)
        try:
            yield replace(self.laid, ledger=self.server.url(name))
        finally:
            self.server.drop(name)

    def point(self, n: int) -> tuple[bool, Found, Found]:
        """Kill at the `n`-th call; whether it came so far, and what was found right then and in the end."""
        with self.fresh() as laid:
            reached = killed_at(laid, n)
            first = checks.look(laid, self.peer.truth(), finished=False)
            write(laid, PASSED)
            with laid.desk() as desk:
                work_off(desk, laid.channel, BATCH, "after")
            return reached, first, checks.look(laid, self.peer.truth())


def killed_at(laid: Laid, n: int) -> bool:
    """Let a worker begin, and kill it at its `n`-th call from there; False where it was done before."""
    job = Job(laid.root, laid.environment, "", laid.channel, BATCH, until_empty=True, waits=True)
    worker = Fleet(laid, job, 0).start()
    try:
        with tracing(worker, CALLS, f"signal=KILL:when={n}"):
            worker.join(60)
        if worker.exitcode not in (0, -signal.SIGKILL):
            said = (laid.root / f"{worker.name}.log").read_text()
            raise RuntimeError(f"a worker ended with {worker.exitcode}: {said[-500:]}")
        return bool(worker.exitcode)
    finally:
        worker.kill()
        worker.join()


def swept(name: str, server: Server | None, *, step: int = 1, begin: int = 1, most: int = 5_000) -> Result:
    """Kill at every `step`-th call of the whole run."""
    started = time.monotonic()
    points, broken, worst, doubtful, duplicates, lost = 0, Counter[str](), 0, 0, 0, 0
    with swept_ledger(server) as sweep:
        for n in range(begin, most, step):
            reached, first, last = sweep.point(n)
            if not reached:
                break
            points += 1
            broken.update(first.broken)
            broken.update(last.broken)
            duplicates, lost = duplicates + last.duplicates, lost + last.lost
            worst, doubtful = max(worst, last.ambiguous), doubtful + bool(last.ambiguous)
    every = "every" if step == 1 else f"every {step}th"
    result = Result(
        name, f"kill at {every} system call, {where(server)}", not (broken or duplicates or lost) and worst <= BATCH,
        duplicates, lost, worst, BATCH, note=f"{points} points, ambiguous at {doubtful}", broken=dict(broken),
    )  # fmt: skip
    return figures.timed(result, started)


@contextmanager
def swept_ledger(server: Server | None) -> Iterator[Sweep]:
    """Ten letters, planned, in a ledger that can be put back."""
    with stage(PEOPLE, server) as (laid, peer):
        if server:
            name = urlsplit(laid.ledger).path.strip("/")
            yield Sweep(laid, peer, server, name)
            return
        write(laid, ["PRAGMA wal_checkpoint(TRUNCATE)"])
        template = Path(shutil.copy(laid.file, laid.root / "planned.sqlite"))
        yield Sweep(laid, peer, None, str(template))
