"""SendGrid's and Twilio's side of a request: is it right, what does it hold, and what is said to it."""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from faults.books import Books, Taken
from faults.mishaps import Mishap, Weather
from faults.wire import Asked, Reply

SENDGRID_KEY = "SG.fake-key-of-the-fault-harness"
ACCOUNT = "AC" + "0f" * 16
TOKEN = "fake-token-of-the-fault-harness"
SERVICE = "MG" + "0e" * 16
MAIL = "/v3/mail/send"
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
POISON = "poison"
"""An address that begins so is refused, and its whole request with it."""
_CUSTOM = {"regulars_mid": "mid", "regulars_att": "att", "regulars_led": "led", "regulars_key": "key"}
_QUERY = {"m": "mid", "a": "att", "l": "led", "k": "key"}
OWN_HEADERS = {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"} | {
    "to", "from", "subject", "reply-to", "cc", "bcc"
}  # fmt: skip  # a list
_TEXT = ("text/plain", "text/html")


class Mail:
    """Mail Send. One request carries up to 1,000 messages."""

    def __init__(self, books: Books, weather: Weather) -> None:
        self._books, self._weather = books, weather

    def meet(self, asked: Asked, mishap: Mishap) -> tuple[list[Taken], Reply]:
        """What is taken, and the answer."""
        try:
            letter: dict[str, Any] = json.loads(asked.body)
            people: list[dict[str, Any]] = letter["personalizations"]
            wrong = _wrong(letter, people, len(asked.body))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            letter, people, wrong = {}, [], "not a letter"
        refused = self._refusal(asked, people, wrong)
        self._books.came(len(people), refused[0] if refused else mishap.name)
        self._books.keep("sendgrid", letter)
        request = secrets.token_urlsafe(16)
        if refused:
            return [], refused[1]
        taken = list(self._taken(people, request)) if mishap.takes else []
        if mishap.status:
            return taken, self._answer(mishap.status)
        return taken, Reply(202, headers={"X-Message-Id": request}, fate=mishap.fate)

    def _refusal(self, asked: Asked, people: list[dict[str, Any]], wrong: str) -> tuple[str, Reply] | None:
        if asked.headers.get("authorization") != f"Bearer {SENDGRID_KEY}":
            return "wrong key", self._answer(401)
        if wrong:
            self._books.complain(wrong)
            if not wrong.startswith("!"):
                return "malformed", self._answer(400)
        for place, one in enumerate(people):
            if one["to"][0]["email"].startswith(POISON):
                field = f"personalizations.{place}.to.0.email" if self._weather.names_fields else None
                return "poison", self._answer(400, field)
        return None

    def _taken(self, people: list[dict[str, Any]], request: str) -> Iterator[Taken]:
        """An address that comes twice is one letter, as SendGrid has it: the second message is lost without a word."""
        seen, now = set[str](), time.time()
        for one in people:
            to = one["to"][0]["email"]
            if to.casefold() not in seen:
                seen.add(to.casefold())
                own = one["custom_args"]
                yield Taken(now, request, to, {short: own.get(name, "") for name, short in _CUSTOM.items()})

    def _answer(self, status: int, field: str | None = None) -> Reply:
        headers = {"Retry-After": f"{self._weather.retry_after:g}"} if status == 429 else {}
        if status == 302:
            headers = {"Location": "/elsewhere"}
        return Reply.json(status, {"errors": [{"message": "refused", "field": field, "help": None}]}, headers)


def _wrong(letter: dict[str, Any], people: list[dict[str, Any]], size: int) -> str:
    """What no request may have; empty if it is right. What SendGrid would take all the same begins with `!`."""
    addresses = [one["to"][0]["email"].casefold() for one in people]
    headers = {name.lower() for one in people for name in (one.get("headers") or {})}
    holes = max((_holes(one) for one in people), default=0)
    checks = {
        "not 1 to 1,000 personalizations": not 1 <= len(people) <= 1000,
        "not one address each": any(len(one["to"]) != 1 for one in people)
        or not all("@" in address for address in addresses),
        "no subject": not all(one.get("subject") or letter.get("subject") for one in people),
        "no sender": "@" not in letter.get("from", {}).get("email", ""),
        "a header of SendGrid's own": bool(headers & OWN_HEADERS),
        "content": tuple(part.get("type") for part in letter.get("content", ())) != _TEXT
        or not all(part.get("value") for part in letter["content"]),
        "too large": size > 20_000_000,
        "a field nobody knows": bool(letter.keys() - _FIELDS) or any(one.keys() - _PERSON for one in people),
        "!one address twice in a request": len(set(addresses)) < len(addresses),
        "!substitutions over 10,000 bytes": holes > 10_000,
        "!no message id": not all(one.get("custom_args", {}).get("regulars_mid") for one in people),
        "!no attempt id": not all(one.get("custom_args", {}).get("regulars_att") for one in people),
    }
    return next((name for name, is_wrong in checks.items() if is_wrong), "")


