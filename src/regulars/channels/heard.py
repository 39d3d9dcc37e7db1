"""What providers tell, in one form: each event of a post as plain data, whoever told it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple

Kind = Literal[
    "accepted",  # the provider has it
    "deferred",  # the other side asked to be tried later
    "delivered",
    "opened",
    "clicked",
    "dropped",  # the provider gave up before trying
    "bounced",
    "failed",
    "complained",  # the reader called it spam
    "unsubscribed",  # the reader said no at the provider's, or wrote STOP
    "resubscribed",
]

Verdict = Literal["", "bounced", "unusable", "soft", "complaint", "opted-out", "opted-in", "filtered", "config"]
"""What an event says beyond its message:

- `bounced`, `unusable`: nothing ever arrives at this address;
- `soft`: nothing arrived now; an address of which this is said three times in 30 days is as good as `unusable`;
- `complaint`, `opted-out`, `opted-in`: what its owner said;
- `filtered`: a carrier took it for spam;
- `config`: the account or the sender is not fit to send.
"""

_ID = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"[0-9A-Za-z._:-]{1,128}")
EARLIEST = int(datetime(2010, 1, 1, tzinfo=UTC).timestamp())
LATEST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())


class Told(NamedTuple):
    """One event. Its texts are ours or ids, never the provider's sentences; its `repr` names no person."""

    key: str
    """The same for every delivery of the event."""
    provider: str
    kind: Kind
    at: datetime
    message_id: str = ""
    """Empty where the event names no message of ours: then it is an answer to us (STOP), or another system's."""
    attempt_id: str = ""
    ledger_id: str = ""
    same: str = ""
    address: str = ""
    link: str = ""
    """A hash of the link that was clicked."""
    machine: bool = False
    """An open or click that by itself shows that no person made it."""
    verdict: Verdict = ""
    detail: str = ""
    """Why, in a word or a code."""
    provider_id: str = ""

    def __repr__(self) -> str:
        """Without the address."""
        return f"Told({self.provider} {self.kind} {self.message_id} {self.at})"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a post holds: its events, and how many entries are nobody's business of ours, or cannot be read."""

    events: tuple[Told, ...]
    foreign: int = 0
    unreadable: int = 0


def key_of(provider: str, *parts: object) -> str:
    """The key of an event: what makes it one, whatever the provider numbers it."""
    return hashlib.sha256("\0".join((provider, *map(str, parts))).encode("utf-8", "backslashreplace")).hexdigest()


def link_of(url: object) -> str:
    """A link, so that it can be told apart and not read."""
    return hashlib.sha256(url.encode("utf-8", "backslashreplace")).hexdigest()[:16] if isinstance(url, str) else ""


def an_id(value: object) -> str:
    """`value` if it is an id as we make them; else empty. What goes into the ledger is nobody's free text."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def a_name(value: object) -> str:
    """`value` if it is a plain word of a provider or a key of ours; else empty."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) else ""


def an_address(value: object) -> str:
    """`value` if it can be an e-mail address or a number; else empty."""
    if not isinstance(value, str) or len(value) > 320:
        return ""
    try:
        value.encode()
    except UnicodeEncodeError:
        return ""
    return value


def moment_of(seconds: object) -> datetime | None:
    """Seconds since 1970 as a moment; None for what cannot be one."""
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return None
    if not EARLIEST <= seconds < LATEST:
        return None
    return datetime.fromtimestamp(seconds, UTC)
