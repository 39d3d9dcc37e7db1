"""SMS through Twilio's Messages resource.

The `twilio` package has no type for a request (its `create` builds the same form as below and sends it at once), and
its clients are not for us (see `transport`); its webhook verifier is what we use it for.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from regulars import clock
from regulars.channels.contract import Answer, Outgoing, Sighting, Sought
from regulars.channels.objections import objection, refused
from regulars.channels.transport import Lost, Reply, Transport, outcome_of
from regulars.channels.turns import AT_ONCE, one_by_one
from regulars.channels.twilio_books import PAGE, PAGES, Created, page_of, sightings
from regulars.channels.twilio_codes import CODES

STATUS_PATH = "/webhooks/twilio/status"
"""Where Twilio reports what became of a message, under `REGULARS_PUBLIC_URL`."""
VALIDITY = (1, 36_000)
"""Seconds Twilio may keep a message in its queue."""


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
        self._host, self._path = url.rstrip("/"), f"/2010-04-01/Accounts/{quote(account_sid, safe='')}/Messages.json"
        self._url = self._host + self._path
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

    async def seen(self, sought: Sequence[Sought]) -> dict[str, Sighting]:
        """What Twilio has created of these: a listing per number, at most 32 at once. See `ProvesAbsence.seen`."""
        until = asyncio.get_running_loop().time() + self._transport.total
        turns = asyncio.Semaphore(AT_ONCE)
        by_number: dict[str, list[Sought]] = {}
        for one in sought:
            by_number.setdefault(one.message.to, []).append(one)

        async def look(number: str, these: Sequence[Sought]) -> Mapping[str, Sighting]:
            async with turns:
                return sightings(these, await self._created(number, until))

        looked = await asyncio.gather(*(look(number, these) for number, these in by_number.items()))
        return {message_id: sighting for each in looked for message_id, sighting in each.items()}

    async def _created(self, number: str, until: float) -> list[Created] | None:
        """Everything Twilio has created for a number; None where that cannot be known."""
        created: list[Created] = []
        path = f"{self._path}?{urlencode({'To': number, 'PageSize': PAGE})}"
        for _ in range(PAGES):
            reply = await self._transport.get(self._host + path, headers=self._headers, until=until)
            page = page_of(reply.body) if isinstance(reply, Reply) and reply.status == 200 else None
            if page is None:
                return None
            created += page.messages
            path = page.following
            if not path:
                return created
            # The credentials travel with the question: only to where the first one went.
            if not path.startswith(f"{self._path}?"):
                return None
        return None

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
    ids = {"m": message.message_id, "a": message.attempt_id, "l": message.ledger_id, "k": message.same}
    ours = urlencode({name: value for name, value in ids.items() if value})
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
