"""What was heard: posts of providers out of the inbox, expanded into events of the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from regulars import clock
from regulars.channels import sendgrid_events, twilio_callbacks
from regulars.channels.heard import Reading, Told
from regulars.ledger import clicks, consent, events, intake, strays
from regulars.ledger.events import News
from regulars.ledger.inbox import CURSOR, Inbox, Kept
from regulars.ledger.intake import Taken
from regulars.ledger.store import Ledger

if TYPE_CHECKING:
    from regulars.campaigns.desk import Desk

POSTS, EVENTS = 500, 5_000
"""A chunk, one transaction, holds at most so many posts, and stops reading posts at so many events."""
KEPT = timedelta(days=3)
"""How long posts stay in the inbox: they hold addresses, and an older copy of the ledger may want them again."""


@dataclass(slots=True)
class Heard:
    """What one round of expanding came to."""

    posts: int = 0
    events: int = 0
    """Entries of those posts that are about us."""
    new: int = 0
    """Events that the ledger had not got."""
    risen: int = 0
    """Messages whose state rose."""
    strays: int = 0
    addresses: int = 0
    """Addresses of which something was said: suppressed, or opened again."""
    foreign: int = 0
    """Entries of other systems' mail, or about nothing of ours."""
    unreadable: int = 0
    halted: list[str] = field(default_factory=list)
    """Scopes (`campaign winback`, `channel sms`, `ledger`) that were halted by it."""
    warnings: list[str] = field(default_factory=list)
    """Sentences about campaigns to look at."""

    def add(self, taken: Taken) -> None:
        """Add what a chunk came to."""
        self.new += taken.new
        self.risen += taken.risen
        self.strays += taken.strays
        self.addresses += taken.addresses
        self.halted += taken.halted
        self.warnings += taken.warnings


def expand(desk: Desk) -> Heard:
    """Expand all that waits in the inbox of the desk's ledger; call it before sending. Cheap where nothing waits."""
    inbox = Inbox.beside(desk.ledger)
    if inbox is None:
        return Heard()
    with inbox:
        return expand_all(desk.ledger, inbox)


def expand_all(ledger: Ledger, inbox: Inbox) -> Heard:
    """The same with the inbox at hand. Any number of processes may do it at once: each post is expanded by one."""
    heard = Heard()
    while _chunk(ledger, inbox, heard):
        pass
    _come_home(ledger, heard)
    _judge(ledger)
    return heard


def tidy(ledger: Ledger, inbox: Inbox) -> int:
    """Throw away posts and strays that are old enough; how many posts. Once an hour is plenty."""
    at = clock.now()
    with ledger.reading() as connection:
        position = intake.position(connection, CURSOR)
    with ledger.writing() as connection:
        strays.purge(connection, at)
    return inbox.purge(at - KEPT, position)


def backlog(ledger: Ledger, inbox: Inbox) -> int:
    """How many posts wait to be expanded."""
    with ledger.reading() as connection:
        position = intake.position(connection, CURSOR)
    return inbox.backlog(position)


def _chunk(ledger: Ledger, inbox: Inbox, heard: Heard) -> bool:
    """Expand the next posts in one transaction; False when none wait."""
    with ledger.reading() as connection:
        position = intake.position(connection, CURSOR)
    posts, readings = _readings(inbox.unread(position, POSTS))
    if not posts:
        return False
    salt, own = ledger.salt("addresses"), ledger.salt("ledger")
    news = [item for post, reading in zip(posts, readings, strict=True) for item in _news(post, reading, salt)]
    with ledger.writing() as connection:
        if not intake.advance(connection, CURSOR, position, posts[-1].id):
            return True  # another process was first: these posts are done
        taken = intake.take(connection, news, own, clock.now())
    heard.add(taken)
    heard.posts += len(posts)
    heard.events += len(news)
    heard.foreign += sum(reading.foreign for reading in readings)
    heard.unreadable += sum(reading.unreadable for reading in readings)
    return True


def _readings(posts: Sequence[Kept]) -> tuple[list[Kept], list[Reading]]:
    """As many posts, read, as make a chunk."""
    taken: list[Kept] = []
    readings: list[Reading] = []
    number = 0
    for post in posts:
        reading = _read(post)
        taken.append(post)
        readings.append(reading)
        number += len(reading.events)
        if number >= EVENTS:
            break
    return taken, readings


def _read(post: Kept) -> Reading:
    try:
        match post.provider:
            case "sendgrid":
                return sendgrid_events.read(post.body)
            case "twilio-status":
                return twilio_callbacks.read_status(post.body, post.told, post.received_at)
            case "twilio-inbound":
                return twilio_callbacks.read_inbound(post.body, post.received_at)
    except (ValueError, RecursionError, LookupError, TypeError):
        pass
    # What cannot be read must not stand in the way of what comes behind it.
    return Reading((), unreadable=1)


def _news(post: Kept, reading: Reading, salt: str) -> Iterator[News]:
    for told in reading.events:
        yield News(
            key=told.key,
            provider=told.provider,
            message_id=told.message_id,
            kind=told.kind,
            at=told.at,
            detail=told.detail,
            attempt_id=told.attempt_id,
            machine=told.machine or told.kind == "clicked",
            verdict=events.UNJUDGED if _waits(told) else told.verdict,
            link=told.link,
            provider_id=told.provider_id,
            received_at=post.received_at,
            address_hash=_hash(salt, told.address),
            ledger_id=told.ledger_id,
            same=told.same,
        )


def _waits(told: Told) -> bool:
    """Whether only its neighbours can show who made a click."""
    return told.kind == "clicked" and not told.machine


@lru_cache(maxsize=10_000)
def _hash(salt: str, address: str) -> str:
    return consent.address_hash(salt, address)


def _come_home(ledger: Ledger, heard: Heard) -> None:
    """Strays whose message is known by now are taken in."""
    with ledger.reading() as connection:
        if not strays.arrived(connection):
            return
    own = ledger.salt("ledger")
    with ledger.writing() as connection:
        found = strays.arrived(connection)
        strays.forget(connection, [item.key for item in found])
        heard.add(intake.take(connection, found, own, clock.now()))


def _judge(ledger: Ledger) -> None:
    """Clicks that have waited long enough are told apart."""
    at = clock.now()
    with ledger.reading() as connection:
        waiting = clicks.waiting(connection, at)
    if waiting:
        with ledger.writing() as connection:
            clicks.judge(connection, waiting, at)
