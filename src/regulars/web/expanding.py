"""Expanding what was heard while the web app runs: a thread that wakes when a post has come, and every second."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator

from regulars.campaigns import hearing
from regulars.errors import RegularsError
from regulars.ledger.inbox import Inbox
from regulars.ledger.store import Ledger

EVERY = 1.0
"""Seconds between two looks when nothing comes."""
TOGETHER = 0.2
"""Seconds a post waits for others, so that many share a transaction."""
TIDY = 3_600.0
AFTER_FAILURE = 5.0

_log = logging.getLogger("regulars.hearing")


class Expander:
    """Start it with `start`, end it with `stop`; `wake` says that a post has come."""

    def __init__(self, ledger: Ledger, inbox: Inbox) -> None:
        self._ledger, self._inbox = ledger, inbox
        self._come, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="regulars-hearing", daemon=True)
        self._tidied = time.monotonic()

    def start(self) -> None:
        """Begin to expand."""
        self._thread.start()

    def wake(self) -> None:
        """A post has come."""
        self._come.set()

    def stop(self) -> None:
        """Finish the chunk in hand, and end."""
        self._over.set()
        self._come.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            if self._come.wait(EVERY):
                self._over.wait(TOGETHER)
            self._come.clear()
            if not self._over.is_set():
                self._round()

    def _round(self) -> None:
        try:
            heard = hearing.expand_all(self._ledger, self._inbox)
            if time.monotonic() - self._tidied > TIDY:
                self._tidied = time.monotonic()
                hearing.tidy(self._ledger, self._inbox)
        except RegularsError as error:
            _log.warning("%s", error)
            self._over.wait(AFTER_FAILURE)
        except Exception as error:  # noqa: BLE001  # the thread must live; posts wait in the inbox meanwhile
            # Its words may quote a row: the kind of the error has to do.
            _log.warning("What was heard could not be expanded (%s); it waits in the inbox.", type(error).__name__)
            self._over.wait(AFTER_FAILURE)
        else:
            for scope in heard.halted:
                _log.warning("Halted: %s. Look at `regulars doctor`.", scope)
            for sentence in heard.warnings:
                _log.warning("%s", sentence)


@contextlib.contextmanager
def expanding(ledger: Ledger, inbox: Inbox) -> Iterator[Expander]:
    """Expand as long as the block runs."""
    expander = Expander(ledger, inbox)
    expander.start()
    try:
        yield expander
    finally:
        expander.stop()
