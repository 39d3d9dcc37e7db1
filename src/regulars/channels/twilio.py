"""SMS through Twilio's Messages resource.

The `twilio` package has no type for a request (its `create` builds the same form as below and sends it at once), and
its clients are not for us (see `transport`); its webhook verifier is what we use it for.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from regulars import clock
from regulars.channels.contract import AddressVerdict, Answer, Outcome, Outgoing
from regulars.channels.objections import objection, refused
from regulars.channels.transport import Lost, Reply, Transport, outcome_of
from regulars.channels.turns import one_by_one

STATUS_PATH = "/hooks/twilio/status"
"""Where Twilio reports what became of a message, under `REGULARS_PUBLIC_URL`."""
VALIDITY = (1, 36_000)
"""Seconds Twilio may keep a message in its queue."""


@dataclass(frozen=True, slots=True)
class Code:
    """What one of Twilio's error codes means when a message is created."""

    outcome: Outcome
    meaning: str
    address: AddressVerdict = ""
    retry_after: float | None = None


CODES: dict[int, Code] = {
    20003: Code("config", "the credentials are wrong"),
    20429: Code("throttled", "too many requests"),
    21211: Code("rejected", "not a valid number", "unusable"),
    21212: Code("rejected", "the sender is not valid"),
    21408: Code("rejected", "this country is not enabled for the account"),
    21602: Code("rejected", "no text"),
    21604: Code("rejected", "no number"),
    21606: Code("rejected", "the sender cannot send SMS"),
    21610: Code("rejected", "the recipient has opted out", "opted-out"),
    21611: Code("throttled", "the sender's queue is full", retry_after=900.0),
    21612: Code("rejected", "the number cannot be reached from this sender"),
    21614: Code("rejected", "not a mobile number", "unusable"),
    21617: Code("rejected", "too long"),
    21635: Code("rejected", "not a mobile number", "unusable"),
}
"""Codes of a refused message. A code that is not here means what its HTTP status means."""

_SID = re.compile(r"[A-Z]{2}[0-9A-Za-z]{1,64}")


class Twilio:
    """The channel `twilio`. Twilio can list what it has created, so that a lost answer can be settled."""

    name = "twilio"
    batch = 1
    idempotency_key = False
    proof_of_absence = True

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        url: str,
        *,
        messaging_service_sid: str = "",
        sender: str = "",
        public_url: str = "",
        transport: Transport | None = None,
    ) -> None:
        """The sender is the messaging service, else `sender`, else the message's own. Opens nothing before `send`."""
        self._url = f"{url.rstrip('/')}/2010-04-01/Accounts/{quote(account_sid, safe='')}/Messages.json"
        credentials = base64.b64encode(f"{account_sid}:{auth_token}".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {credentials}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        self._service, self._sender, self._public_url = messaging_service_sid, sender, public_url
        self._transport = transport or Transport()

    async def send(self, messages: Sequence[Outgoing]) -> list[Answer]:
        """One request each, at most 32 at once. See `Channel.send`."""
        return await one_by_one(messages, self._ask, total=self._transport.total)

    async def close(self) -> None:
        """See `Channel.close`."""
        await self._transport.close()

    async def _ask(self, message: Outgoing, until: float) -> Answer:
        if reason := objection(message, "sms"):
            return refused(message, reason)
        sender = self._service or self._sender or message.sender
        if not sender:
            return Answer(
                message.message_id, "config", reason="no sender: neither a messaging service nor a number nor a name"
            )
        origin = {"MessagingServiceSid": sender} if self._service else {"From": sender}
        body = urlencode(origin | request(message, self._public_url)).encode()
        reply = await self._transport.post(self._url, headers=self._headers, body=body, until=until)
        return answer(message.message_id, reply)


def request(message: Outgoing, public_url: str = "") -> dict[str, str]:
    """The form of one message, without its sender."""
    asked = {"To": message.to, "Body": message.text}
    if public_url:
        asked["StatusCallback"] = status_callback(public_url, message)
    if message.valid_until:
        asked["ValidityPeriod"] = str(validity(message.valid_until))
    return asked


def status_callback(public_url: str, message: Outgoing) -> str:
    """Where Twilio reports. The query is part of what it signs; the fragment asks it for five tries instead of one."""
    ours = urlencode({"m": message.message_id, "a": message.attempt_id})
    return f"{public_url.rstrip('/')}{STATUS_PATH}?{ours}#rc=5&rp=all"


def validity(until: datetime) -> int:
    """Whole seconds Twilio may wait, so that nothing arrives after `until`, in the night for instance."""
    shortest, longest = VALIDITY
    return min(max(int((until - clock.now()).total_seconds()), shortest), longest)


def answer(message_id: str, reply: Reply | Lost) -> Answer:
    """What Twilio's reply says of the message. Its sentences stay out: they quote the number."""
    if isinstance(reply, Lost):
        return Answer(message_id, reply.outcome, reason=reply.reason)
    told = _told(reply.body)
    sid = told.get("sid")
    sid = sid if isinstance(sid, str) and _SID.fullmatch(sid) else ""
    if reply.status == 201 or (reply.status == 200 and sid):
        return Answer(message_id, "accepted", provider_id=sid, http_status=reply.status)
    number = told.get("code")
    number = number if isinstance(number, int) else 0
    code = CODES.get(number) if 400 <= reply.status < 500 else None
    outcome = code.outcome if code else outcome_of(reply.status)
    wait = reply.retry_after if outcome == "throttled" else None
    return Answer(
        message_id,
        outcome,
        http_status=reply.status,
        reason=f"twilio {number or reply.status}" + (f": {code.meaning}" if code else ""),
        retry_after=code.retry_after if code and wait is None else wait,
        address=code.address if code else "",
    )


def _told(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
