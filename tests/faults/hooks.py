"""What the fake provider reports: signed posts as SendGrid and Twilio make them, late, repeated and out of order."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from faults.books import Taken
from faults.letters import ACCOUNT, TOKEN

CHUNK = 500
"""Events in one post of SendGrid's."""


@dataclass(frozen=True, slots=True)
class Post:
    """One call of a webhook. `path` is filled for Twilio, whose reports go where each message said."""

    provider: str
    headers: dict[str, str]
    body: bytes
    url: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON can carry it."""
        body = self.body.decode("latin-1")
        return {"provider": self.provider, "headers": self.headers, "body": body, "url": self.url}


@dataclass(slots=True)
class Habits:
    """How events are told. `copies`: how often each, at least and at most."""

    seed: int = 1
    copies: tuple[int, int] = (1, 1)
    shuffle: bool = False
    bounces: float = 0.0
    complaints: float = 0.0
    opens: float = 0.3
    clicks: float = 0.1
    chunk: int = CHUNK
    only: list[str] | None = None
    """Message ids; None: all of them."""
    _random: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)


class Signer:
    """The provider's key. `public` is what the shop is given: base64 DER, as SendGrid shows it."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.public = base64.b64encode(self._key.public_key().public_bytes(*form)).decode()

    def sendgrid(self, body: bytes, at: float | None = None) -> dict[str, str]:
        """The headers of a signed post."""
        stamp = str(int(time.time() if at is None else at))
        signature = self._key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            "Content-Type": "application/json",
            "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        }

    @staticmethod
    def twilio(url: str, form: dict[str, str]) -> dict[str, str]:
        """The same of Twilio's, over the public address and the sorted form."""
        said = url + "".join(f"{name}{value}" for name, value in sorted(form.items()))
        digest = hmac.new(TOKEN.encode(), said.encode(), hashlib.sha1).digest()
        kind = "application/x-www-form-urlencoded"
        return {"Content-Type": kind, "X-Twilio-Signature": base64.b64encode(digest).decode()}


def posts(taken: Iterable[Taken], signer: Signer, habits: Habits) -> Iterator[Post]:
    """All that there is to tell about these messages, as posts."""
    chosen = None if habits.only is None else set(habits.only)
    mine = [one for one in taken if chosen is None or one.ours.get("mid") in chosen]
    yield from _sendgrid([one for one in mine if not one.sid], signer, habits)
    yield from _twilio([one for one in mine if one.sid], signer, habits)


def _sendgrid(taken: list[Taken], signer: Signer, habits: Habits) -> Iterator[Post]:
    events = [copy for one in taken for event in _events(one, habits) for copy in _copies(event, habits)]
    if habits.shuffle:
        habits._random.shuffle(events)
    for start in range(0, len(events), habits.chunk):
        body = json.dumps(events[start : start + habits.chunk]).encode() + b"\r\n"
        yield Post("sendgrid", signer.sendgrid(body), body)


def _events(one: Taken, habits: Habits) -> Iterator[dict[str, Any]]:
    draw, at = random.Random(one.ours.get("mid", "")), int(one.at)
    ours = {f"regulars_{name}": value for name, value in one.ours.items() if value}
    shared = {"email": one.to, "sg_message_id": f"{one.request}.filter0001.1.2-0", **ours}
    smtp = {"smtp-id": f"<{one.request}@ismtpd>"}
    yield {**shared, **smtp, "event": "processed", "timestamp": at + 1}
    if draw.random() < habits.bounces:
        yield {**shared, **smtp, "event": "bounce", "type": "bounce", "status": "5.1.1", "timestamp": at + 2}
        return
    yield {**shared, **smtp, "event": "delivered", "response": "250 OK", "timestamp": at + 3}
    if draw.random() < habits.complaints:
        yield {**shared, "event": "spamreport", "timestamp": at + 90}
    elif draw.random() < habits.opens:
        yield {**shared, "event": "open", "useragent": "Mozilla/5.0", "ip": "192.0.2.1", "timestamp": at + 60}
        if draw.random() < habits.clicks / max(habits.opens, 0.01):
            link = {"url": "https://casaverde.example/", "url_offset": {"index": 0, "type": "html"}}
            yield {**shared, **link, "event": "click", "useragent": "Mozilla/5.0", "timestamp": at + 75}


def _copies(event: dict[str, Any], habits: Habits) -> Iterator[dict[str, Any]]:
    """The same event several times; each copy with an id of its own, as seen in the field."""
    for _ in range(habits._random.randint(*habits.copies)):
        yield {**event, "sg_event_id": secrets.token_urlsafe(16)}


def _twilio(taken: list[Taken], signer: Signer, habits: Habits) -> Iterator[Post]:
    told = [(one, status) for one in taken if one.callback for status in ("queued", "sent", "delivered")]
    told = [pair for pair in told for _ in range(habits._random.randint(*habits.copies))]
    if habits.shuffle:
        habits._random.shuffle(told)
    for one, status in told:
        form = {"AccountSid": ACCOUNT, "MessageSid": one.sid, "SmsSid": one.sid, "To": one.to}
        form |= {"MessageStatus": status, "SmsStatus": status, "ApiVersion": "2010-04-01"}
        yield Post("twilio", signer.twilio(one.callback, form), _encoded(form), one.callback)


def _encoded(form: dict[str, str]) -> bytes:
    from urllib.parse import urlencode

    return urlencode(form).encode()
