"""The outbox: who may send which message now, and what became of it.

Marketing messages are sent at most once. `claim` gives a worker messages for a while; `intend` commits, before anything
leaves, that these will be sent by this attempt; `record` writes down what the provider answered; `release` finds those
whose worker never came back. What has not left is planned again; what may have left is `ambiguous`, never sent again.
Each step compares what it found (claim token, attempt, state) before it sets, so a worker that wakes up late does no
harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, String, literal_column, select, update
from sqlmodel import col

from regulars import clock
from regulars.ledger import bulk, consent, crossing, halts, ids, moves, proofs
from regulars.ledger.enrolling import add_messages, enrol
from regulars.ledger.moves import Change
from regulars.ledger.receipts import Answered, record, record_all, release
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Attempt, Enrolment, Message

__all__ = [
    "Answered",
    "Claim",
    "ClaimedMessage",
    "Connection",
    "Intent",
    "Intents",
    "LastLook",
    "Move",
    "add_messages",
    "claim",
    "close",
    "enrol",
    "intend",
    "intend_all",
    "record",
    "record_all",
    "release",
]

LEASE = timedelta(seconds=60)
"""How long a worker may hold messages: the longest request (45 s) and a margin."""
TOO_LATE = "send_within is over"
HALTED = timedelta(minutes=10)
"""How long a message of a halted campaign waits before somebody asks again."""
# Written out, not bound: the index of due messages holds only these, and the databases must see it.
PLANNED: ColumnElement[str] = literal_column("'planned'")


@dataclass(frozen=True, slots=True)
class Move:
    """What a worker decided about a message it holds without sending it: see `close`."""

    message_id: str
    claim_token: str
    after: str
    """`planned` (with a later `not_before`), `suppressed`, `expired` or `dead`."""
    reason: str = ""
    not_before: datetime | None = None
    local_day: str | None = None
    """The customer's day (ISO) of the new `not_before`."""

    def change(self) -> Change:
        """The change of state it asks for."""
        return Change(self.message_id, "claimed", self.after, self.reason, "", self.not_before, self.local_day)


LastLook = Callable[[Connection, Sequence[str]], Iterable[Move]]
"""Asked about messages (ids) in the transaction that commits to send them; the moves it gives are made instead."""


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A message in a worker's hands, with all that rendering and sending it needs."""

    id: str
    enrolment_id: str
    campaign: str
    name: str
    customer_id: str
    channel: str
    language: str
    template: str
    address: str = field(repr=False)
    address_hash: str
    context: str = field(repr=False)
    due_at: datetime
    not_before: datetime
    expires_at: datetime
    local_day: str
    tries: int
    """How many attempts have carried it; all of them provably did not send it."""
    company: int
    """At most so many messages may share its request; 0: as many as the channel takes."""
    entered_at: datetime
    """When its customer entered the campaign: an order since then ends it where the campaign says `exit: ordered`."""
    occasion: str
    """What the entry is about: the id of a row, where the campaign walks rows."""
    variant: str
    """Which of the message's wordings it is; empty where there is one alone."""
    claim_token: str

    def moved(
        self, after: str, reason: str = "", *, not_before: datetime | None = None, local_day: str | None = None
    ) -> Move:
        """What to tell `close` about it."""
        return Move(self.id, self.claim_token, after, reason, not_before, local_day)


@dataclass(frozen=True, slots=True)
class Claim:
    """Messages that one worker holds until `lease_until`."""

    token: str
    rows: tuple[ClaimedMessage, ...]
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Intent:
    """What `intend` committed: only `ids` may be sent, and only by this attempt."""

    attempt_id: str
    """Empty when nothing is left to send."""
    ids: frozenset[str]
    withheld: Mapping[str, Change]
    """Messages that were suppressed, expired or planned again at the last moment, and why."""


@dataclass(frozen=True, slots=True)
class Intents:
    """What `intend_all` committed: each request with the messages it may carry, by the id of its attempt."""

    requests: Mapping[str, tuple[str, ...]]
    withheld: Mapping[str, Change]
    """Messages that were suppressed, expired or planned again at the last moment, and why."""


def claim(
    ledger: Ledger,
    channel: str,
    limit: int,
    at: datetime,
    worker: str,
    *,
    lease: timedelta = LEASE,
    leased_from: datetime | None = None,
) -> Claim | None:
    """Take up to `limit` messages of a channel (`email`, `sms`) that are due at `at`; None when none are.

    Those whose time is over become `expired` on the way. Workers that claim at the same moment get different messages.
    `leased_from` is the present by the clock that leases are measured with (`Ledger.present`); None: `at`.
    """
    token = ids.one()
    with ledger.writing() as connection:
        while due := _due(connection, channel, limit, at, token):
            late = [Change(message.id, "planned", "expired", TOO_LATE) for message in due if message.expires_at <= at]
            moves.leave(connection, late, at, TOO_LATE)
            if len(late) < len(due):
                alive = tuple(message for message in due if message.expires_at > at)
                taken = Claim(token, alive, (leased_from or at) + lease)
                _take(connection, taken, at, worker)
                return taken
    return None


