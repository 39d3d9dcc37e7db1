"""A witness beside the ledger: how far it had come when this machine last sent from it.

A ledger that has come less far than its witness is an older copy that was put back. It believes that messages wait
which went out long ago; sending from it would send them twice.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from sqlalchemy import text

from regulars.ledger.store import Ledger

FILE = "witness.json"
_PULSE = "SELECT coalesce(sum(changes), 0) FROM pulse"


def is_restored(ledger: Ledger, folder: Path) -> bool:
    """Whether the ledger is behind what was seen of it here."""
    # In this order: what another worker writes meanwhile must not make the ledger look behind.
    seen = _seen(folder).get(ledger.salt("ledger"), 0)
    return _pulse(ledger) < seen


def saw(ledger: Ledger, folder: Path) -> None:
    """Remember how far the ledger has come; called between the commit of an intent and the wire.

    Not forced to disk: a witness that is behind after a power cut accuses nobody.
    """
    seen = _seen(folder)
    identity = ledger.salt("ledger")
    seen[identity] = max(_pulse(ledger), seen.get(identity, 0))
    _write(folder, seen)


def believe(ledger: Ledger, folder: Path) -> None:
    """Somebody has looked: the ledger counts from here, although it is behind."""
    _write(folder, _seen(folder) | {ledger.salt("ledger"): _pulse(ledger)})


def _write(folder: Path, seen: dict[str, int]) -> None:
    draft = folder / f".{FILE}.{os.getpid()}"
    draft.write_text(json.dumps(seen), encoding="utf-8")
    draft.replace(folder / FILE)


def _pulse(ledger: Ledger) -> int:
    with ledger.reading() as connection:
        return int(connection.execute(text(_PULSE)).scalar() or 0)


def _seen(folder: Path) -> dict[str, int]:
    try:
        seen = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return {str(identity): int(pulse) for identity, pulse in seen.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
