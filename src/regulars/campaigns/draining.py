"""Draining: one worker sends what is due on all channels, chunk after chunk, until nothing is left or it is stopped."""

from __future__ import annotations

import gc
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event

from regulars.campaigns import deliver, hearing
from regulars.campaigns.deliver import Delivered
from regulars.campaigns.desk import Desk
from regulars.campaigns.pace import most_at_once

CHANNELS = ("email", "sms")
CHUNK = 5_000
"""Messages a worker claims at once: what it looks up and renders together. What it has in flight is a wave."""
PAUSE = 0.2
"""Seconds between two looks at an outbox in which nothing was due."""

MINUTE = 60.0

Told = Callable[[str, Delivered], None]


def name() -> str:
    """What this process is called as a worker."""
    return f"{socket.gethostname()}:{os.getpid()}"


def drain(
    desk: Desk,
    worker: str,
    stop: Event,
    *,
    channels: Sequence[str] = CHANNELS,
    limit: int = CHUNK,
    most: int | None = None,
    patience: float = 0.0,
    told: Told | None = None,
) -> Delivered:
    """Send what is due until nothing is, `stop` is set, or `most` messages were claimed.

    `patience`: seconds to wait for more before it is over, and for a provider that is not asked at the moment. `told`
    hears of each chunk. The answer sums them up; its `free_at` tells that messages wait for a provider.
    """
    counts: Counter[str] = Counter()
    claimed, waited, free_at = 0, 0.0, None
    with ExitStack() as opened, _settled():
        doors = [opened.enter_context(deliver.opened(desk, channel, worker, stop=stop)) for channel in channels]
        limits = [min(limit, most_at_once(desk, door.door) or limit) for door in doors]
        while not stop.is_set() and (most is None or claimed < most):
            hearing.expand(desk)
            free_at, before = None, claimed
            for door, own in zip(doors, limits, strict=True):
                delivered = door.chunk(own, desk.ledger.present())
                if delivered.claimed and told:
                    told(door.channel, delivered)
                claimed += delivered.claimed
                counts.update(delivered.counts)
                free_at = _earlier(free_at, delivered.free_at)
            if claimed > before:
                waited = 0.0
                continue
            if waited >= patience:
                break
            waited += PAUSE
            stop.wait(PAUSE)
    return Delivered(claimed, dict(counts), free_at)


def work(root: Path, stop: Event, *, keep_going: bool, told: Callable[[str], None]) -> dict[str, int]:
    """Be a worker on the project in `root`: state → messages it brought there.

    `keep_going`: until `stop` is set, with the project's files opened anew each minute; else until nothing is due.
    `told` hears a line for each chunk.
    """
    counts: Counter[str] = Counter()

    def line(channel: str, delivered: Delivered) -> None:
        told(f"{channel}: " + ", ".join(f"{n:,} {state}" for state, n in delivered.counts.items()))

    while True:
        with Desk.open(root) as desk:
            delivered = drain(desk, name(), stop, patience=MINUTE if keep_going else 0.0, told=line)
        counts.update(delivered.counts)
        if delivered.free_at and not keep_going:
            told("A provider is not asked at the moment; what is left waits.")
        if stop.is_set() or not keep_going:
            return dict(counts)


@contextmanager
def _settled() -> Iterator[None]:
    """What is there already is not looked through for garbage meanwhile: it stays, and that takes a seventh of all."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else one or other
