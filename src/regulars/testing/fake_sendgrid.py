"""SendGrid's Mail Send, pretended."""

from __future__ import annotations

import json
import secrets
from typing import Any

from regulars.channels.sendgrid import MESSAGE_ARG, PATH
from regulars.testing.fake_provider import Arrival, FakeProvider, Reaction, Request, Response

FORBIDDEN_HEADERS = {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"}


class FakeSendGrid(FakeProvider):
    """Answers 202 with an X-Message-Id. Stricter than SendGrid's description: it wants a subject and both bodies."""

    api_key = "SG.fake-key-of-the-fake-sendgrid"

    def read(self, request: Request) -> Arrival:
        """The plain-text body stands for the message."""
        asked = json.loads(request.body)
        one = asked["personalizations"][0]
        return Arrival(one["custom_args"][MESSAGE_ARG], one["to"][0]["email"], asked["content"][0]["value"])

    def judge(self, request: Request) -> Response:
        """404, 401, 400 or 202."""
        if request.path != PATH:
            return self.refuse(Reaction(404), request)
        if request.headers.get("authorization") != f"Bearer {self.api_key}":
            return self.refuse(Reaction(401), request)
        if field := _wrong_field(request.body):
            return Response.json(400, {"errors": [{"message": "is not valid", "field": field, "help": None}]})
        return Response(202, headers={"X-Message-Id": secrets.token_urlsafe(16)})

    def refuse(self, reaction: Reaction, request: Request) -> Response:
        """One error that quotes what it was asked."""
        quoted = f"refused: {request.body.decode(errors='replace')[:300]}"
        return Response.json(reaction.status, {"errors": [{"message": quoted, "field": None, "help": None}]})


def _wrong_field(body: bytes) -> str:
    try:
        asked: dict[str, Any] = json.loads(body)
        people: list[dict[str, Any]] = asked["personalizations"]
    except (ValueError, KeyError, TypeError):
        return "personalizations"
    addresses = [to["email"].casefold() for one in people for to in one.get("to", [])]
    headers = {name.lower() for one in people for name in one.get("headers", {})}
    wrong = {
        "personalizations": not 1 <= len(people) <= 1000 or len(set(addresses)) < len(addresses),
        "personalizations.0.to": not addresses or not all("@" in address for address in addresses),
        "subject": not all(one.get("subject") or asked.get("subject") for one in people),
        "from.email": "@" not in asked.get("from", {}).get("email", ""),
        "headers": bool(headers & FORBIDDEN_HEADERS),
        "content": [part.get("type") for part in asked.get("content", [])] != ["text/plain", "text/html"]
        or not all(part.get("value") for part in asked["content"]),
    }
    return next((field for field, is_wrong in wrong.items() if is_wrong), "")
