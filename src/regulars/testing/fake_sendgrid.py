"""SendGrid's Mail Send, pretended."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from regulars.channels.sendgrid import MESSAGE_ARG, PATH
from regulars.testing.fake_provider import Arrival, FakeProvider, Reaction, Request, Response
from regulars.testing.strict_requests import sendgrid_faults


class FakeSendGrid(FakeProvider):
    """Answers 202 with an X-Message-Id. Stricter than SendGrid's description: see `sendgrid_faults`.

    Each personalization is an arrival of its own, with its substitutions made: `passes` times over, the tags in the
    order they come in or, `backwards`, in the other one. The real one does one of these; a request must not care.
    """

    api_key = "SG.fake-key-of-the-fake-sendgrid"
    passes = 1
    backwards = False

    def read(self, request: Request) -> list[Arrival]:
        """One arrival for each personalization."""
        asked = json.loads(request.body)
        return [self._arrival(asked, one) for one in asked["personalizations"]]

    def judge(self, request: Request) -> Response:
        """404, 401, 400 or 202."""
        if request.path != PATH:
            return self.refuse(Reaction(404), request)
        if request.headers.get("authorization") != f"Bearer {self.api_key}":
            return self.refuse(Reaction(401), request)
        try:
            faults = sendgrid_faults(json.loads(request.body))
        except ValueError:
            faults = ["body: not JSON"]
        if faults:
            return Response.json(400, {"errors": [_error(*fault.partition(": ")[::2]) for fault in faults]})
        return Response(202, headers={"X-Message-Id": secrets.token_urlsafe(16)})

    def refuse(self, reaction: Reaction, request: Request) -> Response:
        """One error that quotes what it was asked."""
        quoted = f"refused: {request.body.decode(errors='replace')[:300]}"
        return Response.json(reaction.status, {"errors": [_error(None, quoted)]})

    def _arrival(self, asked: dict[str, Any], one: dict[str, Any]) -> Arrival:
        tags = list(one.get("substitutions", {}).items())
        tags = (tags[::-1] if self.backwards else tags) * self.passes
        said = {part["type"]: _substituted(part["value"], tags) for part in asked["content"]}
        headers = {**asked.get("headers", {}), **one.get("headers", {})}
        return Arrival(
            one["custom_args"][MESSAGE_ARG],
            one["to"][0]["email"],
            said.get("text/plain", ""),
            html=said.get("text/html", ""),
            subject=_substituted(one.get("subject") or asked.get("subject", ""), tags),
            headers=_all_substituted(headers, tags),
            args=_all_substituted(one["custom_args"], tags),
        )


def _error(field: str | None, message: str) -> dict[str, Any]:
    return {"message": message, "field": field, "help": None}


def _all_substituted(texts: Mapping[str, str], tags: Sequence[tuple[str, str]]) -> dict[str, str]:
    return {name: _substituted(text, tags) for name, text in texts.items()}


def _substituted(text: str, tags: Sequence[tuple[str, str]]) -> str:
    for tag, value in tags:
        text = text.replace(tag, value)
    return text
