"""Child processes that write to log files and never outlive us."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from regulars.errors import OutsideError
from regulars.serving import home

GRACE_SECONDS = 30
"""How long a child may take to end what it is doing; then it is killed."""
PR_SET_PDEATHSIG = 1
KEPT_BYTES = 5_000_000


@dataclass(frozen=True)
class Child:
    """A process of ours. `name` is what its log file is called."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def end(self) -> None:
        """Ask it to stop, wait, and kill it and what it started where it does not."""
        if not self.alive():
            return
        self.process.terminate()
        try:
            self.process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def ended_by_itself(self) -> OutsideError:
        """The error to raise when it was not asked to end."""
        return OutsideError(
            f"The {self.name} ended by itself (exit code {self.process.poll()}).", f"Its last words are in {self.log}."
        )


def begin(root: Path, name: str, command: Sequence[str], **environment: str) -> Child:
    """Start `command` in the project's folder, its output in `.regulars/logs/NAME.log`.

    It gets a session of its own, so that Ctrl-C in a terminal reaches us first, and ends when we are killed.
    """
    log = home.folder(root, "logs") / f"{name}.log"
    if log.exists() and log.stat().st_size > KEPT_BYTES:
        log.replace(log.with_suffix(".old.log"))
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  # our own command lines
            list(command),
            cwd=root,
            env=os.environ | home.settings(root) | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509  # we start no thread before it
        )
    return Child(name, process, log)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
