"""One letter for many: the words they share once, with a tag wherever recipients differ, and what each has there.

A provider puts the values in by replacing text. What comes out must be each recipient's own letter byte for byte,
however it does that: once or twice, in any order, in the subject and the headers too. So a tag is found nowhere but
where it was put:

- its number is drawn for each request, and again if any letter, subject, header or address of the request has it;
- it begins with a sign and ends with another, and neither comes a second time in it: no end of a tag is the beginning
  of one, so a tag that is still there and the words beside it never make another one;
- all are equally long: none is the beginning of another.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import NamedTuple

from regulars.channels.contract import Outgoing, Parts

BEGIN, END = "-", "_"
"""Signs that mean nothing in HTML, in an address or in JSON."""
_DIGITS = 14
_PLACES = 4
WIDTH = len(BEGIN) + _DIGITS + _PLACES + len(END)
"""Characters of a tag: `-` 14 digits of the request, 4 of the place `_`. Digits have no capital forms."""


class Tagged(NamedTuple):
    """The letter with its tags, and for each recipient in turn tag → value."""

    html: str
    text: str
    values: list[dict[str, str]]


def tagged(messages: Sequence[Outgoing], draw: Callable[[int], int] = secrets.randbelow) -> Tagged:
    """The one letter of `messages`, which share the texts of their parts (`batches.requests`).

    What is the same for all of them becomes part of the letter; places where each recipient has the same value as at
    another place share a tag. `draw(n)` gives a random number below n.
    """
    mark = _mark(messages, draw)
    parts = [_parts(message) for message in messages]
    tags: dict[tuple[str, ...], str] = {}
    filled: list[str] = []
    for column in zip(*(html.holes + text.holes for html, text in parts), strict=True):
        if column == (column[0],) * len(column):
            filled.append(column[0])
        else:
            filled.append(tags.setdefault(column, f"{mark}{len(tags):0{_PLACES}d}{END}"))
    names = tuple(tags.values())
    values = [dict(zip(names, own, strict=True)) for own in zip(*tags, strict=True)] if tags else [{} for _ in parts]
    html, text = parts[0]
    count = len(html.holes)
    return Tagged(_put_together(html.texts, filled[:count]), _put_together(text.texts, filled[count:]), values)


def _mark(messages: Sequence[Outgoing], draw: Callable[[int], int]) -> str:
    """How all tags of a request begin: found in none of its letters."""
    while True:
        mark = f"{BEGIN}{draw(10**_DIGITS):0{_DIGITS}d}"
        if not any(mark in said for message in messages for said in _said(message)):
            return mark


def _said(message: Outgoing) -> tuple[str, ...]:
    """Everything of `message` that a provider could look for tags in."""
    return (
        message.html, message.text, message.subject, message.to, message.sender, message.reply_to,
        message.message_id, message.attempt_id, message.ledger_id, message.same,
        *message.headers, *message.headers.values(),
    )  # fmt: skip


def _parts(message: Outgoing) -> tuple[Parts, Parts]:
    if message.html_parts is None or message.text_parts is None:
        raise ValueError("a message that is not taken apart shares its request with nobody")
    return message.html_parts, message.text_parts


def _put_together(texts: Sequence[str], holes: Sequence[str]) -> str:
    # By `join`: holes may be Markup, whose `+` escapes what is beside it.
    pieces = [""] * (len(texts) + len(holes))
    pieces[::2], pieces[1::2] = texts, holes
    return "".join(pieces)