def renew(ledger: Ledger, held: Claim, until: datetime) -> int:
    """Hold what is still held, and has not left, until `until`; how many messages."""
    with ledger.writing() as connection:
        mine = bulk.among(connection, col(Message.id), "ids"), col(Message.claim_token) == held.token
        statement = update(Message).where(*mine, col(Message.state) == "claimed").values(lease_until=until)
        return connection.execute(statement, {"ids": bulk.listed(connection, [row.id for row in held.rows])}).rowcount


def close(connection: Connection, decided: Sequence[Move], at: datetime | None = None) -> list[str]:
    """Carry out what workers decided about messages they hold; the ids of those that were still theirs."""
    moved = {move.message_id: move for move in decided}
    statement = select(col(Message.id), col(Message.claim_token)).where(
        bulk.among(connection, col(Message.id), "ids"), col(Message.state) == "claimed"
    )
    bound = {"ids": bulk.listed(connection, list(moved))}
    held = connection.execute(statement.order_by(col(Message.id)).with_for_update(), bound)
    kept = [moved[message_id] for message_id, token in held if token == moved[message_id].claim_token]
    moves.leave(connection, [move.change() for move in kept], at or clock.now(), "closed")
    return [move.message_id for move in kept]


def intend(
    ledger: Ledger,
    held: Claim,
    message_ids: Iterable[str],
    at: datetime,
    worker: str,
    *,
    templates: Mapping[str, str] | None = None,
    lease: timedelta = LEASE,
    last_look: LastLook | None = None,
    topics: consent.Topics | None = None,
) -> Intent:
    """`intend_all` for one request that carries all of `message_ids`."""
    intents = intend_all(
        ledger, held, [list(message_ids)], at, worker,
        templates=templates, lease=lease, last_look=last_look, topics=topics,
    )  # fmt: skip
    for attempt_id, carried in intents.requests.items():
        return Intent(attempt_id, frozenset(carried), intents.withheld)
    return Intent("", frozenset(), intents.withheld)


def intend_all(
    ledger: Ledger,
    held: Claim,
    requests: Sequence[Sequence[str]],
    at: datetime,
    worker: str,
    *,
    templates: Mapping[str, str] | None = None,
    lease: timedelta = LEASE,
    leased_from: datetime | None = None,
    last_look: LastLook | None = None,
    topics: consent.Topics | None = None,
    through: str = "",
) -> Intents:
    """Commit, durably, that these messages of a claim are about to be sent, an attempt for each request.

    Only what it returns may be sent, and only by these attempts. In the same transaction consent, suppression, halts,
    expiry and what providers have told are read again; whoever commits first wins. `last_look` is asked in it about
    those that are left, and carries out what it decides. `templates` gives for a message the version of the words
    (`template.hash`) it was rendered from, `topics` for a campaign what consent is asked about; `through` is the name
    of the provider.
    """
    wanted = [message_id for request in requests for message_id in request]
    ends = (leased_from or at) + lease
    with ledger.writing() as connection:
        consent.hold_still(connection)
        mine = _still_held(connection, held, wanted, at, topics)
        changes = _kept_back(ledger, connection, held, mine, at, last_look)
        withheld = {change.message_id: change for change in changes}
        moves.leave(connection, changes, at, "looked up before sending")
        left = mine.keys() - withheld.keys()
        going = [kept for request in requests if (kept := tuple(one for one in request if one in left))]
        carried = dict(zip(ids.draw(len(going)).to_pylist(), going, strict=True))
        if carried:
            _attempt(connection, carried, held.rows[0].channel, through, worker, at, ends)
            _send(connection, carried, at, ends, templates or {})
    return Intents(carried, withheld)


def _due(connection: Connection, channel: str, limit: int, at: datetime, token: str) -> list[ClaimedMessage]:
    statement = (
        select(*(col(getattr(Message, name)) for name in _CLAIMED), col(Enrolment.entered_at), col(Enrolment.occasion))
        .join(Enrolment, col(Enrolment.id) == col(Message.enrolment_id))
        .where(col(Message.channel) == channel, col(Message.state) == PLANNED, col(Message.not_before) <= at)
        .order_by(col(Message.not_before))
        .limit(limit)
        .with_for_update(of=Message, skip_locked=True)
    )
    return [ClaimedMessage(**row, claim_token=token) for row in connection.execute(statement).mappings()]


