"""Reconciling: what the providers know settles what we do not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from regulars.campaigns import hearing
from regulars.campaigns.desk import Desk
from regulars.campaigns.rendering import as_sent
from regulars.campaigns.topics import services
from regulars.channels.contract import Channel, Kind, ProvesAbsence, Sighting, Sought
from regulars.errors import RegularsError
from regulars.ledger import doubt, halts, witness
from regulars.ledger.doubt import Doubtful

ASK_AFTER = timedelta(seconds=60)
"""A provider may still be working at a request whose answer was lost half a minute ago."""
OPERATOR = "operator"
KINDS: tuple[Kind, ...] = ("email", "sms")


@dataclass
class Settled:
    """What one round of reconciling came to; numbers of messages."""

    accepted: int = 0
    """In doubt before; the provider has them."""
    unsent: int = 0
    """In doubt before; proven not sent."""
    requeued: int = 0
    """Proven not sent, and planned again."""
    doubted: int = 0
    """Planned in an older copy of the ledger, and due since: they may have been sent."""
    lifted: list[str] = field(default_factory=list)
    """What goes on again: `campaign winback` …"""


def settle(desk: Desk, at: datetime) -> Settled:
    """Settle what evidence there is for: every few minutes, and before an operator asks.

    A service message that is proven unsent goes out again by itself, once; a marketing message waits for an operator.
    """
    settled, ledger = Settled(), desk.ledger
    hearing.expand(desk)
    _ask_providers(desk, at, settled)
    with ledger.writing() as connection:
        settled.accepted += doubt.settle_strays(connection, at)
        settled.unsent += doubt.settle_quiet(connection, "email", at)
        settled.requeued += doubt.requeue(connection, at, sorted(services(desk)), once=True)
    return settled


def recover(desk: Desk, at: datetime) -> Settled:
    """Let an older copy of the ledger send again. What it may have sent since is in doubt first, and not sent."""
    settled, ledger = Settled(), desk.ledger
    while True:
        with ledger.writing() as connection:
            doubted = doubt.doubt_what_was_due(connection, at)
        settled.doubted += doubted
        if doubted < doubt.AT_ONCE:
            break
    with ledger.writing() as connection:
        settled.accepted += doubt.settle_strays(connection, at)
        # Written down also where nobody had halted it yet: what is told later of the lost time must not halt it again.
        halts.raise_halt(connection, halts.LEDGER, halts.RESTORED, at)
        if halts.lift(connection, halts.LEDGER, OPERATOR, at):
            settled.lifted.append(halts.LEDGER)
    witness.believe(ledger, desk.folder)
    return settled


def requeue(desk: Desk, at: datetime) -> int:
    """Plan again all that is proven unsent; how many. An operator's decision."""
    with desk.ledger.writing() as connection:
        return doubt.requeue(connection, at)


def lift(desk: Desk, scope: str, at: datetime) -> bool:
    """Let a halted campaign or channel go on; whether it was halted."""
    with desk.ledger.writing() as connection:
        return halts.lift(connection, scope, OPERATOR, at)


def _ask_providers(desk: Desk, at: datetime, settled: Settled) -> None:
    """Ask those who can say what they have created, a minute after the answer was lost."""
    from regulars.channels.registry import channel_for

    for kind in KINDS:
        door = channel_for(kind, desk.settings, desk.folder / "outbox")
        if door.idempotency_key or isinstance(door, ProvesAbsence):
            doubtful = doubt.through(desk.ledger, door.name, kind, at - ASK_AFTER)
            if doubtful:
                _settle_by(desk, door, doubtful, at, settled)


def _settle_by(desk: Desk, door: Channel, doubtful: Sequence[Doubtful], at: datetime, settled: Settled) -> None:
    """What one provider says of the messages that went through it, or would say if it were asked again."""
    if not isinstance(door, ProvesAbsence):
        with desk.ledger.writing() as connection:
            ids = [one.id for one in doubtful]
            settled.requeued += doubt.settle(connection, "planned", ids, at, doubt.ASKED_AGAIN)
        return
    told = asyncio.run(_seen(door, [found for one in doubtful if (found := _sought(desk, one))]))
    verdicts: dict[str, list[str]] = {}
    for message_id, sighting in told.items():
        verdicts.setdefault(sighting.verdict, []).append(message_id)
    with desk.ledger.writing() as connection:
        settled.accepted += doubt.settle(connection, "accepted", verdicts.get("sent", []), at, doubt.SEEN)
        settled.unsent += doubt.settle(connection, "unsent", verdicts.get("absent", []), at, doubt.ABSENT)


async def _seen(door: ProvesAbsence, sought: Sequence[Sought]) -> dict[str, Sighting]:
    try:
        return await door.seen(sought)
    finally:
        await door.close()


def _sought(desk: Desk, one: Doubtful) -> Sought | None:
    """The message as it was sent, by the words that were kept then; None where they are gone."""
    try:
        return Sought(as_sent(desk, one), one.sent_at)
    except RegularsError:
        return None
