"""Delivery: claim, look once more, render, commit the intent, send, write down the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pyarrow as pa

from regulars.campaigns.desk import Desk
from regulars.campaigns.exits import EXIT, exited
from regulars.campaigns.rendering import message_of, outgoing
from regulars.channels.contract import Channel, Outgoing, sending
from regulars.errors import RegularsError
from regulars.ledger import contacts, entries, outbox, templates
from regulars.ledger.outbox import Claim, ClaimedMessage, Move
from regulars.people.engine import name as quoted

WAIT = timedelta(minutes=10)
"""How long a message waits that cannot go now: its campaign is paused, or its customer got another one a moment ago."""


@dataclass(frozen=True)
class Delivered:
    """What one chunk came to: how many messages were claimed, and how many ended in each state."""

    claimed: int
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """Messages that did not go out and should have."""
        return sum(number for state, number in self.counts.items() if state in ("dead", "failed", "ambiguous"))


def deliver(desk: Desk, channel: str, limit: int, at: datetime, worker: str) -> Delivered:
    """Send up to `limit` messages of a channel that are due at `at`. One that fails never stops the others.

    `claimed` is 0 when nothing is left to do.
    """
    from regulars.channels.registry import channel_for

    outbox.release(desk.ledger, at)
    claim = outbox.claim(desk.ledger, channel, limit, at, worker)
    if claim is None:
        return Delivered(0)
    door = channel_for(channel, desk.settings, desk.folder / "outbox")  # type: ignore[arg-type]  # the outbox holds these two kinds only
    moves = _second_look(desk, claim, at)
    left = {move.message_id for move in moves}
    ready: dict[str, Outgoing] = {}
    for row in claim.rows:
        if row.id not in left:
            rendered = _render(desk, row)
            if isinstance(rendered, Move):
                moves.append(rendered)
            else:
                ready[row.id] = rendered
    counts = _close(desk, claim, moves, at)
    counts += _send(desk, door, claim, ready, at, worker)
    _end(desk, claim, at)
    return Delivered(len(claim.rows), dict(counts))


def _second_look(desk: Desk, claim: Claim, at: datetime) -> list[Move]:
    """What changed since the message was planned: its campaign, an order, consent in the shop's data, other messages."""
    moves: dict[str, Move] = {}
    by_campaign: dict[str, list[ClaimedMessage]] = {}
    for row in claim.rows:
        by_campaign.setdefault(row.campaign, []).append(row)
    for campaign, rows in by_campaign.items():
        described = desk.project.campaigns.get(campaign)
        if described is None or described.status != "live":
            moves |= {row.id: row.moved("planned", "paused", not_before=at + WAIT) for row in rows}
            continue
        gone = exited(
            desk,
            campaign,
            pa.table(
                {"customer_id": [row.customer_id for row in rows], "entered_at": [row.entered_at for row in rows]}
            ),
            at,
        )
        moves |= {row.id: row.moved("suppressed", EXIT) for row in rows if row.customer_id in gone}
    waiting = [row for row in claim.rows if row.id not in moves]
    refused = _withdrawn(desk, waiting, at)
    moves |= {
        row.id: row.moved("suppressed", "no-consent") for row in waiting if (row.customer_id, row.channel) in refused
    }
    moves |= {
        move.message_id: move for move in _over_the_cap(desk, [row for row in waiting if row.id not in moves], at)
    }
    return list(moves.values())


def _withdrawn(desk: Desk, rows: list[ClaimedMessage], at: datetime) -> set[tuple[str, str]]:
    """(customer, channel) whose consent the shop's data no longer holds, and who said nothing else to us."""
    if not rows:
        return set()
    from regulars.ledger import consent

    snapshot, columns = desk.snapshot(at), desk.rules.source.customer.consent
    key = quoted(snapshot.id_column)
    given = {"email": columns.email, "sms": columns.sms}
    cases = " ".join(
        f"when r.channel = '{channel}' then coalesce(s.{quoted(str(column))}, false)"
        for channel, column in given.items()
        if column
    )
    asked = pa.table({"customer_id": [row.customer_id for row in rows], "channel": [row.channel for row in rows]})
    found = desk.arrow(
        f"""select r.customer_id, r.channel from asked r left join {snapshot.relation} s on s.{key} = r.customer_id
            left join spoken w on w.customer_id = r.customer_id and w.channel = r.channel
            where not coalesce(w.given, {f"case {cases} else false end" if cases else "false"})""",
        asked=asked, spoken=consent.words(desk.ledger),
    )  # fmt: skip
    return set(zip(found["customer_id"].to_pylist(), found["channel"].to_pylist(), strict=True))


