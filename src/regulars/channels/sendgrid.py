"""E-mail through SendGrid's v3 Mail Send.

The request is built from the `sendgrid` package's own types and checked against SendGrid's OpenAPI description in the
tests. It travels through our transport, never through the package's client (see `transport`).
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from typing import Any

from regulars.channels.contract import Answer, Outgoing
from regulars.channels.objections import mailbox, objection, refused
from regulars.channels.transport import Lost, Reply, Transport, outcome_of
from regulars.channels.turns import one_by_one

PATH = "/v3/mail/send"
MESSAGE_ARG = "regulars_mid"
"""Our id of the message among the custom arguments; SendGrid copies them to the top level of each event."""
ATTEMPT_ARG = "regulars_att"
ACCEPTED = {200, 202}
"""202: will be tried. 200: in sandbox mode, valid."""

_FIELD = re.compile(r"[\w.\[\]-]{1,80}")


class SendGrid:
    """The channel `sendgrid`. One message per request: a request is what a lost answer makes ambiguous."""

    name = "sendgrid"
    batch = 1
    idempotency_key = False
    proof_of_absence = False

    def __init__(self, api_key: str, url: str, transport: Transport | None = None) -> None:
        """`url` is the host without a path. Nothing is opened before the first `send`."""
        self._url = url.rstrip("/") + PATH
        self._headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        self._transport = transport or Transport()
        # The package's client, should anybody use it in this process, prints the key and the whole letter at DEBUG.
        logging.getLogger("python_http_client").setLevel(logging.WARNING)

    async def send(self, messages: Sequence[Outgoing]) -> list[Answer]:
        """One request each, at most 32 at once. See `Channel.send`."""
        return await one_by_one(messages, self._ask, total=self._transport.total)

    async def close(self) -> None:
        """See `Channel.close`."""
        await self._transport.close()

    async def _ask(self, message: Outgoing, until: float) -> Answer:
        if reason := objection(message, "email"):
            return refused(message, reason)
        body = json.dumps(request(message), ensure_ascii=False).encode()
        reply = await self._transport.post(self._url, headers=self._headers, body=body, until=until)
        return answer(message.message_id, reply)


def request(message: Outgoing) -> dict[str, Any]:
    """The JSON of Mail Send for one message.

    What differs between recipients stands in the personalization, so that many can share a request one day. The
    headers of unsubscribing are ours alone: SendGrid's own subscription tracking would write them a second time.
    """
    from sendgrid.helpers import mail

    name, address = mailbox(message.sender)
    letter = mail.Mail()
    letter.from_email = mail.From(address, name or None)
    if message.reply_to:
        reply_name, reply_address = mailbox(message.reply_to)
        letter.reply_to = mail.ReplyTo(reply_address, reply_name or None)
    to = mail.Personalization()
    to.add_to(mail.To(mailbox(message.to)[1]))
    to.subject = message.subject
    for header, value in message.headers.items():
        to.add_header(mail.Header(header, value))
    to.add_custom_arg(mail.CustomArg(MESSAGE_ARG, message.message_id))
    to.add_custom_arg(mail.CustomArg(ATTEMPT_ARG, message.attempt_id))
    letter.add_personalization(to)
    letter.add_content(mail.Content("text/plain", message.text))
    letter.add_content(mail.Content("text/html", message.html))
    letter.tracking_settings = mail.TrackingSettings(subscription_tracking=mail.SubscriptionTracking(enable=False))
    asked: dict[str, Any] = letter.get()
    return asked


def answer(message_id: str, reply: Reply | Lost) -> Answer:
    """What SendGrid's reply says of the one message of the request: the providers' table, row by row."""
    if isinstance(reply, Lost):
        return Answer(message_id, reply.outcome, reason=reply.reason)
    request_id = reply.headers.get("x-message-id", "")
    if reply.status in ACCEPTED:
        return Answer(message_id, "accepted", provider_id=request_id, http_status=reply.status)
    outcome = outcome_of(reply.status)
    return Answer(
        message_id,
        outcome,
        provider_id=request_id,
        http_status=reply.status,
        reason=" ".join(["sendgrid", str(reply.status), *_fields(reply.body)]),
        retry_after=reply.retry_after if outcome == "throttled" else None,
    )


def _fields(body: bytes) -> list[str]:
    """The names of the fields SendGrid objects to. Its sentences stay out: they may quote an address."""
    try:
        errors = json.loads(body)["errors"]
        named = {str(error["field"]) for error in errors if error.get("field")}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []
    return sorted(name for name in named if _FIELD.fullmatch(name))[:3]