_CLAIMED = [own.name for own in fields(ClaimedMessage) if own.name not in ("entered_at", "occasion", "claim_token")]


def _take(connection: Connection, taken: Claim, at: datetime, worker: str) -> None:
    statement = (
        update(Message)
        .where(bulk.among(connection, col(Message.id), "ids"))
        .values(state="claimed", claim_token=taken.token, lease_until=taken.lease_until)
    )
    connection.execute(statement, {"ids": bulk.listed(connection, [message.id for message in taken.rows])})
    changes = [Change(message.id, "planned", "claimed") for message in taken.rows]
    moves.write_down(connection, changes, at, f"claimed by {worker}")


def _still_held(
    connection: Connection, held: Claim, wanted: Sequence[str], at: datetime, topics: consent.Topics | None
) -> dict[str, str]:
    """Of the wanted messages those this claim still holds, each with the reason not to send it, or an empty one."""
    statement = (
        select(*(col(getattr(Message, name)) for name in _ASKED), col(Message.expires_at))
        .where(
            bulk.among(connection, col(Message.id), "ids"),
            col(Message.claim_token) == held.token,
            col(Message.state) == "claimed",
        )
        .order_by(col(Message.id))
        .with_for_update()
    )
    bound = {"ids": bulk.listed(connection, wanted)}
    rows = connection.execute(statement, bound).all()
    mine = {row.id: TOO_LATE if row.expires_at <= at else "" for row in rows}
    return mine | dict(consent.objections_to(connection, [consent.About(*row[:-1]) for row in rows], topics))


_ASKED = ("id", "campaign", "customer_id", "channel", "address_hash")


def _kept_back(
    ledger: Ledger,
    connection: Connection,
    held: Claim,
    mine: Mapping[str, str],
    at: datetime,
    last_look: LastLook | None,
) -> list[Change]:
    """What becomes of those that have a reason not to be sent, or are given one by the last look."""
    changes = [
        Change(message_id, "claimed", "expired" if reason == TOO_LATE else "suppressed", reason)
        for message_id, reason in mine.items()
        if reason
    ]
    left = [row for row in held.rows if mine.get(row.id) == ""]
    found = {change.message_id: change for change in _halted(connection, left, at)}
    found |= {change.message_id: change for change in proofs.sent_before(ledger, connection, left)}
    asked = [row.id for row in left if row.id not in found]
    changes += found.values()
    if last_look and asked:
        changes += [move.change() for move in last_look(connection, asked)]
    return changes


def _halted(connection: Connection, rows: Sequence[ClaimedMessage], at: datetime) -> list[Change]:
    """Messages of campaigns or channels that are halted, or all of them: they wait."""
    stopped = halts.in_force(connection)
    if not stopped:
        return []
    scopes = {
        row.id: {halts.LEDGER, halts.channel(row.channel), halts.campaign(row.campaign)} & stopped.keys()
        for row in rows
    }
    return [
        Change(row.id, "claimed", "planned", f"halted: {min(scopes[row.id])}", not_before=at + HALTED)
        for row in rows
        if scopes[row.id]
    ]


def _attempt(
    connection: Connection,
    carried: Mapping[str, Sequence[str]],
    channel: str,
    through: str,
    worker: str,
    at: datetime,
    lease_until: datetime,
) -> None:
    n = len(carried)
    rows = {
        "id": list(carried),
        "channel": [channel] * n,
        "through": [through] * n,
        "worker": [worker] * n,
        "messages": [len(going) for going in carried.values()],
        "started_at": pa.array([at] * n, crossing.MOMENT),
        "lease_until": pa.array([lease_until] * n, crossing.MOMENT),
    }
    bulk.insert(connection, Attempt, pa.table(rows))


def _send(
    connection: Connection,
    carried: Mapping[str, Sequence[str]],
    at: datetime,
    lease_until: datetime,
    templates: Mapping[str, str],
) -> None:
    sent = bulk.rowset(connection, "sent", {"id": String(), "attempt_id": String(), "template_hash": String()})
    statement = (
        update(Message)
        .where(col(Message.id) == sent.c.id)
        .values(
            state="sending",
            attempt_id=sent.c.attempt_id,
            sent_at=at,
            lease_until=lease_until,
            tries=col(Message.tries) + 1,
            template_hash=sent.c.template_hash,
        )
    )
    rows = [
        {"id": message_id, "attempt_id": attempt_id, "template_hash": templates.get(message_id, "")}
        for attempt_id, going in carried.items()
        for message_id in going
    ]
    connection.execute(statement, {"sent": bulk.json_of(connection, rows)})
    changes = [Change(row["id"], "claimed", "sending", attempt_id=row["attempt_id"]) for row in rows]
    moves.write_down(connection, changes, at, "intent")
