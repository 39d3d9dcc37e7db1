"""What no provider should ever be asked: found before the wire, the same for every channel.

The providers' own descriptions let most of this through (a missing subject, a number that is not E.164, 1,601
characters), and the folder, which has no provider behind it, must refuse what a live channel would.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from regulars.channels.contract import Answer, Kind, Outgoing

SMS_CHARACTERS = 1600
"""The longest body Twilio takes; said in its prose only."""

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_MAILBOX = re.compile(r"\s*(?:\"?(?P<name>[^<>\"]*?)\"?\s*<(?P<inside>[^<>]*)>|(?P<bare>[^<>]*))\s*")
_ADDRESS = re.compile(r"[0-9A-Za-z.!#$%&'*+/=?^_`{|}~-]{1,64}@[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)+")
_HEADER_NAME = re.compile(r"[!-9;-~]+")
_LINE_BREAK = re.compile(r"[\r\n\0]")
_HEADER_LENGTH = 900

RESERVED_HEADERS = frozenset({
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "mime-version",
    "to", "from", "subject", "reply-to", "cc", "bcc", "date", "message-id",
})  # fmt: skip
"""Headers that belong to the channel or to the provider; in lower case."""


def mailbox(text: str) -> tuple[str, str]:
    """Name and address of `Casa Verde <salut@casaverde.example>` or of a bare address; empty texts if it is neither."""
    found = None if len(text) > 400 or _LINE_BREAK.search(text) else _MAILBOX.fullmatch(text)
    if not found:
        return "", ""
    address = (found["inside"] or found["bare"] or "").strip()
    if len(address) > 254 or not _ADDRESS.fullmatch(address):
        return "", ""
    return (found["name"] or "").strip(), address


def objection(message: Outgoing, *kinds: Kind) -> str:
    """Why a channel for `kinds` cannot send `message`, in words without personal text; empty where it can."""
    if message.channel not in kinds:
        return f"this channel does not take {message.channel}"
    if not _ID.fullmatch(message.message_id) or not _ID.fullmatch(message.attempt_id):
        return "its id is not an id"
    parts = (message.to, message.subject, message.html, message.text, message.sender, message.reply_to)
    if any(not part.isascii() and _has_half_characters(part) for part in parts):
        return "its text is not Unicode"
    for sentence, holds in _OBJECTIONS[message.channel]:
        if holds(message):
            return sentence
    return ""


def refused(message: Outgoing, reason: str) -> Answer:
    """The answer for a message that never left because of what it is."""
    return Answer(message.message_id, "rejected", reason=reason)


@lru_cache(maxsize=256)
def _house(text: str) -> str:
    """The address of a mailbox of the shop's own, which thousands of messages share."""
    return mailbox(text)[1]


@lru_cache(maxsize=256)
def _may_be_set(name: str) -> bool:
    return bool(_HEADER_NAME.fullmatch(name)) and name.lower() not in RESERVED_HEADERS


_Objection = tuple[str, Callable[[Outgoing], bool]]

_EMAIL: list[_Objection] = [
    ("its address is not an e-mail address", lambda m: not mailbox(m.to)[1]),
    ("its sender is not an e-mail address", lambda m: not _house(m.sender)),
    ("its reply-to is not an e-mail address", lambda m: bool(m.reply_to) and not _house(m.reply_to)),
    ("its subject is empty", lambda m: not m.subject or m.subject.isspace()),
    ("its subject has more than one line", lambda m: bool(_LINE_BREAK.search(m.subject))),
    ("it has no HTML", lambda m: not m.html or m.html.isspace()),
    ("it has no plain text", lambda m: not m.text or m.text.isspace()),
    ("a header of it cannot be set", lambda m: not all(map(_may_be_set, m.headers))),
    ("a header of it is not one short line of ASCII", lambda m: not all(map(_is_header_value, m.headers.values()))),
]
_SMS: list[_Objection] = [
    ("its number is not E.164", lambda m: not _E164.fullmatch(m.to)),
    ("its sender has more than one line", lambda m: bool(_LINE_BREAK.search(m.sender))),
    ("it has no text", lambda m: not m.text.strip()),
    (f"it is longer than {SMS_CHARACTERS} characters", lambda m: len(m.text) > SMS_CHARACTERS),
]
_OBJECTIONS: dict[Kind, list[_Objection]] = {"email": _EMAIL, "sms": _SMS}


def _is_header_value(value: str) -> bool:
    return value.isascii() and len(value) <= _HEADER_LENGTH and not _LINE_BREAK.search(value)


def _has_half_characters(text: str) -> bool:
    """Whether a surrogate stands alone: such text has no UTF-8."""
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
