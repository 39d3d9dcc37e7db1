"""Delivery: claim, look once more, render, commit the intent, send, write down the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from regulars.campaigns.desk import Desk
from regulars.campaigns.exits import EXIT
from regulars.campaigns.rendering import message_of, outgoing
from regulars.campaigns.second_look import SecondLook
from regulars.campaigns.topics import topics
from regulars.channels.contract import Answer, Channel, Outgoing, sending
from regulars.errors import RegularsError
from regulars.ledger import consent, entries, outbox, templates
from regulars.ledger.outbox import Claim, ClaimedMessage, Move


@dataclass(frozen=True)
class Delivered:
    """What one chunk came to: how many messages were claimed, and how many ended in each state."""

    claimed: int
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """Messages that did not go out and should have."""
        return sum(number for state, number in self.counts.items() if state in ("dead", "failed", "ambiguous"))


def deliver(
    desk: Desk, channel: str, limit: int, at: datetime, worker: str, *, blank: Channel | None = None
) -> Delivered:
    """Send up to `limit` messages of a channel that are due at `at`. One that fails never stops the others.

    `claimed` is 0 when nothing is left to do. `blank`: a rehearsal, which sends messages without words through this
    channel instead of the shop's own.
    """
    from regulars.channels.registry import channel_for

    door = blank or channel_for(channel, desk.settings, desk.folder / "outbox")  # type: ignore[arg-type]  # the outbox holds these two kinds only
    outbox.release(desk.ledger, at)
    claim = outbox.claim(desk.ledger, channel, limit, at, worker)
    if claim is None:
        return Delivered(0)
    look = SecondLook(desk, claim.rows, at)
    moves = look.moves()
    moved = {move.message_id for move in moves}
    ready: dict[str, Outgoing] = {}
    for row in claim.rows:
        if row.id not in moved:
            rendered = _render(desk, row) if blank is None else Outgoing(row.id, "", channel, row.address)  # type: ignore[arg-type]  # the same two kinds
            if isinstance(rendered, Move):
                moves.append(rendered)
            else:
                ready[row.id] = rendered
    counts = _close(desk, claim, moves, at)
    counts += _send(desk, door, claim, ready, look, at, worker)
    _end(desk, claim, at)
    return Delivered(len(claim.rows), dict(counts))


def _render(desk: Desk, row: ClaimedMessage) -> Outgoing | Move:
    try:
        return outgoing(
            desk, row.campaign, message_of(desk, row.campaign, row.name), template=row.template, message_id=row.id,
            channel=row.channel, to=row.address, language=row.language, context=row.context, expires_at=row.expires_at,
        )  # fmt: skip
    except RegularsError as error:
        return row.moved("dead", error.sentence)


def _close(desk: Desk, claim: Claim, moves: list[Move], at: datetime) -> Counter[str]:
    if not moves:
        return Counter()
    with desk.ledger.writing() as connection:
        closed = set(outbox.close(connection, moves, at))
        gone = {move.message_id for move in moves if move.reason == EXIT}
        entries.end(connection, [row.enrolment_id for row in claim.rows if row.id in gone & closed], at, EXIT)
    return Counter(move.after for move in moves if move.message_id in closed)


def _send(
    desk: Desk, door: Channel, claim: Claim, ready: dict[str, Outgoing], look: SecondLook, at: datetime, worker: str
) -> Counter[str]:
    if not ready:
        return Counter()
    versions = _versions(desk, [row for row in claim.rows if row.id in ready], at)
    intent = outbox.intend(
        desk.ledger, claim, list(ready), at, worker,
        templates=versions, last_look=look.over_the_cap, topics=topics(desk),
    )  # fmt: skip
    counts = Counter(change.after for change in intent.withheld.values())
    if not intent.ids:
        return counts
    leaving = [
        replace(message, attempt_id=intent.attempt_id)
        for message_id, message in ready.items()
        if message_id in intent.ids
    ]
    with sending(door) as send:
        answers = send(leaving)
    states = outbox.record(desk.ledger, intent.attempt_id, answers, at, alone=door.batch == 1)
    _learn(desk, claim, answers, states, at)
    return counts + Counter(states.values())


def _learn(desk: Desk, claim: Claim, answers: Sequence[Answer], states: dict[str, str], at: datetime) -> None:
    """What the answers mean beyond their messages: addresses that are closed, codes that newer ones replace."""
    hashes = {row.id: row.address_hash for row in claim.rows}
    closed = [(hashes[answer.message_id], answer.address) for answer in answers if answer.address]
    gone_out = [message_id for message_id, state in states.items() if state in ("accepted", "ambiguous")]
    with desk.ledger.writing() as connection:
        entries.end_replaced_codes(connection, gone_out, at)
        for address_hash, verdict in closed:
            consent.suppress(connection, address_hash, claim.rows[0].channel, verdict, at)


def _versions(desk: Desk, rows: list[ClaimedMessage], at: datetime) -> dict[str, str]:
    """Keep the words these messages are rendered from; message id → version."""
    kept: dict[tuple[str, str, str], str] = {}
    for campaign, name, template in {(row.campaign, row.name, row.template) for row in rows}:
        message = message_of(desk, campaign, name)
        lines = (
            {str(language): str(line) for language, line in spoken.items()}
            for spoken in (message.subject, message.preview_text)
        )
        version = desk.words_of(campaign).version(template, *lines)
        with desk.ledger.writing() as connection:
            templates.keep(connection, version.hash, template, version.files_json, at)
        kept[campaign, name, template] = version.hash
    return {row.id: kept[row.campaign, row.name, row.template] for row in rows}


def _end(desk: Desk, claim: Claim, at: datetime) -> None:
    """Entries of campaigns with one message are over once it is settled."""
    campaigns = desk.project.campaigns
    single = [
        row.enrolment_id
        for row in claim.rows
        if row.campaign in campaigns and len(campaigns[row.campaign].messages) == 1
    ]
    if single:
        with desk.ledger.writing() as connection:
            entries.end_settled(connection, single, at)
