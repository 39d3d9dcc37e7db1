"""Twilio's Messages resource, pretended."""

from __future__ import annotations

import base64
import secrets
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from regulars import clock
from regulars.testing.fake_provider import Arrival, FakeProvider, Reaction, Request, Response
from regulars.testing.strict_requests import twilio_faults

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
_CODE_OF_FAULT = {
    "To: there is none": 21604,
    "To": 21211,
    "From": 21603,
    "Body: there is none": 21602,
    "Body": 21617,
    "StatusCallback": 21609,
}
_CODE_OF_STATUS = {401: 20003, 429: 20429, 500: 20500}


class FakeTwilio(FakeProvider):
    """Answers 201 with the message it has made, lists what it has made, and honours Twilio's magic numbers."""

    account_sid = "AC" + "0f" * 16
    auth_token = "fake-token-of-the-fake-twilio"  # noqa: S105  # opens nothing
    messaging_service_sid = "MG" + "0e" * 16
    page = 50
    """Messages of one page of the list, where nobody asks for fewer."""

    def __init__(self, *, latency: float = 0.0) -> None:
        """`latency`: seconds before each answer."""
        super().__init__(latency=latency)
        self.created: list[dict[str, Any]] = []
        """What the list shows, the earliest first."""
        self._judged: dict[str, Any] = {}

    def read(self, request: Request) -> list[Arrival]:
        """Our id stands in the status callback; without one `message_id` is empty."""
        form = _form(request)
        callback = parse_qs(urlsplit(form.get("StatusCallback", "")).query)
        self.created.append(self._judged)
        return [Arrival(callback.get("m", [""])[0], form["To"], form["Body"])]

    def judge(self, request: Request) -> Response:
        """404, 401, 400 with a code, or 201."""
        form = _form(request)
        if refused := self._strange(request):
            return refused
        if code := _wrong(form):
            return self.refuse(Reaction(400, code=code), request)
        self._judged = {
            "sid": f"SM{secrets.token_hex(16)}",
            "account_sid": self.account_sid,
            "status": "accepted" if "MessagingServiceSid" in form else "queued",
            "to": form["To"],
            "body": form["Body"],
            "num_segments": "0",
            "error_code": None,
            "date_created": format_datetime(clock.now()),
        }
        return Response.json(201, self._judged)

    def look(self, request: Request) -> Response:
        """The messages to one number, the latest first, a page at a time."""
        if refused := self._strange(request):
            return refused
        asked = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
        found = [made for made in reversed(self.created) if made["to"] == asked.get("To", made["to"])]
        size, number = min(int(asked.get("PageSize", 50)), self.page), int(asked.get("Page", 0))
        more = urlencode({**asked, "Page": number + 1}) if len(found) > (number + 1) * size else ""
        return Response.json(200, {
            "messages": found[number * size : (number + 1) * size],
            "page": number,
            "page_size": size,
            "next_page_uri": f"{self._path}?{more}" if more else None,
        })  # fmt: skip

    @property
    def _path(self) -> str:
        return f"/2010-04-01/Accounts/{self.account_sid}/Messages.json"

    def _strange(self, request: Request) -> Response | None:
        if urlsplit(request.path).path != self._path:
            return self.refuse(Reaction(404, code=20404), request)
        credentials = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {credentials}":
            return self.refuse(Reaction(401), request)
        return None

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
    if code := CODE_OF_SENDER.get(form.get("From", "")) or CODE_OF_NUMBER.get(form.get("To", "")):
        return code
    faults = twilio_faults(form)
    codes = (code for fault in faults for start, code in _CODE_OF_FAULT.items() if fault.startswith(start))
    return next(codes, 21600) if faults else 0
