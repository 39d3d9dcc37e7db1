"""Signals that ask to stop wait while something is in flight: what has left must be written down first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPPING = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Inside, a first SIGTERM or SIGINT waits until the end; a second one acts as it would have before.

    Only the main thread hears signals; in any other this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []
    before = {number: signal.getsignal(number) for number in STOPPING}

    def wait(number: int, _frame: FrameType | None) -> None:
        for one, handler in before.items():
            signal.signal(one, handler)
        heard.append(number)

    for number in STOPPING:
        signal.signal(number, wait)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if heard:
            signal.raise_signal(heard[0])


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that the first SIGTERM or SIGINT sets; the second one acts as it did before."""
    stop = threading.Event()
    before = {number: signal.getsignal(number) for number in STOPPING}

    def set_it(_number: int, _frame: FrameType | None) -> None:
        for one, handler in before.items():
            signal.signal(one, handler)
        stop.set()

    for number in STOPPING:
        signal.signal(number, set_it)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
