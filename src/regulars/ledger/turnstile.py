"""The queue in front of a SQLite ledger: who came first writes first.

SQLite lets one transaction write at a time, and those who wait look every 100 ms whether it is free. Beside a run that
writes chunk after chunk they would hardly ever find it free. Two locks make it fair: who holds the door is next, and
nobody passes the door twice while somebody waits behind it. Locks of files die with their process, so a killed writer
blocks nobody. This is courtesy only: SQLite's own locks keep the ledger right.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: writers are served in any order
    fcntl = None  # type: ignore[assignment]  # the module or nothing

PATIENCE = 30.0
"""Seconds after which a waiting writer stops being polite and leaves the matter to SQLite."""
PAUSE = 0.002


@contextlib.contextmanager
def turn(ledger: Path) -> Iterator[None]:
    """Wait for one's turn to write to the SQLite file `ledger`; inside, nobody else who asks here writes."""
    if fcntl is None:
        yield
        return
    ledger.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + PATIENCE
    with _lock_file(ledger, ".door") as door, _lock_file(ledger, ".room") as room:
        passed = _locked(door, deadline) and _locked(room, deadline)
        fcntl.flock(door, fcntl.LOCK_UN)
        try:
            yield
        finally:
            if passed:
                fcntl.flock(room, fcntl.LOCK_UN)


@contextlib.contextmanager
def _lock_file(ledger: Path, suffix: str) -> Iterator[int]:
    handle = os.open(ledger.with_name(ledger.name + suffix), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def _locked(handle: int, deadline: float) -> bool:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(PAUSE)
        else:
            return True
