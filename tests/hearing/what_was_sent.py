"""Messages that went out, and what providers tell about them: rows laid straight into a ledger, posts as they come."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from sqlalchemy import select
from sqlmodel import col

from regulars.campaigns import hearing
from regulars.channels import sendgrid_events
from regulars.ledger import bulk, consent, ids
from regulars.ledger.inbox import Inbox, Post
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Attempt, ConsentRecord, Event, Message, Stray, Suppression, Tally, Transition

NOW = datetime(2026, 8, 27, 7, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Letter:
    """A message that went out."""

    id: str
    attempt: str
    address: str
    ledger: str
    customer: str
    campaign: str = "winback"
    state: str = "sending"
    planned_again: bool = False


def lay(
    ledger: Ledger,
    n: int = 1,
    *,
    state: str = "sending",
    channel: str = "email",
    campaign: str = "winback",
    addresses: Sequence[str] = (),
    customers: Sequence[str] = (),
    planned_again: bool = False,
) -> list[Letter]:
    """`n` messages in `state`, carried by one attempt, of which the ledger keeps the intent."""
    drawn = ids.draw(n).to_pylist()
    where = list(addresses) or [
        f"person.{each[-9:]}@example.com" if channel == "email" else f"+4070{int(each[-6:], 16) % 10**7:07d}"
        for each in drawn
    ]
    whose = list(customers) or [f"c-{each[-9:]}" for each in drawn]
    attempt, own = ids.one(), ledger.salt("ledger")
    letters = [
        Letter(each, attempt, address, own, who, campaign, state, planned_again)
        for each, address, who in zip(drawn, where, whose, strict=True)
    ]
    commit(ledger, letters, channel)
    return letters


def commit(ledger: Ledger, letters: Sequence[Letter], channel: str = "email") -> None:
    """The rows of letters, and of the attempts that carried them."""
    salt, n = ledger.salt("addresses"), len(letters)
    same = {"name": "first", "channel": channel, "language": "ro", "template": "winback/first"}
    same |= {"template_hash": "", "context": "{}", "local_day": "2026-08-27"}
    columns: dict[str, Any] = {name: [value] * n for name, value in same.items()}
    columns |= {name: [letter.id for letter in letters] for name in ("id", "enrolment_id")}
    columns |= {name: [getattr(letter, name) for letter in letters] for name in ("address", "campaign", "state")}
    columns["customer_id"] = [letter.customer for letter in letters]
    columns["attempt_id"] = ["" if letter.planned_again else letter.attempt for letter in letters]
    columns["address_hash"] = [consent.address_hash(salt, letter.address) for letter in letters]
    columns |= {name: [NOW] * n for name in ("due_at", "not_before")} | {"expires_at": [NOW + timedelta(days=9)] * n}
    moves = {"message_id": columns["id"], "before": ["claimed"] * n, "after": ["sending"] * n, "at": [NOW] * n}
    moves |= {"cause": ["intent"] * n, "attempt_id": [letter.attempt for letter in letters]}
    attempts = sorted({letter.attempt for letter in letters})
    requests = {"id": attempts, "started_at": [NOW] * len(attempts), "lease_until": [NOW] * len(attempts)}
    requests |= {
        name: [value] * len(attempts) for name, value in (("channel", channel), ("worker", "w"), ("messages", n))
    }
    with ledger.writing() as connection:
        bulk.insert(connection, Attempt, pa.table(requests))
        bulk.insert(connection, Message, pa.table(columns))
        bulk.insert(connection, Transition, pa.table(moves))


def event(letter: Letter, word: str, after: float = 60, **more: Any) -> dict[str, Any]:
    """What SendGrid says of a letter, so many seconds after it was sent."""
    told = {"email": letter.address, "timestamp": int(NOW.timestamp() + after), "event": word, "sg_event_id": ids.one()}
    told |= {"sg_message_id": "14c5d75ce93.dfd.64b469.filter0001", "regulars_mid": letter.id}
    return told | {"regulars_att": letter.attempt, "regulars_led": letter.ledger, "regulars_key": "k1"} | more


def post(*events: dict[str, Any]) -> Post:
    """A post of SendGrid that was found genuine."""
    body = json.dumps(list(events)).encode() + b"\r\n"
    return Post("sendgrid", sendgrid_events.digest(body), body)


def hear(ledger: Ledger, inbox: Inbox, *events: dict[str, Any]) -> hearing.Heard:
    """Keep a post with these events and expand it."""
    inbox.keep([post(*events)])
    return hearing.expand_all(ledger, inbox)


def states(ledger: Ledger, letters: Iterable[Letter]) -> list[str]:
    """The state of each."""
    with ledger.reading() as connection:
        found = dict(connection.execute(select(col(Message.id), col(Message.state))).all())
    return [found[letter.id] for letter in letters]


def suppressed(ledger: Ledger) -> dict[tuple[str, str], str]:
    """(address hash, channel) → reason."""
    statement = select(col(Suppression.address_hash), col(Suppression.channel), col(Suppression.reason))
    with ledger.reading() as connection:
        return {(address, channel): reason for address, channel, reason in connection.execute(statement)}


def reason(ledger: Ledger, letter: Letter, channel: str = "email") -> str:
    """Why an address is suppressed; empty where it is not."""
    key = consent.address_hash(ledger.salt("addresses"), letter.address), channel
    return suppressed(ledger).get(key, "")


def strays(ledger: Ledger) -> list[str]:
    """Why events strayed."""
    with ledger.reading() as connection:
        return sorted(connection.execute(select(col(Stray.why))).scalars())


def everything(ledger: Ledger) -> dict[str, Any]:
    """What a ledger believes in the end: states, events, suppressions, words of consent, tallies, strays."""
    with ledger.reading() as connection:

        def rows(*columns: Any) -> list[tuple[Any, ...]]:
            return sorted(tuple(row) for row in connection.execute(select(*map(col, columns))))

        return {
            "states": rows(Message.id, Message.state, Message.attempt_id, Message.sent_at),
            "events": rows(Event.key, Event.message_id, Event.kind, Event.at, Event.machine, Event.verdict),
            "suppressed": rows(Suppression.address_hash, Suppression.channel, Suppression.reason, Suppression.at),
            "consent": rows(ConsentRecord.id, ConsentRecord.customer_id, ConsentRecord.given, ConsentRecord.at),
            "tallies": rows(Tally.campaign, Tally.kind, Tally.n),
            "strays": rows(Stray.key, Stray.why),
        }
