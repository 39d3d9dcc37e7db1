"""A worker: a process that drains the outbox of a project until it is told to stop, or killed.

Workers are forked from a server that has imported everything already, so that one is at work 50 ms after its start.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import aiohttp  # noqa: F401  # imported once, for all workers
import css_inline  # noqa: F401  # the same
import sendgrid.helpers.mail  # noqa: F401  # the same
import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.dialects.sqlite  # noqa: F401  # the same

import regulars.channels.registry
import regulars.channels.sendgrid
import regulars.channels.twilio  # the same
import regulars.words.links
import regulars.words.render  # noqa: F401  # the same
from faults import moments, mutants, processes
from regulars import clock
from regulars.campaigns import draining
from regulars.campaigns.desk import Desk
from regulars.channels import transport

FOR_EVER = 3_600.0
"""Seconds without anything to do after which a worker would end by itself."""


@dataclass(frozen=True)
class Job:
    """What a worker is to do. `lease` and `deadline` are seconds, much shorter than real ones."""

    root: Path
    environment: Mapping[str, str]
    name: str
    channel: str = "email"
    batch: int = 100
    lease: float = 6.0
    deadline: float = 4.0
    mutant: str = ""
    moments: Mapping[str, str] = field(default_factory=dict)
    """See `moments.arm`."""
    shift: float = 0.0
    """Seconds by which this worker's clock is wrong."""
    until_empty: bool = False
    """End when nothing is due, instead of waiting for more."""
    waits: bool = False
    """Stop (SIGSTOP) when everything is open, and begin when continued."""


def work(job: Job) -> None:
    """Run in the worker's process."""
    processes.die_with_parent()
    processes.may_be_traced()
    log = os.open(job.root / f"{job.name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    faulthandler.enable()
    os.environ.update(job.environment, REGULARS_LEASE_SECONDS=f"{job.lease:g}")
    _shorten(job)
    if job.shift:
        _shift(job.shift)
    mutants.apply(job.mutant)
    moments.arm(job.moments)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with Desk.open(job.root) as desk:
        desk.ledger, desk.people(clock.now()), desk.words  # opened before the work begins
        if job.waits:
            os.kill(os.getpid(), signal.SIGSTOP)
        (job.root / f"{job.name}.ready").touch()
        drain(desk, job, stop)
    sys.exit(0)


def drain(desk: Desk, job: Job, stop: threading.Event) -> None:
    """The engine's own loop: the one place to change when it changes."""
    while not stop.is_set():
        patience = 0.0 if job.until_empty else FOR_EVER
        draining.drain(desk, job.name, stop, channels=[job.channel], limit=job.batch, patience=patience)
        if job.until_empty:
            return


def work_off(desk: Desk, channel: str, batch: int, name: str) -> None:
    """Send what is due now, in this process."""
    draining.drain(desk, name, threading.Event(), channels=[channel], limit=batch)


def _shorten(job: Job) -> None:
    """A deadline of seconds, so that a test need not wait for minutes. The lease is a setting."""
    transport.Transport.__init__.__kwdefaults__.update(total=job.deadline, connect=min(3.0, job.deadline / 2))


def _shift(seconds: float) -> None:
    real = clock.now
    clock.now = lambda: real() + timedelta(seconds=seconds)
