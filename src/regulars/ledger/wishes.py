"""What one reader of our messages wants: who they are by a message, what counts of what they said, and their next word.

For pages that people open from a message, one person at a time; `ledger.consent` asks the same of everybody at once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, and_, select
from sqlmodel import col

from regulars.ledger import consent, forgotten
from regulars.ledger.tables import ConsentRecord, Message, Suppression


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever a message was written to."""

    message_id: str
    customer_id: str
    campaign: str
    channel: str
    language: str
    address_hash: str
    sent_at: datetime | None
    """None where it has not been sent, or was taken back."""


@dataclass(slots=True)
class Standing:
    """What somebody said about one channel, as far as it counts. None: nothing was ever said."""

    general: bool | None = None
    topics: dict[str, bool] = field(default_factory=dict)
    """Topic → the last word about it by its name, where that still counts."""


def reader(connection: Connection, message_id: str) -> Reader | None:
    """Whoever the message was written to; None where the ledger does not know the message, or forgot its reader."""
    names = tuple(Reader.__dataclass_fields__)[1:]
    wanted = [getattr(Message, name) for name in names]
    found = connection.execute(select(*wanted).where(col(Message.id) == message_id)).first()
    if found is None or found.customer_id.startswith(forgotten.PSEUDONYM):
        return None
    return Reader(message_id, *found)


def standing(connection: Connection, customer_id: str) -> dict[str, Standing]:
    """Channel → what counts of what a customer said about it; only channels about which something was said."""
    said = ConsentRecord
    statement = (
        select(col(said.channel), col(said.topic), col(said.given))
        .where(col(said.customer_id) == customer_id)
        .order_by(col(said.at), col(said.id))
    )
    found: dict[str, Standing] = {}
    for channel, topic, given in connection.execute(statement):
        stands = found.setdefault(channel, Standing())
        if topic:
            stands.topics[topic] = given
        else:
            stands.general = given
            # A general word takes back every yes to a topic, and no no.
            stands.topics = {name: word for name, word in stands.topics.items() if not word}
    return found


def say(
    connection: Connection,
    customer_id: str,
    channel: str,
    at: datetime,
    *,
    given: bool,
    source: str,
    wording: str,
    topic: str = "",
) -> bool:
    """Write down what somebody says (see `consent.record`), unless it is what counts already; whether it was new."""
    stands = standing(connection, customer_id).get(channel, Standing())
    if topic:
        known = stands.topics.get(topic) is given
    else:
        # A no to everything is said anew where a topic was opened by its name since.
        known = stands.general is given and not (not given and any(stands.topics.values()))
    if known:
        return False
    consent.record(connection, customer_id, channel, at, given=given, source=source, wording=wording, topic=topic)
    return True


def suppressed(connection: Connection, customer_id: str, channels: Collection[str]) -> dict[str, str]:
    """Channel → why the address that a customer was last written to there is suppressed; only where it is."""
    of_address = and_(
        col(Suppression.address_hash) == col(Message.address_hash), col(Suppression.channel) == col(Message.channel)
    )
    found: dict[str, str] = {}
    for channel in channels:
        statement = (
            select(col(Suppression.reason))
            .select_from(Message)
            .outerjoin(Suppression, of_address)
            .where(col(Message.customer_id) == customer_id, col(Message.channel) == channel)
            .order_by(col(Message.sent_at).desc().nulls_last(), col(Message.id).desc())
            .limit(1)
        )
        if reason := connection.execute(statement).scalar():
            found[channel] = reason
    return found


def written_to(connection: Connection, customer_id: str, campaigns: Collection[str]) -> set[str]:
    """The channels on which a customer was sent anything by one of `campaigns`: there they had agreed."""
    statement = (
        select(col(Message.channel))
        .where(
            col(Message.customer_id) == customer_id,
            col(Message.sent_at).is_not(None),
            col(Message.campaign).in_(list(campaigns)),
        )
        .distinct()
    )
    return set(connection.execute(statement).scalars())