def _over_the_cap(desk: Desk, rows: list[ClaimedMessage], at: datetime) -> Iterable[Move]:
    """Messages that would break a frequency cap after all, because another run sent something meanwhile."""
    frequency = desk.rules.guards.frequency
    caps = [
        (scope, cap)
        for scope, cap in (("any", frequency.any), ("email", frequency.email), ("sms", frequency.sms))
        if cap
    ]
    if not caps or not rows:
        return
    sent = contacts.sent_to(
        desk.ledger,
        [row.customer_id for row in rows],
        min(date.fromisoformat(row.local_day) for row in rows) - timedelta(days=max(cap.days for _, cap in caps)),
    )
    got: dict[str, list[tuple[str, date]]] = {}
    for customer, channel, day in zip(
        *(sent[name].to_pylist() for name in ("customer_id", "channel", "local_day")), strict=True
    ):
        got.setdefault(customer, []).append((channel, date.fromisoformat(day)))
    for row in sorted(rows, key=lambda row: row.due_at):
        day = date.fromisoformat(row.local_day)
        full = next(
            (
                cap
                for scope, cap in caps
                if scope in ("any", row.channel)
                and _within(got.get(row.customer_id, []), scope, day, cap.days) >= cap.messages
            ),
            None,
        )
        if full:
            tomorrow = day + timedelta(days=1)
            yield row.moved(
                "planned",
                "frequency",
                not_before=max(row.not_before, at) + timedelta(days=1),
                local_day=tomorrow.isoformat(),
            )
        else:
            got.setdefault(row.customer_id, []).append((row.channel, day))


def _within(got: list[tuple[str, date]], scope: str, day: date, days: int) -> int:
    return sum(1 for channel, sent in got if scope in ("any", channel) and sent > day - timedelta(days=days))


def _render(desk: Desk, row: ClaimedMessage) -> Outgoing | Move:
    try:
        message = message_of(desk, row.campaign, row.name)
        return outgoing(
            desk,
            message,
            message_id=row.id,
            channel=row.channel,
            to=row.address,
            language=row.language,
            context=row.context,
            expires_at=row.expires_at,
        )
    except RegularsError as error:
        return row.moved("dead", error.sentence)


def _close(desk: Desk, claim: Claim, moves: list[Move], at: datetime) -> Counter[str]:
    if not moves:
        return Counter()
    with desk.ledger.writing() as connection:
        closed = set(outbox.close(connection, moves, at))
        gone = [move.message_id for move in moves if move.reason == EXIT]
        entries.end(connection, [row.enrolment_id for row in claim.rows if row.id in gone], at, EXIT)
    return Counter(move.after for move in moves if move.message_id in closed)


def _send(
    desk: Desk, door: Channel, claim: Claim, ready: dict[str, Outgoing], at: datetime, worker: str
) -> Counter[str]:
    if not ready:
        return Counter()
    versions = _versions(desk, [row for row in claim.rows if row.id in ready], at)
    intent = outbox.intend(desk.ledger, claim, list(ready), at, worker, templates=versions)
    counts = Counter("expired" if reason == outbox.TOO_LATE else "suppressed" for reason in intent.withheld.values())
    if intent.ids:
        with sending(door) as send:
            answers = send(
                [
                    replace(message, attempt_id=intent.attempt_id)
                    for message_id, message in ready.items()
                    if message_id in intent.ids
                ]
            )
        states = outbox.record(desk.ledger, intent.attempt_id, answers, at, alone=door.batch == 1)
        counts += Counter(states.values())
    return counts


def _versions(desk: Desk, rows: list[ClaimedMessage], at: datetime) -> dict[str, str]:
    """Keep the words these messages are rendered from; message id → version."""
    kept: dict[tuple[str, str], str] = {}
    for key in {(row.campaign, row.name) for row in rows}:
        message = message_of(desk, *key)
        version = desk.words.version(
            str(message.template), {str(language): str(subject) for language, subject in message.subject.items()}
        )
        with desk.ledger.writing() as connection:
            templates.keep(connection, version.hash, str(message.template), version.files_json, at)
        kept[key] = version.hash
    return {row.id: kept[row.campaign, row.name] for row in rows}


def _end(desk: Desk, claim: Claim, at: datetime) -> None:
    """Entries of campaigns with one message are over once it is settled."""
    single = [
        row.enrolment_id
        for row in claim.rows
        if row.campaign in desk.project.campaigns and len(desk.campaign(row.campaign).messages) == 1
    ]
    if single:
        with desk.ledger.writing() as connection:
            entries.end_settled(connection, single, at)
