"""Workers, all of one project: started, killed, put to sleep, replaced, and none left behind."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from faults.checks import UNDER_WAY
from faults.databases import count as counted
from faults.laying import Laid
from faults.processes import environment
from faults.worker import Job, work

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["faults.worker"])
# The server that forks looks for the module on the way the environment names, not on ours.
os.environ["PYTHONPATH"] = environment()["PYTHONPATH"]


@dataclass
class Fleet:
    """Some workers. `kills` counts those who were killed with the work in their hands."""

    laid: Laid
    job: Job
    wanted: int
    seed: int = 1
    kills: int = 0
    _numbers: Any = field(default_factory=lambda: count(1))
    _all: list[Any] = field(default_factory=list)
    _lives: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.workers: list[Any] = [self.start() for _ in range(self.wanted)]

    def start(self, **changed: Any) -> Any:
        """One more worker, with its job changed; not among `workers` unless put there."""
        job = replace(self.job, name=f"w{next(self._numbers)}", **changed)
        process = _FORKS.Process(target=work, args=(job,), name=job.name, daemon=True)
        process.start()
        self._all.append(process)
        return process

    def kill(self, longest: float) -> None:
        """Kill everybody whose time is over, and start another in the place: so long after it began to work, at most.

        How long somebody lives is drawn beforehand, so that no moment of a worker's life is safer than another.
        """
        for place, worker in enumerate(self.workers):
            life = self._lives.setdefault(worker.name, self.random.uniform(0.0, longest))
            if worker.is_alive() and self._age(worker) > life:
                worker.kill()
                worker.join()
                self.kills += 1
                self.workers[place] = self.start()

    def _age(self, worker: Any) -> float:
        """Seconds since it began to work; less than none before."""
        ready = self.laid.root / f"{worker.name}.ready"
        return time.time() - ready.stat().st_mtime if ready.exists() else -1.0

    def end_all(self) -> None:
        """Kill whoever is left."""
        for worker in self._all:
            worker.kill()
            worker.join()

    @staticmethod
    def wake(worker: Any) -> None:
        """Let a sleeper go on."""
        os.kill(worker.pid, signal.SIGCONT)

    def replace_dead(self) -> int:
        """Start a worker for each that has ended by itself; how many."""
        ended = [place for place, worker in enumerate(self.workers) if not worker.is_alive()]
        for place in ended:
            self.workers[place] = self.start()
        return len(ended)

    def until(self, done: Any, seconds: float, *, every: float = 0.2) -> bool:
        """Wait until `done()`; whether it came in time. Workers that end meanwhile are replaced."""
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                return False
            self.replace_dead()
            time.sleep(every)
        return True

    def until_empty(self, seconds: float) -> bool:
        """Wait until nothing waits to be sent or is being sent."""
        return self.until(lambda: counted(self.laid, UNDER_WAY) == 0, seconds)

    def end(self) -> list[int | None]:
        """Ask all of them to stop; their exit codes."""
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.join(self.job.deadline + 10)
            if worker.is_alive():
                worker.kill()
                worker.join()
        return [worker.exitcode for worker in self.workers]


@contextmanager
def fleet(laid: Laid, wanted: int, seed: int = 1, **job: Any) -> Iterator[Fleet]:
    """`wanted` workers on a project."""
    described = Job(laid.root, laid.environment, "", channel=laid.channel, **job)
    workers = Fleet(laid, described, wanted, seed)
    try:
        yield workers
    finally:
        workers.end_all()
