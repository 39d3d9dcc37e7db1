"""E-mail through SendGrid's v3 Mail Send, up to a thousand recipients to a request.

The request is what the `sendgrid` package's own types would build, and is checked against them and against SendGrid's
OpenAPI description in the tests; the types themselves take longer per recipient than everything else together. It
travels through our transport, never through the package's client (see `transport`).

Words that SendGrid's other features would replace reach the recipient as they are: `[unsubscribe]` and `<% … %>`
belong to subscription tracking, which each request turns off; `<%asm_…%>` to unsubscribe groups and `{{…}}` to dynamic
templates, which no request names; `%name%`, `-name-` and `:name` mean nothing unless a request declares them.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import orjson

from regulars.channels.batches import requests
from regulars.channels.contract import Answer, Outgoing
from regulars.channels.objections import mailbox, objection, refused
from regulars.channels.tags import tagged
from regulars.channels.transport import Lost, Reply, Transport, outcome_of
from regulars.channels.turns import in_turn

PATH = "/v3/mail/send"
MESSAGE_ARG = "regulars_mid"
"""Our id of the message among the custom arguments; SendGrid copies them to the top level of each event."""
ATTEMPT_ARG = "regulars_att"
LEDGER_ARG = "regulars_led"
SAME_ARG = "regulars_key"
ACCEPTED = {200, 202}
"""202: will be tried. 200: in sandbox mode, valid."""

_FIELD = re.compile(r"[\w.\[\]-]{1,80}")
_RECIPIENT = re.compile(r"personalizations[.\[]([0-9]{1,4})\]?")


class SendGrid:
    """The channel `sendgrid`. A request is what a lost answer makes ambiguous."""

    name = "sendgrid"
    batch = 1_000
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
        """A request for each `attempt_id`, at most 32 at once. See `Channel.send`.

        What cannot share a request does not, whatever its attempt: `batches.requests` tells beforehand.
        """
        answers: dict[int, Answer] = {}
        attempts: dict[str, list[tuple[int, Outgoing]]] = {}
        for place, message in enumerate(messages):
            if reason := objection(message, "email"):
                answers[place] = refused(message, reason)
            else:
                attempts.setdefault(message.attempt_id, []).append((place, message))
        asked, places = _dealt(attempts.values())
        told = await in_turn(asked, self._ask, total=self._transport.total)
        answers.update(zip(places, told, strict=True))
        return [answers[place] for place in range(len(messages))]

    async def close(self) -> None:
        """See `Channel.close`."""
        await self._transport.close()

    async def _ask(self, messages: Sequence[Outgoing], until: float) -> list[Answer]:
        try:
            body = orjson.dumps(request(*messages))
        except Exception as error:  # noqa: BLE001  # whatever it is, nothing was sent; halving finds the message
            return [refused(message, f"unexpected {type(error).__name__}") for message in messages]
        reply = await self._transport.post(self._url, headers=self._headers, body=body, until=until)
        return answers_of(messages, reply)


def _dealt(attempts: Iterable[list[tuple[int, Outgoing]]]) -> tuple[list[list[Outgoing]], list[int]]:
    """The requests, and the place of each of their messages in turn."""
    asked: list[list[Outgoing]] = []
    places: list[int] = []
    for attempt in attempts:
        places_of: dict[int, list[int]] = {}
        for place, message in attempt:
            places_of.setdefault(id(message), []).append(place)
        messages = [message for _, message in attempt]
        dealt = requests(messages, SendGrid.batch, {}) if len(messages) > 1 else [messages]
        asked += dealt
        places += [places_of[id(message)].pop(0) for shared in dealt for message in shared]
    return asked, places


def request(*messages: Outgoing) -> dict[str, Any]:
    """The JSON of Mail Send for messages that share a request (`batches.requests`), or for one.

    The letter stands in it once, with a tag wherever recipients differ; what they have there, their subject, headers
    and ids stand in their personalizations. One alone gets its letter as it is. The headers of unsubscribing are ours
    alone: SendGrid's own subscription tracking would write them a second time.
    """
    first = messages[0]
    if len(messages) == 1:
        html, text, people = first.html, first.text, [_personalization(first)]
    else:
        html, text, values = tagged(messages)
        people = [_personalization(message) for message in messages]
        for person, own in zip(people, values, strict=True):
            if own:
                person["substitutions"] = own
    sender, reply_to = _house(first.sender), _house(first.reply_to)
    return {
        "from": sender,
        **({"reply_to": reply_to} if reply_to else {}),
        "personalizations": people,
        "content": [{"type": "text/plain", "value": text}, {"type": "text/html", "value": html}],
        "tracking_settings": {"subscription_tracking": {"enable": False}},
    }


def _personalization(message: Outgoing) -> dict[str, Any]:
    """What is one recipient's own."""
    address = message.to if "<" not in message.to else mailbox(message.to)[1]
    ids = {MESSAGE_ARG: message.message_id, ATTEMPT_ARG: message.attempt_id}
    if message.ledger_id:
        ids[LEDGER_ARG] = message.ledger_id
    if message.same:
        ids[SAME_ARG] = message.same
    person: dict[str, Any] = {"to": [{"email": address.strip()}], "subject": message.subject, "custom_args": ids}
    if message.headers:
        person["headers"] = dict(message.headers)
    return person


@lru_cache(maxsize=256)
def _house(text: str) -> dict[str, str]:
    """The shop's own mailbox as Mail Send writes it; nothing where there is none."""
    name, address = mailbox(text) if text else ("", "")
    return {"email": address, **({"name": name} if name else {})} if address else {}


def answers_of(messages: Sequence[Outgoing], reply: Reply | Lost) -> list[Answer]:
    """What SendGrid's reply says of each message of the request: the providers' table, row by row.

    Of a refused request of several all are `rejected`, and those whose place the refusal names are `blamed`.
    """
    if isinstance(reply, Lost):
        return [Answer(message.message_id, reply.outcome, reason=reply.reason) for message in messages]
    outcome = "accepted" if reply.status in ACCEPTED else outcome_of(reply.status)
    fields = [] if outcome == "accepted" else _fields(reply.body)
    several = len(messages) > 1
    own: dict[int, list[str]] = {}
    for field in fields if several else []:
        if place := _RECIPIENT.match(field):
            own.setdefault(int(place[1]), []).append(_RECIPIENT.sub("personalizations.0", field, count=1))
    common = _reason(reply.status, [field for field in fields if not (several and _RECIPIENT.match(field))])
    request_id, wait = reply.headers.get("x-message-id", ""), reply.retry_after if outcome == "throttled" else None
    return [
        Answer(
            message.message_id,
            outcome,
            provider_id=request_id,
            http_status=reply.status,
            reason="" if outcome == "accepted" else _reason(reply.status, own[place]) if place in own else common,
            retry_after=wait,
            blamed=outcome == "rejected" and place in own,
        )
        for place, message in enumerate(messages)
    ]


def _reason(status: int, fields: Sequence[str]) -> str:
    return " ".join(["sendgrid", str(status), *fields[:3]])


def _fields(body: bytes) -> list[str]:
    """The names of the fields SendGrid objects to. Its sentences stay out: they may quote an address."""
    try:
        errors = json.loads(body)["errors"]
        named = {str(error["field"]) for error in errors if error.get("field")}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []
    return sorted(name for name in named if _FIELD.fullmatch(name))
