"""A wave: what one worker has in flight at one time. Intents for all of it are committed, then it leaves.

A request to a provider is an attempt of its own, so that a lost answer puts in doubt those it carried and nobody else.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from regulars.campaigns.desk import Desk
from regulars.campaigns.signals import undisturbed
from regulars.campaigns.topics import topics
from regulars.channels import batches
from regulars.channels.contract import Answer, Channel, Outcome, Outgoing
from regulars.ledger import breakers, consent, entries, outbox, same, witness
from regulars.ledger.outbox import Claim, Connection, LastLook

IN_FLIGHT = 1_000
"""Messages of one wave through a channel that takes many in a request."""
ONE_BY_ONE = 500
"""Messages of one wave through a channel that takes one in a request."""
REQUESTS = 32
"""Requests of one wave through a channel that takes many in a request."""
LEAVE_BEFORE = 0.25
"""Share of the lease within which a wave must have left; one that was held up longer stays at home."""
HELD_UP = "this machine was held up before it could be sent"
FAILURES: tuple[Outcome, ...] = ("ambiguous", "notsent")
"""Outcomes that say that the provider, or the way to it, is not well."""

Send = Callable[[Sequence[Outgoing]], list[Answer]]


@dataclass(frozen=True)
class Worker:
    """Who sends, through which channel, from which claim."""

    desk: Desk
    door: Channel
    send: Send
    claim: Claim
    name: str
    at: datetime
    templates: Mapping[str, str]
    last_look: LastLook


def waves(requests: Sequence[list[Outgoing]], door: Channel) -> Iterator[list[list[Outgoing]]]:
    """Requests, as many at a time as may be in flight together."""
    most = IN_FLIGHT if door.batch > 1 else ONE_BY_ONE
    wave: list[list[Outgoing]] = []
    messages = 0
    for request in requests:
        full = messages + len(request) > most or (door.batch > 1 and len(wave) >= REQUESTS)
        if wave and full:
            yield wave
            wave, messages = [], 0
        wave.append(request)
        messages += len(request)
    if wave:
        yield wave


def requests_of(
    door: Channel, ready: Sequence[Outgoing], health: breakers.Health, companies: Mapping[str, int]
) -> list[list[Outgoing]]:
    """Who travels with whom, in the order they are to leave."""
    if door.batch == 1:
        return [[message] for message in ready]
    most = min(door.batch, health.batch) if health.batch else door.batch
    return batches.requests(ready, most, companies)


def leave(worker: Worker, wave: Sequence[Sequence[Outgoing]]) -> tuple[Counter[str], bool]:
    """Commit the intents of a wave, send it, write down the answers: state → messages, and whether to go on.

    A signal to stop waits until the answers are written down.
    """
    with undisturbed():
        return _leave(worker, wave)


def _leave(worker: Worker, wave: Sequence[Sequence[Outgoing]]) -> tuple[Counter[str], bool]:
    desk, lease = worker.desk, timedelta(seconds=worker.desk.settings.lease_seconds)
    began = time.monotonic()
    intents = outbox.intend_all(
        desk.ledger, worker.claim, [[message.message_id for message in request] for request in wave],
        worker.at, worker.name, templates=worker.templates, lease=lease, leased_from=desk.ledger.present(),
        last_look=worker.last_look, topics=topics(desk), through=worker.door.name,
    )  # fmt: skip
    counts = Counter(change.after for change in intents.withheld.values())
    if not intents.requests:
        return counts, True
    witness.saw(desk.ledger, desk.folder)
    leaving = _addressed(worker, wave, intents.requests)
    if time.monotonic() - began > lease.total_seconds() * LEAVE_BEFORE:
        # Its lease may be over, and somebody may have settled it otherwise: what has not left can still stay.
        answers = [Answer(message.message_id, "notsent", reason=HELD_UP, retry_after=0.0) for message in leaving]
    else:
        answers = worker.send(leaving)
    states = _write_down(worker, leaving, answers)
    held_up = {answer.outcome for answer in answers} - {"accepted", "rejected"}
    return counts + Counter(states.values()), not held_up


def _addressed(
    worker: Worker, wave: Sequence[Sequence[Outgoing]], requests: Mapping[str, Sequence[str]]
) -> list[Outgoing]:
    """The messages that may leave, with all that must travel with them."""
    desk = worker.desk
    carried = {message_id: attempt_id for attempt_id, going in requests.items() for message_id in going}
    going = [message for request in wave for message in request if message.message_id in carried]
    rows = {row.id: row for row in worker.claim.rows if row.id in carried}
    whats = ((row.campaign, row.customer_id, row.occasion, row.name) for row in rows.values())
    key = dict(zip(rows, same.keys(desk.ledger, whats), strict=True))
    identity = desk.ledger.salt("ledger")
    return [
        replace(
            message,
            attempt_id=carried[message.message_id],
            ledger_id=identity,
            same=key[message.message_id],
        )
        for message in going
    ]


def _write_down(worker: Worker, leaving: Sequence[Outgoing], answers: Sequence[Answer]) -> dict[str, str]:
    attempts: dict[str, list[Answer]] = {}
    for message, answer in zip(leaving, answers, strict=True):
        attempts.setdefault(message.attempt_id, []).append(answer)
    hashes = {row.id: row.address_hash for row in worker.claim.rows}
    closed = [(hashes[answer.message_id], answer.address) for answer in answers if answer.address]
    ledger, at, channel = worker.desk.ledger, worker.at, worker.claim.rows[0].channel

    def learn(connection: Connection, states: Mapping[str, str]) -> None:
        """What the answers mean beyond their messages: the provider's health, codes that newer ones replace."""
        gone_out = [message_id for message_id, state in states.items() if state in ("accepted", "ambiguous")]
        entries.end_replaced_codes(connection, gone_out, at)
        _tell_health(connection, worker, answers)

    states = outbox.record_all(ledger, attempts, at, repeatable=worker.door.idempotency_key, also=learn)
    if closed:
        # In a transaction of its own: it waits for everybody who is about to send, also to these addresses.
        with ledger.writing() as connection:
            for address_hash, verdict in closed:
                consent.suppress(connection, address_hash, channel, verdict, at)
    return states


def _tell_health(connection: Connection, worker: Worker, answers: Sequence[Answer]) -> None:
    account, now = worker.door.name, worker.desk.ledger.present()
    outcomes = Counter(answer.outcome for answer in answers if answer.reason != HELD_UP)
    waits = [answer.retry_after for answer in answers if answer.outcome == "throttled"]
    if any(outcomes[outcome] for outcome in FAILURES):
        breakers.failed(connection, account, now)
    elif outcomes["config"]:
        breakers.paused(connection, account, now + CONFIG_PAUSE)
    elif waits:
        breakers.paused(connection, account, now + timedelta(seconds=min(max(waits[0] or 1.0, 0.5), LONGEST_THROTTLE)))
    elif outcomes:
        breakers.succeeded(connection, account)


CONFIG_PAUSE = timedelta(minutes=1)
"""How long nobody asks a provider that refuses our credentials."""
LONGEST_THROTTLE = 900.0
"""Seconds that a provider that calls us too fast is left alone at most."""
