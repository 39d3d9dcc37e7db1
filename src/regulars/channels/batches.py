"""Which messages travel in one request: those that say the same, each with words of its own in the same places.

The limits are SendGrid's, read strictly (`sendgrid`); a channel that carries one message per request needs none of it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from regulars.channels.contract import Outgoing, Parts
from regulars.channels.objections import mailbox
from regulars.channels.tags import WIDTH

HOLES = 9_500
"""Bytes of what is one recipient's own, names of the tags included. SendGrid's description allows 10,000."""
REQUEST = 20_000_000
"""Bytes of a request. SendGrid takes 30 MB; one old page of it says 20."""

_QUOTES = 2
_TAG = WIDTH + 6  # `"TAG":"…",`
_PERSON = 400  # the names and signs around one recipient's values, and our four ids
_LETTER = 2_000  # the same around the letter, and the sender


def requests(messages: Sequence[Outgoing], most: int, companies: Mapping[str, int]) -> list[list[Outgoing]]:
    """Deal `messages` out to requests of at most `most`; each message once, in the order of their first messages.

    Those that share one have everything in common that a request says once: the sender, the reply-to, and the texts of
    `html_parts` and `text_parts`. No address is twice in one. `companies`: message id → how many may share a request
    with it, itself included; absent or 0: as many as there are. A message whose parts are None, or not those of its
    words, goes alone; so does one with more than `HOLES` bytes of its own.

    Takes a few microseconds per message, whatever their order.
    """
    filling: dict[Hashable, _Request] = {}
    made: list[_Request] = []
    for message in messages:
        room = min(most, companies.get(message.message_id) or most)
        own = _own_bytes(message) if room > 1 else None
        if own is None or own > HOLES:
            made.append(_Request(1, 0, [message]))
            continue
        address, size = _address(message), own + _around(message)
        shared = _shared(message)
        # Messages that were told to keep small company keep it among themselves: they must not split the others.
        key = (room, *shared)
        request = filling.get(key)
        if request is None or not request.takes(address, size):
            request = filling[key] = _Request(room, _LETTER + _bytes(message.html, message.text))
            made.append(request)
        request.add(message, address, size)
    return [request.messages for request in made]


@dataclass(slots=True)
class _Request:
    """One request that is being filled."""

    room: int
    size: int
    messages: list[Outgoing] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)

    def takes(self, address: str, size: int) -> bool:
        return len(self.messages) < self.room and address not in self.addresses and self.size + size < REQUEST

    def add(self, message: Outgoing, address: str, size: int) -> None:
        self.messages.append(message)
        self.addresses.add(address)
        self.size += size


def _shared(message: Outgoing) -> tuple[Hashable, ...]:
    """What a request says once."""
    html, text = message.html_parts, message.text_parts
    return message.channel, message.sender, message.reply_to, html and html.texts, text and text.texts


def _own_bytes(message: Outgoing) -> int | None:
    """What the substitutions of `message` take at most; None where it has none that could be trusted."""
    html, text = message.html_parts, message.text_parts
    if html is None or text is None or not (_is(html, message.html) and _is(text, message.text)):
        return None
    return _bytes(*html.holes, *text.holes) + _TAG * (len(html.holes) + len(text.holes))


def _is(parts: Parts, whole: str) -> bool:
    """Whether the parts are those of `whole`: a changed message must not take its old words along."""
    texts, holes = parts
    if len(texts) != len(holes) + 1:
        return False
    pieces = [""] * (len(texts) + len(holes))
    pieces[::2], pieces[1::2] = texts, holes
    return "".join(pieces) == whole


def _around(message: Outgoing) -> int:
    return _PERSON + _bytes(message.to, message.subject, *message.headers, *message.headers.values())


def _bytes(*texts: str) -> int:
    """Bytes of `texts` in JSON, without their quotation marks; too many for any request where they are not Unicode."""
    try:
        return len(orjson.dumps("".join(texts))) - _QUOTES
    except TypeError:
        return REQUEST


def _address(message: Outgoing) -> str:
    return (mailbox(message.to)[1] if "<" in message.to else message.to).strip().casefold()
