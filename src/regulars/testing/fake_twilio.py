"""Twilio's Messages resource, pretended."""

from __future__ import annotations

import base64
import re
import secrets
from urllib.parse import parse_qs, urlsplit

from regulars.testing.fake_provider import Arrival, FakeProvider, Reaction, Request, Response

CODE_OF_SENDER = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
"""Twilio's magic senders. +15005550006 works."""
CODE_OF_NUMBER = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
"""Twilio's magic recipients."""
_CODE_OF_STATUS = {401: 20003, 429: 20429, 500: 20500}


class FakeTwilio(FakeProvider):
    """Answers 201 with the message it has made, and honours Twilio's magic numbers."""

    account_sid = "AC" + "0f" * 16
    auth_token = "fake-token-of-the-fake-twilio"  # noqa: S105  # opens nothing
    messaging_service_sid = "MG" + "0e" * 16

    def read(self, request: Request) -> list[Arrival]:
        """Our id stands in the status callback; without one `message_id` is empty."""
        form = _form(request)
        callback = parse_qs(urlsplit(form.get("StatusCallback", "")).query)
        return [Arrival(callback.get("m", [""])[0], form["To"], form["Body"])]

    def judge(self, request: Request) -> Response:
        """404, 401, 400 with a code, or 201."""
        form = _form(request)
        if request.path != f"/2010-04-01/Accounts/{self.account_sid}/Messages.json":
            return self.refuse(Reaction(404, code=20404), request)
        credentials = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {credentials}":
            return self.refuse(Reaction(401), request)
        if code := _wrong(form):
            return self.refuse(Reaction(400, code=code), request)
        made = {
            "sid": f"SM{secrets.token_hex(16)}",
            "account_sid": self.account_sid,
            "status": "accepted" if "MessagingServiceSid" in form else "queued",
            "to": form["To"],
            "body": form["Body"],
            "num_segments": "0",
            "error_code": None,
        }
        return Response.json(201, made)

    def refuse(self, reaction: Reaction, request: Request) -> Response:
        """A code, and a sentence that quotes the number, as Twilio's do."""
        code = reaction.code or _CODE_OF_STATUS.get(reaction.status, 0)
        told = {
            "code": code or None,
            "message": f"refused: {_form(request).get('To')}",
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": reaction.status,
        }
        return Response.json(reaction.status, told)


def _form(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()}


def _wrong(form: dict[str, str]) -> int:
    to, sender, body = form.get("To", ""), form.get("From", ""), form.get("Body", "")
    if code := CODE_OF_SENDER.get(sender) or CODE_OF_NUMBER.get(to):
        return code
    wrong = {
        21604: not to,
        21211: not re.fullmatch(r"\+[1-9]\d{6,14}", to),
        21603: not sender and not form.get("MessagingServiceSid"),
        21602: not body,
        21617: len(body) > 1600,
    }
    return next((code for code, is_wrong in wrong.items() if is_wrong), 0)
