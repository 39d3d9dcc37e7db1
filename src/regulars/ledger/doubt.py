"""Messages whose fate is not known, and what settles it: never a guess, only evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta

import pyarrow as pa
from sqlalchemy import Connection, and_, case, exists, func, select
from sqlmodel import col

from regulars.ledger import bulk, moves
from regulars.ledger.crossing import MOMENT
from regulars.ledger.moves import Change
from regulars.ledger.proofs import UNSENT_KINDS
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Attempt, Event, Message, Stray

QUIET = timedelta(hours=2)
"""So long after it was sent nothing at all was heard of a message: time to ask whether its neighbours were heard of."""
NEIGHBOURS = timedelta(minutes=10)
ENOUGH, HEARD_OF = 20, 0.99
"""Of at least so many messages accepted in the same ten minutes such a share must have been heard of."""
NEVER_HEARD_OF = "never heard of, and its neighbours were"
ABSENT = "the provider has never seen it"
SEEN = "the provider has it"
RESTORED = "planned in an older copy of the ledger; it may have been sent since"
REQUEUED = "planned again by an operator"
AT_ONCE = 10_000

DOUBTFUL = pa.schema(
    [
        ("channel", pa.string()),
        ("campaign", pa.string()),
        ("state", pa.string()),
        ("reason", pa.string()),
        ("messages", pa.int64()),
        ("since", MOMENT),
    ]
)
_IN_DOUBT = ("ambiguous", "unsent")


@dataclass(frozen=True, slots=True)
class Doubtful:
    """One message in doubt: whom it was for, and when it may have left."""

    id: str
    campaign: str
    name: str
    channel: str
    language: str
    template: str
    template_hash: str
    """The version of the words it was rendered from."""
    address: str = field(repr=False)
    context: str = field(repr=False)
    sent_at: datetime


def counted(ledger: Ledger) -> pa.Table:
    """What is in doubt: channel, campaign, state (`ambiguous`, `unsent`), reason, messages, since (moment)."""
    own = (col(Message.channel), col(Message.campaign), col(Message.state), col(Message.reason))
    statement = select(*own, func.count(), func.min(col(Message.sent_at))).where(col(Message.state).in_(_IN_DOUBT))
    return ledger.arrow(statement.group_by(*own).order_by(*own), schema=DOUBTFUL)


def of_channel(ledger: Ledger, channel: str, before: datetime) -> list[Doubtful]:
    """Ambiguous messages of a channel that may have left before a moment; at most 10,000, the oldest first."""
    statement = (
        select(*(col(getattr(Message, own.name)) for own in fields(Doubtful)))
        .where(col(Message.state) == "ambiguous", col(Message.channel) == channel, col(Message.sent_at) < before)
        .order_by(col(Message.sent_at))
        .limit(AT_ONCE)
    )
    with ledger.reading() as connection:
        return [Doubtful(*row) for row in connection.execute(statement)]


def settle(connection: Connection, after: str, ids: Sequence[str], at: datetime, reason: str) -> int:
    """Ambiguous messages become `accepted` or `unsent`, because of evidence; how many still were ambiguous."""
    return _move(connection, "ambiguous", after, ids, at, reason)


def settle_quiet(connection: Connection, channel: str, at: datetime) -> int:
    """Ambiguous messages nobody ever heard of become `unsent`, where nearly all their neighbours were heard of.

    How many. A provider that had taken them would have told of them as it told of the others.
    """
    statement = (
        select(col(Message.id), col(Message.sent_at))
        .where(col(Message.state) == "ambiguous", col(Message.channel) == channel, col(Message.sent_at) < at - QUIET)
        .where(~exists().where(col(Event.message_id) == col(Message.id)))
        .limit(AT_ONCE)
    )
    windows: dict[float, list[str]] = {}
    for message_id, sent_at in connection.execute(statement):
        windows.setdefault(sent_at.timestamp() // NEIGHBOURS.total_seconds(), []).append(message_id)
    settled = 0
    for window, ids in windows.items():
        begin = datetime.fromtimestamp(window * NEIGHBOURS.total_seconds(), tz=at.tzinfo)
        if _neighbours_are_heard_of(connection, channel, begin):
            settled += settle(connection, "unsent", ids, at, NEVER_HEARD_OF)
    return settled


def settle_strays(connection: Connection, at: datetime) -> int:
    """Messages that a restored ledger took for unsent become `accepted`, where an event tells that they went out."""
    told = and_(col(Stray.message_id) == col(Message.id), col(Stray.kind).not_in(UNSENT_KINDS))
    same_address = col(Stray.address_hash) == col(Message.address_hash)
    statement = (
        select(col(Message.id))
        .where(col(Message.state) == "ambiguous", col(Message.reason) == RESTORED)
        .where(exists().where(told, same_address))
        .limit(AT_ONCE)
    )
    return settle(connection, "accepted", connection.execute(statement).scalars().all(), at, SEEN)


def doubt_what_was_due(connection: Connection, at: datetime) -> int:
    """In an older copy of a ledger, planned messages that were due by now become `ambiguous`; how many of a chunk."""
    statement = (
        select(col(Message.id))
        .where(col(Message.state) == "planned", col(Message.not_before) <= at)
        .limit(AT_ONCE)
        .with_for_update()
    )
    return _move(connection, "planned", "ambiguous", connection.execute(statement).scalars().all(), at, RESTORED)


def requeue(connection: Connection, at: datetime, campaigns: Sequence[str] | None = None, *, once: bool = False) -> int:
    """Messages that are proven unsent are planned again, under the same id; how many.

    `campaigns`: only of these. `once`: only those that were tried a single time.
    """
    statement = select(col(Message.id)).where(col(Message.state) == "unsent").limit(AT_ONCE).with_for_update()
    if once:
        statement = statement.where(col(Message.tries) <= 1)
    bound = {}
    if campaigns is not None:
        statement = statement.where(bulk.among(connection, col(Message.campaign), "campaigns"))
        bound["campaigns"] = bulk.listed(connection, campaigns)
    return _move(connection, "unsent", "planned", connection.execute(statement, bound).scalars().all(), at, REQUEUED)


def _neighbours_are_heard_of(connection: Connection, channel: str, begin: datetime) -> bool:
    """Of the messages accepted in ten minutes, whether nearly all were heard of."""
    heard = exists().where(col(Event.message_id) == col(Message.id))
    statement = (
        select(func.count(), func.sum(case((heard, 1), else_=0)))
        .select_from(Message)
        .join(Attempt, col(Attempt.id) == col(Message.attempt_id))
        .where(
            col(Attempt.channel) == channel,
            col(Attempt.started_at) >= begin,
            col(Attempt.started_at) < begin + NEIGHBOURS,
            col(Message.attempt_id) != "",
            col(Message.state).not_in(("ambiguous", "unsent", "sending", "dead")),
        )
    )
    accepted, told = connection.execute(statement).one()
    return bool(accepted >= ENOUGH and (told or 0) >= HEARD_OF * accepted)


def _move(connection: Connection, before: str, after: str, ids: Sequence[str], at: datetime, reason: str) -> int:
    statement = (
        select(col(Message.id))
        .where(bulk.among(connection, col(Message.id), "ids"), col(Message.state) == before)
        .order_by(col(Message.id))
        .with_for_update()
    )
    held = connection.execute(statement, {"ids": bulk.listed(connection, ids)}).scalars().all()
    not_before = at if after == "planned" else None
    moves.leave(
        connection,
        [Change(message_id, before, after, reason, not_before=not_before) for message_id in held],
        at,
        reason,
    )
    return len(held)
