"""Workers under strace, with a fault in one of their system calls."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def cannot_trace() -> str:
    """Why this machine cannot do it; empty where it can."""
    return "" if shutil.which("strace") else "strace is not installed"


@contextmanager
def tracing(worker: Any, calls: str, fault: str) -> Iterator[None]:
    """Let a worker that waits go on, with `fault` in its `calls`: `signal=KILL:when=7`, `error=ENOSPC:when=3+`."""
    until(lambda: is_stopped(worker.pid))
    command = ["strace", "-p", str(worker.pid), "-o", os.devnull, "-e", f"trace={calls}", "-e", "signal=none"]
    with subprocess.Popen([*command, "-e", f"inject={calls}:{fault}"], stderr=subprocess.DEVNULL) as tracer:
        try:
            until(lambda: _is_traced(worker.pid))
            os.kill(worker.pid, signal.SIGCONT)
            yield
        finally:
            tracer.kill()


def is_stopped(pid: int) -> bool:
    """Whether a process sleeps by SIGSTOP."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


def until(true: Callable[[], Any], seconds: float = 20) -> None:
    """Wait until something is true. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError("a worker did not come so far")
        time.sleep(0.002)


def _is_traced(pid: int) -> bool:
    return "TracerPid:\t0\n" not in Path(f"/proc/{pid}/status").read_text()
