"""Processes of a test: none outlives it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_PTRACER = 0x59616D61
TESTS = Path(__file__).resolve().parents[1]


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Be sent `number` when the parent is gone, however it went."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def may_be_traced() -> None:
    """Let strace attach to this process also where only one's own children may be traced."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1))


def environment() -> dict[str, str]:
    """Without anybody's credentials, and with the harness on the way of imports."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("REGULARS_", "SENDGRID_", "TWILIO_"))
    }
    paths = [str(TESTS), str(TESTS.parent / "src"), kept.get("PYTHONPATH", "")]
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
