"""What the providers' published descriptions let through and the providers do not: a checker for requests.

    assert sendgrid_faults(json.loads(body)) == []
    assert twilio_faults(dict(parse_qsl(body))) == []

Each fault names a field, as the providers do: `personalizations.3.substitutions: over 10,000 bytes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

FORBIDDEN_HEADERS = frozenset({
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding",
    "to", "from", "subject", "reply-to", "cc", "bcc",
})  # fmt: skip
"""Headers that Mail Send refuses; in lower case."""
RECIPIENTS, OWN_BYTES = 1_000, 10_000
BODY, VALIDITY = 1_600, 36_000

_TOP = frozenset({
    "personalizations", "from", "reply_to", "reply_to_list", "subject", "content", "attachments", "template_id",
    "headers", "categories", "custom_args", "send_at", "batch_id", "asm", "ip_pool_name", "mail_settings",
    "tracking_settings",
})  # fmt: skip
_PERSON = frozenset({
    "to", "cc", "bcc", "from", "subject", "headers", "substitutions", "dynamic_template_data", "custom_args", "send_at",
})  # fmt: skip
_ADDRESS = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
_FORM = frozenset({
    "To", "From", "MessagingServiceSid", "Body", "StatusCallback", "ValidityPeriod", "SmartEncoded", "ShortenUrls",
    "ScheduleType", "SendAt", "Attempt", "ProvideFeedback", "MessageIntent", "RiskCheck", "MediaUrl",
})  # fmt: skip


def sendgrid_faults(asked: Any) -> list[str]:
    """Everything wrong with the JSON of a Mail Send request."""
    people = asked.get("personalizations") if isinstance(asked, dict) else None
    if not isinstance(people, list) or not people or not all(isinstance(one, dict) for one in people):
        return ["personalizations: there are none"]
    return [*_top_faults(asked), *_sharing_faults(people), *_person_faults(asked, people)]


def twilio_faults(form: Mapping[str, str]) -> list[str]:
    """Everything wrong with the form of a message for Twilio."""
    validity, callback = form.get("ValidityPeriod", "1"), urlsplit(form.get("StatusCallback", "https://shop.example"))
    wrong = {
        "To: there is none": not form.get("To"),
        "To: not E.164": not re.fullmatch(r"\+[1-9]\d{6,14}", form.get("To", "")),
        "From: neither a sender nor a messaging service": not form.get("From") and not form.get("MessagingServiceSid"),
        "Body: there is none": not form.get("Body", "").strip(),
        "Body: over 1,600 characters": len(form.get("Body", "")) > BODY,
        "ValidityPeriod: not 1 to 36,000 seconds": not validity.isdecimal() or not 1 <= int(validity) <= VALIDITY,
        "StatusCallback: not an address": callback.scheme not in {"http", "https"} or not callback.hostname,
    }
    unknown = [f"{name}: not a field" for name in sorted(form.keys() - _FORM)]
    return [sentence for sentence, holds in wrong.items() if holds] + unknown


def _top_faults(asked: dict[str, Any]) -> Iterator[str]:
    yield from (f"{name}: not a field" for name in sorted(asked.keys() - _TOP))
    if not _is_mailbox(asked.get("from")):
        yield "from.email: not an address"
    if "reply_to" in asked and not _is_mailbox(asked["reply_to"]):
        yield "reply_to.email: not an address"
    content = asked.get("content") or []
    if [part.get("type") for part in content] not in (["text/plain"], ["text/html"], ["text/plain", "text/html"]):
        yield "content: not plain text, then HTML"
    for place, part in enumerate(content):
        if not str(part.get("value") or "").strip():
            yield f"content.{place}.value: empty"


def _sharing_faults(people: list[dict[str, Any]]) -> Iterator[str]:
    seen: set[str] = set()
    count = 0
    for place, one in enumerate(people):
        for address in _addresses(one):
            count += 1
            if address.casefold() in seen:
                yield f"personalizations.{place}.to: an address comes twice"
            seen.add(address.casefold())
    if count > RECIPIENTS or len(people) > RECIPIENTS:
        yield "personalizations: over 1,000 recipients"


def _person_faults(asked: dict[str, Any], people: list[dict[str, Any]]) -> Iterator[str]:
    for place, one in enumerate(people):
        here = f"personalizations.{place}"
        yield from (f"{here}.{name}: not a field" for name in sorted(one.keys() - _PERSON))
        if not one.get("to") or not all(map(_ADDRESS.fullmatch, _addresses(one))):
            yield f"{here}.to: not an address"
        if not str(one.get("subject") or asked.get("subject") or "").strip():
            yield f"{here}.subject: there is none"
        if {name.lower() for name in one.get("headers", {})} & FORBIDDEN_HEADERS:
            yield f"{here}.headers: one that cannot be set"
        for field in ("substitutions", "custom_args"):
            own = one.get(field, {})
            if not all(isinstance(value, str) for value in own.values()):
                yield f"{here}.{field}: not texts"
            elif sum(len(text.encode()) for text in (*own, *own.values())) > OWN_BYTES:
                yield f"{here}.{field}: over 10,000 bytes"


def _addresses(person: dict[str, Any]) -> list[str]:
    return [str(one.get("email")) for kind in ("to", "cc", "bcc") for one in person.get(kind, [])]


def _is_mailbox(told: Any) -> bool:
    return isinstance(told, dict) and bool(_ADDRESS.fullmatch(str(told.get("email"))))
