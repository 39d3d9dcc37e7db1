"""Telling a system of the shop by webhook: one POST of JSON, signed as Standard Webhooks lays down.

    webhook-id         the same for the same notice, however often it is tried: the receiver drops repeats by it
    webhook-timestamp  seconds since 1970 when it was sent
    webhook-signature  `v1,` and base64 of HMAC-SHA256(secret, "ID.TIMESTAMP.BODY"); one for each secret, with a space
                       between

Not for customers: messages to them leave by the channels of `registry`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import orjson

from regulars import clock
from regulars.channels.contract import Answer, Outcome
from regulars.channels.folder import write_whole
from regulars.channels.transport import Lost, Transport, outcome_of
from regulars.errors import RegularsError
from regulars.settings import Settings

TOTAL = 10.0
"""Seconds for a whole request, the answer included."""
PREFIX = "whsec_"
LEAST_BYTES = 24
"""Of a secret, as Standard Webhooks asks for."""
MAKE_ONE = "python3 -c \"import base64, secrets; print('whsec_' + base64.b64encode(secrets.token_bytes(32)).decode())\""
NOT_TAKEN = {429, 503}
"""Statuses by which a server says that it has not taken the request, and to come again."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be told. `id` is the same whenever it is tried."""

    id: str
    content: Mapping[str, Any] = field(repr=False)


class Receiver(Protocol):
    """Takes notices, one request each."""

    async def send(self, notices: Sequence[Notice]) -> list[Answer]:
        """Ask once for each; an answer each, in their order. Raises nothing for what a server or a wire can do."""

    async def close(self) -> None:
        """Let go of the connections."""


class Webhook:
    """Posts to one address. Never repeats, follows no redirect, is over in `TOTAL` seconds."""

    def __init__(self, url: str, secrets: Sequence[bytes], transport: Transport | None = None) -> None:
        """`secrets`: each signs. Nothing is opened before the first `send`."""
        self._url, self._secrets = url, list(secrets)
        self._transport = transport or Transport(total=TOTAL)

    async def send(self, notices: Sequence[Notice]) -> list[Answer]:
        """See `Receiver.send`."""
        return [await self._post(notice) for notice in notices]

    async def close(self) -> None:
        """See `Receiver.close`."""
        await self._transport.close()

    async def _post(self, notice: Notice) -> Answer:
        body = orjson.dumps(dict(notice.content))
        until = asyncio.get_running_loop().time() + self._transport.total
        headers = {"Content-Type": "application/json", **signed(notice.id, body, self._secrets)}
        reply = await self._transport.post(self._url, headers=headers, body=body, until=until)
        if isinstance(reply, Lost):
            return Answer(notice.id, reply.outcome, reason=reply.reason)
        return Answer(notice.id, _outcome(reply.status), http_status=reply.status, reason=f"webhook {reply.status}")


class NoticeFolder:
    """Notices as files, where every message goes into the folder: `FOLDER/2026-03-01/webhook/ID.json`."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when the first notice is written."""
        self._folder = folder

    async def send(self, notices: Sequence[Notice]) -> list[Answer]:
        """See `Receiver.send`. A full disk is `notsent`."""
        return [self._write(notice) for notice in notices]

    async def close(self) -> None:
        """Nothing is held open."""

    def _write(self, notice: Notice) -> Answer:
        room = self._folder / clock.now().date().isoformat() / "webhook"
        try:
            room.mkdir(parents=True, exist_ok=True)
            write_whole(f"{room}/", f"{notice.id}.json", orjson.dumps(dict(notice.content), option=orjson.OPT_INDENT_2))
        except OSError as error:
            return Answer(notice.id, "notsent", reason=f"the folder cannot be written: {error.strerror}")
        return Answer(notice.id, "accepted")


def signed(name: str, body: bytes, secrets: Sequence[bytes]) -> dict[str, str]:
    """The three headers of a post of `body` under the id `name`, sent now."""
    at = str(int(clock.now().timestamp()))
    signatures = (hmac.digest(secret, f"{name}.{at}.".encode() + body, "sha256") for secret in secrets)
    written = " ".join("v1," + base64.b64encode(one).decode() for one in signatures)
    return {"webhook-id": name, "webhook-timestamp": at, "webhook-signature": written}


def receiver_for(name: str, settings: Settings, folder: Path) -> Receiver:
    """Who takes notices for `name`: its address in the environment, or files where all goes into the folder.

    Opens nothing. Raises RegularsError where the address or the secret is missing or cannot be one; its text holds
    neither.
    """
    if settings.channel == "folder":
        return NoticeFolder(folder)
    url, secret = (known.get(name) for known in (settings.tell_url, settings.tell_secret))
    address, key = f"REGULARS_TELL_URL_{name.upper()}", f"REGULARS_TELL_SECRET_{name.upper()}"
    if url is None or not url.get_secret_value():
        raise RegularsError(f"The webhook `{name}` has no address.", f"Set {address} and {key}.")
    _must_be_safe(url.get_secret_value(), address)
    if secret is None or not secret.get_secret_value():
        raise RegularsError(f"The webhook `{name}` has no secret to sign with.", f"Set {key}. A new one: {MAKE_ONE}")
    return Webhook(url.get_secret_value(), [_key(one, key) for one in secret.get_secret_value().split(",")])


def lacking(name: str, settings: Settings) -> RegularsError | None:
    """What keeps `name` from being told of anything; None: nothing."""
    try:
        receiver_for(name, settings, Path())
    except RegularsError as error:
        return error
    return None


def _outcome(status: int) -> Outcome:
    if 200 <= status < 300:
        return "accepted"
    return "throttled" if status in NOT_TAKEN else outcome_of(status)


def _must_be_safe(url: str, name: str) -> None:
    """Over TLS, or to this very machine."""
    parts = urlsplit(url) if re.fullmatch(r"[!-~]+", url) else None
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.fragment:
        raise RegularsError(f"{name} is not an address to post to.", "Write it like https://crm.example.com/answers.")
    if parts.scheme == "http" and not _is_here(parts.hostname):
        raise RegularsError(f"{name} would send answers in the clear.", "Write https:// instead of http://.")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _key(secret: str, name: str) -> bytes:
    written = secret.strip()
    try:
        key = base64.b64decode(written.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not written.startswith(PREFIX) or len(key) < LEAST_BYTES:
        raise RegularsError(
            f"{name} is not `whsec_` and the base64 of at least {LEAST_BYTES} bytes.", f"A new one: {MAKE_ONE}"
        )
    return key
