"""When nothing may be sent: the ledger is an old copy, or somebody or something halted a channel."""

from __future__ import annotations

from datetime import datetime, timedelta

from regulars.campaigns.desk import Desk
from regulars.errors import RegularsError
from regulars.ledger import halts, witness

AGAIN = timedelta(minutes=1)
"""When to ask again about a halted channel."""


class RestoredError(RegularsError):
    """The ledger has forgotten what it sent. No retry helps: somebody must look."""

    def __init__(self) -> None:
        super().__init__(
            "This ledger is an older copy of itself: it does not know what was sent since, and would send it again. "
            "Nothing was sent.",
            "Let the providers' events come in (`regulars web`), then say `regulars reconcile --recovered`.",
        )


def refuse_to_send(desk: Desk, channel: str, at: datetime) -> datetime | None:
    """When to come back, where `channel` (`email`, `sms`) is halted; None where it may send.

    Raises RestoredError where the ledger is an older copy of itself; that is written down, so that every other worker
    refuses too.
    """
    ledger = desk.ledger
    if witness.is_restored(ledger, desk.folder):
        with ledger.writing() as connection:
            halts.raise_halt(connection, halts.LEDGER, halts.RESTORED, at)
    with ledger.reading() as connection:
        stopped = halts.in_force(connection)
    if halts.LEDGER in stopped:
        raise RestoredError
    return at + AGAIN if halts.channel(channel) in stopped else None
