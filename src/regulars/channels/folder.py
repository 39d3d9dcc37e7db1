"""Messages as files: the default, the preview, and the reference for every other channel.

    FOLDER/2026-03-01/email/<message id>.eml      opens in any mail program
    FOLDER/2026-03-01/sms/<message id>.txt

Written beside and renamed, so that nobody ever reads half a letter; the same message writes the same file again. Files
are not forced to disk one by one: they are for looking at, and the ledger is what must survive a power cut.
"""

from __future__ import annotations

import asyncio
import base64
import os
import threading
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime, formataddr
from pathlib import Path

from regulars import clock
from regulars.channels.contract import Answer, Kind, Outgoing, Sighting, Sought
from regulars.channels.objections import mailbox, objection, refused

SUFFIX: dict[Kind, str] = {"email": "eml", "sms": "txt"}
MAIL_DOMAIN = "regulars.invalid"
"""Right side of Message-ID; `.invalid` belongs to nobody, for ever (RFC 2606)."""

_LONGEST_LINE = 998  # RFC 5322
_ENCODED_WORD = 39  # octets whose base64 leaves a header line under the 76 characters of RFC 2047


class Folder:
    """The channel `folder`."""

    name = "folder"
    batch = 1
    idempotency_key = True
    proof_of_absence = True

    def __init__(self, folder: Path) -> None:
        """`folder` is made when the first message is written."""
        self._folder = folder

    async def send(self, messages: Sequence[Outgoing]) -> list[Answer]:
        """Write each message. A full disk is `notsent`: nothing half-written stays. See `Channel.send`."""
        return await asyncio.to_thread(self._write_all, messages)

    async def seen(self, sought: Sequence[Sought]) -> dict[str, Sighting]:
        """Whether each message lies in the folder: it does whole, or not at all. See `ProvesAbsence.seen`."""
        return await asyncio.to_thread(self._look, sought)

    async def close(self) -> None:
        """Nothing is held open."""

    def _look(self, sought: Sequence[Sought]) -> dict[str, Sighting]:
        try:
            days = list(self._folder.iterdir()) if self._folder.exists() else []
            return {one.message.message_id: _sighted(days, one.message) for one in sought}
        except OSError:
            return {one.message.message_id: Sighting("unknown") for one in sought}

    def _write_all(self, messages: Sequence[Outgoing]) -> list[Answer]:
        now = clock.now()
        rooms = {kind: self._folder / now.date().isoformat() / kind for kind in SUFFIX}
        ready: set[Kind] = set()
        return [self._write(message, now, rooms[message.channel], ready) for message in messages]

    def _write(self, message: Outgoing, now: datetime, room: Path, ready: set[Kind]) -> Answer:
        if reason := objection(message, *SUFFIX):
            return refused(message, reason)
        content = letter(message, now) if message.channel == "email" else short_message(message)
        name = f"{message.message_id}.{SUFFIX[message.channel]}"
        try:
            if message.channel not in ready:
                room.mkdir(parents=True, exist_ok=True)
                ready.add(message.channel)
            write_whole(f"{room}{os.sep}", name, content)
        except OSError as error:
            return Answer(message.message_id, "notsent", reason=f"the folder cannot be written: {error.strerror}")
        return Answer(message.message_id, "accepted", provider_id=name)


def _sighted(days: Sequence[Path], message: Outgoing) -> Sighting:
    name = f"{message.message_id}.{SUFFIX[message.channel]}"
    found = any((day / message.channel / name).is_file() for day in days)
    return Sighting("sent", name) if found else Sighting("absent")


def letter(message: Outgoing, at: datetime) -> bytes:
    """The e-mail as RFC 5322 text: multipart/alternative, plain text first, UTF-8.

    Composed here: `email.message.EmailMessage` takes twenty times as long, and chooses another boundary each time, so
    that the same message would not be the same file.
    """
    boundary = _boundary(message)
    headers = {
        "From": _written_mailbox(message.sender),
        "To": _written_mailbox(message.to),
        **({"Reply-To": _written_mailbox(message.reply_to)} if message.reply_to else {}),
        "Subject": _written_words(message.subject),
        "Date": format_datetime(at),
        "Message-ID": f"<{message.message_id}@{MAIL_DOMAIN}>",
        **message.headers,
        "X-Regulars-Attempt": message.attempt_id,
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{boundary}"',
    }
    parts = (_part("plain", message.text), _part("html", message.html))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)
    body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f"{lines}\r\n{body}--{boundary}--\r\n".encode()


def short_message(message: Outgoing) -> bytes:
    """The SMS as text: who, from whom, an empty line, the words."""
    return f"To: {message.to}\nFrom: {message.sender}\n\n{message.text}\n".encode()


def _part(subtype: str, text: str) -> str:
    """One body part. As it is, readable in any editor, unless a line is too long for mail: then base64."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    octets = text.encode()
    as_it_is = len(octets) <= _LONGEST_LINE or max(map(len, octets.split(b"\r\n"))) <= _LONGEST_LINE
    encoding = "8bit" if as_it_is else "base64"
    body = text if as_it_is else base64.encodebytes(octets).decode().replace("\n", "\r\n")
    return f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}'


def _boundary(message: Outgoing) -> str:
    boundary = f"=_{message.message_id}"
    while boundary in message.html or boundary in message.text:
        boundary += "_"
    return boundary


def _written_mailbox(text: str) -> str:
    return formataddr(mailbox(text))


def _written_words(text: str) -> str:
    """A header's words: as they are, or in RFC 2047's `=?utf-8?b?…?=`, a line each, no character split."""
    if text.isascii() and len(text) < 200 and "=?" not in text and text == text.strip():
        return text
    pieces = [b""]
    for character in text:
        octets = character.encode()
        if len(pieces[-1]) + len(octets) > _ENCODED_WORD:
            pieces.append(b"")
        pieces[-1] += octets
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(piece).decode()}?=" for piece in pieces)


def write_whole(room: str, name: str, content: bytes) -> None:
    """Write `content` as the file `room` + `name`, whole or not at all; raises OSError."""
    draft = f"{room}.{name}.{os.getpid()}.{threading.get_ident()}"
    try:
        with open(draft, "wb") as file:  # noqa: PTH123  # pathlib doubles the cost of a small file
            file.write(content)
        os.replace(draft, room + name)  # noqa: PTH105  # the same
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
