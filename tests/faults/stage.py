"""What a fault test plays on: a provider in its own process, and a project whose letters are planned."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from faults.databases import Server
from faults.laying import Laid, lay
from faults.mishaps import UNSETTLED
from faults.peer import Peer, provider

LATENCY = (0.05, 0.15)
SLOW = (0.3, 0.8)
"""Seconds before an answer: on a usual day, and where workers are to be met with their letters out."""


@contextmanager
def stage(
    people: int, server: Server | None, *, weather: Mapping[str, Any] | None = None, **laying: Any
) -> Iterator[tuple[Laid, Peer]]:
    """A provider, and a project with a ledger of its own whose letters are planned."""
    with (
        tempfile.TemporaryDirectory(prefix="faults", ignore_cleanup_errors=True) as folder,
        provider(**(weather or {})) as peer,
    ):
        database = server.create() if server else ""
        try:
            url = server.url(database) if server else ""
            yield lay(Path(folder) / "shop", people, peer.settings(), ledger=url, **laying), peer
        finally:
            if server:
                server.drop(database)


def bound(peer: Peer, kills: int, batch: int) -> int:
    """As many messages as may be ambiguous: a batch for each kill, and what was in requests whose answer was lost."""
    carried = peer.figures()["carried"]
    return kills * batch + sum(n for met, n in carried.items() if met in UNSETTLED)


def where(server: Server | None) -> str:
    """For a line of figures."""
    return "PostgreSQL" if server else "SQLite"
