"""How fast messages may leave: the rate of the provider's account, or of the sender of text messages in segments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from threading import Event

from regulars.campaigns.desk import Desk
from regulars.channels.contract import Channel, Outgoing
from regulars.ledger import buckets


def wait_for_turn(
    desk: Desk, door: Channel, wave: Sequence[Sequence[Outgoing]], stop: Event, renew: Callable[[], object]
) -> bool:
    """Wait until `wave` may leave by the rates that are set; False where `stop` was set meanwhile, or before.

    The more workers there are, the longer each waits. `renew` is called in time, so that what waits is not given to
    another worker.
    """
    wait, step = 0.0, desk.settings.lease_seconds / 4
    for account, (wanted, rate) in _costs(desk, door, wave).items():
        present = desk.ledger.present()
        wait = max(wait, buckets.reserve(desk.ledger, account, wanted, rate, present).total_seconds())
    while wait > 0 and not stop.wait(min(wait, step)):
        if wait >= step:
            renew()
        wait -= step
    return not stop.is_set()


def most_at_once(desk: Desk, door: Channel) -> int | None:
    """So many messages at most are claimed at once: what may leave in a quarter of a lease."""
    rate = _rate(desk, door)
    return max(1, int(rate * desk.settings.lease_seconds / 4)) if rate else None


def _costs(desk: Desk, door: Channel, wave: Sequence[Sequence[Outgoing]]) -> dict[str, tuple[float, float]]:
    rate = _rate(desk, door)
    if not rate:
        return {}
    if door.name == "sendgrid":
        return {door.name: (float(sum(map(len, wave))), rate)}
    segments: Counter[str] = Counter()
    for request in wave:
        for message in request:
            segments[f"{door.name} {message.sender}"] += max(message.segments, 1)
    return {account: (float(wanted), rate) for account, wanted in segments.items()}


def _rate(desk: Desk, door: Channel) -> float:
    return {"sendgrid": desk.settings.sendgrid_rate, "twilio": desk.settings.twilio_rate}.get(door.name, 0.0)