_FIELDS = {
    "personalizations", "from", "reply_to", "subject", "content", "headers", "custom_args", "categories", "asm",
    "tracking_settings", "mail_settings", "send_at", "batch_id", "reply_to_list",
}  # fmt: skip  # a list
_PERSON = {"to", "subject", "headers", "custom_args", "substitutions", "send_at", "from"}


def _holes(one: dict[str, Any]) -> int:
    return sum(len(value.encode()) for value in (one.get("substitutions") or {}).values())


class Texts:
    """Twilio's Messages: make one, or list what was made for a number."""

    def __init__(self, books: Books, weather: Weather) -> None:
        self._books, self._weather = books, weather
        self._key = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()

    def list(self, asked: Asked) -> Reply:
        """`GET Messages.json?To=…`."""
        if asked.headers.get("authorization") != self._key:
            return Reply.json(401, {"code": 20003, "message": "refused", "status": 401})
        number = parse_qs(urlsplit(asked.target).query).get("To", [""])[0]
        made = [
            {
                "sid": one.sid,
                "account_sid": ACCOUNT,
                "to": one.to,
                "body": one.text,
                "status": "delivered",
                "error_code": None,
                "date_created": time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(one.at)),
                "direction": "outbound-api",
            }
            for one in reversed(self._books.by_number.get(number, []))
        ]
        self._books.came(0, "listed")
        return Reply.json(200, {"messages": made, "page": 0, "page_size": 1000, "next_page_uri": None})

    def meet(self, asked: Asked, mishap: Mishap) -> tuple[list[Taken], Reply]:
        """What is taken, and the answer."""
        form = {name: values[0] for name, values in parse_qs(asked.body.decode(), keep_blank_values=True).items()}
        code = 20003 if asked.headers.get("authorization") != self._key else _code(form)
        self._books.came(1, f"refused {code}" if code else mishap.name)
        self._books.keep("twilio", form)
        if code:
            if code != 20003:
                self._books.complain(f"twilio {code}")
            return [], _refused(401 if code == 20003 else 400, code)
        sid, now = f"SM{secrets.token_hex(16)}", time.time()
        callback = form.get("StatusCallback", "").partition("#")[0]
        query = parse_qs(urlsplit(callback).query)
        ours = {short: query.get(name, [""])[0] for name, short in _QUERY.items()}
        taken = [Taken(now, sid, form["To"], ours, form["Body"], callback, sid)] if mishap.takes else []
        if mishap.status:
            return taken, _refused(mishap.status, 20429 if mishap.status == 429 else 20500)
        made = {"sid": sid, "status": "accepted", "to": form["To"], "num_segments": "0", "error_code": None}
        reply = Reply.json(201, made)
        return taken, Reply(201, reply.body, reply.headers, mishap.fate)


def _code(form: dict[str, str]) -> int:
    to, body = form.get("To", ""), form.get("Body", "")
    wrong = {
        21604: not to,
        21211: not re.fullmatch(r"\+[1-9]\d{6,14}", to),
        21603: not form.get("From") and not form.get("MessagingServiceSid"),
        21602: not body,
        21617: len(body) > 1600,
        21601: not 1 <= int(form.get("ValidityPeriod", "36000")) <= 36_000,
    }
    return next((code for code, is_wrong in wrong.items() if is_wrong), 0)


def _refused(status: int, code: int) -> Reply:
    headers = {"Retry-After": "1"} if status == 429 else {}
    return Reply.json(status, {"code": code, "message": "refused", "status": status}, headers)
