"""Delivery: claim, look once more, render, and let it leave in waves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event

from regulars.campaigns.desk import Desk
from regulars.campaigns.exits import EXIT
from regulars.campaigns.pace import wait_for_turn
from regulars.campaigns.rendering import Form, form_of, message_of
from regulars.campaigns.second_look import SecondLook
from regulars.campaigns.standstill import refuse_to_send
from regulars.campaigns.waves import Send, Worker, leave, requests_of, waves
from regulars.channels.contract import Channel, Outgoing, sending
from regulars.errors import RegularsError
from regulars.ledger import breakers, entries, outbox, templates
from regulars.ledger.breakers import Health
from regulars.ledger.outbox import Claim, ClaimedMessage, Move


@dataclass(frozen=True)
class Delivered:
    """What one chunk came to: how many messages were claimed, and how many ended in each state."""

    claimed: int
    counts: dict[str, int] = field(default_factory=dict)
    free_at: datetime | None = None
    """When to come back, where the provider is not asked now: it is down, or we were too fast."""

    @property
    def failed(self) -> int:
        """Messages that did not go out and should have."""
        return sum(number for state, number in self.counts.items() if state in ("dead", "failed", "ambiguous"))


def deliver(
    desk: Desk, channel: str, limit: int, at: datetime, worker: str, *, blank: Channel | None = None
) -> Delivered:
    """Send up to `limit` messages of a channel that are due at `at`. One that fails never stops the others.

    `claimed` is 0 when nothing is left to do. `blank`: a rehearsal, which sends messages without words through this
    channel instead of the shop's own. Raises RestoredError where this ledger must not send.
    """
    with opened(desk, channel, worker, blank=blank) as delivery:
        return delivery.chunk(limit, at)


@contextmanager
def opened(
    desk: Desk, channel: str, worker: str, *, blank: Channel | None = None, stop: Event | None = None
) -> Iterator[Delivery]:
    """One worker on one channel, for many chunks: connections to the provider stay open in between."""
    from regulars.channels.registry import channel_for

    door = blank or channel_for(channel, desk.settings, desk.folder / "outbox")  # type: ignore[arg-type]  # the outbox holds these two kinds only
    with sending(door) as send:
        yield Delivery(desk, channel, worker, door, send, stop or Event(), rehearsal=blank is not None)


@dataclass
class Delivery:
    """A worker on a channel. Once `stop` is set nothing more leaves, and what it holds goes back."""

    desk: Desk
    channel: str
    worker: str
    door: Channel
    send: Send
    stop: Event
    rehearsal: bool = False
    _kept: set[str] = field(default_factory=set)
    _forms: dict[tuple[str, ...], Form] = field(default_factory=dict)

    def chunk(self, limit: int, at: datetime) -> Delivered:
        """Send up to `limit` messages that are due at `at`; see `deliver`."""
        desk, lease = self.desk, timedelta(seconds=self.desk.settings.lease_seconds)
        if held := refuse_to_send(desk, self.channel, at):
            return Delivered(0, free_at=held)
        present = desk.ledger.present()
        outbox.release(desk.ledger, present)
        health = breakers.ask(desk.ledger, self.door.name, present)
        if not health.free:
            return Delivered(0, free_at=health.free_at)
        claim = outbox.claim(
            desk.ledger, self.channel, 1 if health.trial else limit, at, self.worker, lease=lease, leased_from=present
        )
        if claim is None:
            if health.trial:
                breakers.nobody(desk.ledger, self.door.name, present)
            return Delivered(0)
        return self._deliver(claim, health, at)

    def _deliver(self, claim: Claim, health: Health, at: datetime) -> Delivered:
        look = SecondLook(self.desk, claim.rows, at)
        moves = look.moves()
        moved = {move.message_id for move in moves}
        ready: list[Outgoing] = []
        for row in claim.rows:
            if row.id not in moved:
                rendered = self._render(row, look.valid_until(row.id))
                if isinstance(rendered, Move):
                    moves.append(rendered)
                else:
                    ready.append(rendered)
        counts = _close(self.desk, claim, moves, at)
        counts += self._leave(claim, ready, health, look, at)
        _end(self.desk, claim, at)
        return Delivered(len(claim.rows), dict(counts))

    def _render(self, row: ClaimedMessage, valid_until: datetime) -> Outgoing | Move:
        if self.rehearsal:
            return Outgoing(row.id, "", self.channel, row.address)  # type: ignore[arg-type]  # the outbox holds these two kinds only
        try:
            return self._form(row).filled(row.id, row.address, row.context, valid_until)
        except RegularsError as error:
            return row.moved("dead", error.sentence)

    def _form(self, row: ClaimedMessage) -> Form:
        key = (row.campaign, row.name, row.variant, row.template, row.channel, row.language)
        form = self._forms.get(key)
        if form is None:
            message = message_of(self.desk, row.campaign, row.name, row.variant)
            form = self._forms[key] = form_of(
                self.desk, row.campaign, message, template=row.template, channel=row.channel, language=row.language
            )
        return form

    def _leave(
        self, claim: Claim, ready: Sequence[Outgoing], health: Health, look: SecondLook, at: datetime
    ) -> Counter[str]:
        counts: Counter[str] = Counter()
        if not ready:
            return counts
        going = {message.message_id for message in ready}
        versions = self._versions([row for row in claim.rows if row.id in going], at)
        worker = Worker(
            self.desk, self.door, self.send, claim, self.worker, at, templates=versions, last_look=look.over_the_cap
        )
        companies = {row.id: row.company for row in claim.rows if row.company}
        left = list(waves(requests_of(self.door, ready, health, companies), self.door))
        goes_on = True

        def renew() -> None:
            lease = timedelta(seconds=self.desk.settings.lease_seconds)
            outbox.renew(self.desk.ledger, claim, self.desk.ledger.present() + lease)

        try:
            while left and goes_on and wait_for_turn(self.desk, self.door, left[0], self.stop, renew):
                states, goes_on = leave(worker, left.pop(0))
                counts += states
        finally:
            if left:
                self._give_back(claim, [message for wave in left for request in wave for message in request], at)
        return counts

    def _give_back(self, claim: Claim, messages: Sequence[Outgoing], at: datetime) -> None:
        """What did not leave is planned as it was."""
        rows = {row.id: row for row in claim.rows}
        with self.desk.ledger.writing() as connection:
            outbox.close(connection, [rows[message.message_id].moved("planned") for message in messages], at)

    def _versions(self, rows: Sequence[ClaimedMessage], at: datetime) -> dict[str, str]:
        """Keep the words these messages are rendered from; message id → version."""
        used: dict[tuple[str, str, str, str], str] = {}
        for campaign, name, variant, template in {(row.campaign, row.name, row.variant, row.template) for row in rows}:
            message = message_of(self.desk, campaign, name, variant)
            lines = (
                {str(language): str(line) for language, line in spoken.items()}
                for spoken in (message.subject, message.preview_text)
            )
            version = self.desk.words_of(campaign).version(template, *lines)
            if version.hash not in self._kept:
                with self.desk.ledger.writing() as connection:
                    templates.keep(connection, version.hash, template, version.files_json, at)
                self._kept.add(version.hash)
            used[campaign, name, variant, template] = version.hash
        return {row.id: used[row.campaign, row.name, row.variant, row.template] for row in rows}


def _close(desk: Desk, claim: Claim, moves: list[Move], at: datetime) -> Counter[str]:
    if not moves:
        return Counter()
    with desk.ledger.writing() as connection:
        closed = set(outbox.close(connection, moves, at))
        gone = {move.message_id for move in moves if move.reason == EXIT}
        entries.end(connection, [row.enrolment_id for row in claim.rows if row.id in gone & closed], at, EXIT)
    return Counter(move.after for move in moves if move.message_id in closed)


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
