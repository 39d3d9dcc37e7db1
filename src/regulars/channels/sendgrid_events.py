"""What SendGrid's Event Webhook tells: whether a post is genuine, and what stands in it.

The signature is checked by the `sendgrid` package's own verifier, which takes more than it should: timestamp and body
are signed as one text, so that bytes can be moved between them, and it raises for what is malformed. Here a timestamp
is ten digits, a body is a JSON array, and whatever raises is a refusal.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NoReturn

from regulars.channels.heard import Kind, Reading, Told, Verdict, a_name, an_address, an_id, key_of, link_of, moment_of
from regulars.channels.scanners import is_scanner

PROVIDER = "sendgrid"
SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
LARGEST = 2 * 1024 * 1024
"""Bytes of a post; SendGrid's own are at most 768 KB."""
EVENTS, DEPTH = 3_000, 8
"""Of a post: at most so many events, and so many levels of JSON."""
AHEAD = timedelta(minutes=5)
"""How far the clock of a genuine post may be before ours."""

_TIMESTAMP = re.compile(r"[0-9]{10}")

KINDS: dict[str, tuple[Kind, Verdict]] = {
    "processed": ("accepted", ""),
    "deferred": ("deferred", ""),
    "delivered": ("delivered", ""),
    "open": ("opened", ""),
    "click": ("clicked", ""),
    "dropped": ("dropped", ""),
    "bounce": ("bounced", "bounced"),
    "blocked": ("bounced", "soft"),
    "spamreport": ("complained", "complaint"),
    "unsubscribe": ("unsubscribed", "opted-out"),
    "group_unsubscribe": ("unsubscribed", "opted-out"),
    "group_resubscribe": ("resubscribed", "opted-in"),
}
"""What SendGrid calls an event, what it is, and what it says of the address."""

DROPPED: dict[str, tuple[str, Verdict]] = {
    "bounced address": ("bounced before", "bounced"),
    "spam reporting address": ("called spam before", "complaint"),
    "unsubscribed address": ("unsubscribed before", "opted-out"),
    "invalid": ("not a valid address", "unusable"),
    "spam content": ("looks like spam", ""),
    "recipient list over package quota": ("over the quota", ""),
    "invalid smtpapi header": ("malformed request", ""),
}
"""How SendGrid begins its reason for dropping a message; what we call it, and what it says of the address."""


def is_genuine(body: bytes, headers: Mapping[str, str], keys: str, max_age: int, now: datetime) -> bool:
    """Whether SendGrid signed `body`. Never raises.

    `headers` have small names, `keys` are public keys separated by commas, `max_age` is in seconds.
    """
    try:
        timestamp, signature = headers[TIMESTAMP], headers[SIGNATURE]
        if not _TIMESTAMP.fullmatch(timestamp) or not signature:
            return False
        signed = datetime.fromtimestamp(int(timestamp), UTC)
        if not now - timedelta(seconds=max_age) <= signed <= now + AHEAD:
            return False
        payload = body.decode("utf-8")
        known = [key.strip() for key in keys.split(",") if key.strip()]
        return any(_signed(key, payload, signature, timestamp) for key in known) and _is_bounded(body)
    except Exception:  # noqa: BLE001  # whatever a forger makes the verifier raise, it is a refusal
        return False


def read(body: bytes) -> Reading:
    """The events of a genuine post. An entry that is malformed is counted, and hinders no other."""
    events: list[Told] = []
    foreign = unreadable = 0
    for entry in _entries(body):
        told = _told(entry)
        if told is not None:
            events.append(told)
        elif _is_foreign(entry):
            foreign += 1
        else:
            unreadable += 1
    return Reading(tuple(events), foreign, unreadable)


@lru_cache(maxsize=8)
def _verifier(key: str) -> Any:
    from sendgrid.helpers.eventwebhook import EventWebhook

    return EventWebhook(key)


def _signed(key: str, payload: str, signature: str, timestamp: str) -> bool:
    """By this key. One that is no key refuses like a wrong one, and does not hinder the other."""
    try:
        return _verifier(key).verify_signature(payload, signature, timestamp) is True
    except Exception:  # noqa: BLE001  # bad padding, a key that cannot be read: the package raises what it likes
        return False


def _entries(body: bytes) -> list[Any]:
    entries = json.loads(body, parse_constant=_no_number)
    if not isinstance(entries, list) or len(entries) > EVENTS:
        raise ValueError("not a list of events")
    return entries


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _is_bounded(body: bytes) -> bool:
    return all(isinstance(entry, dict) and _depth(entry, DEPTH - 1) for entry in _entries(body))


def _depth(value: Any, left: int) -> bool:
    """Whether `value` has at most `left` levels."""
    within = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return left > 0 and all(_depth(inner, left - 1) for inner in within if isinstance(inner, dict | list))


def _is_foreign(entry: Mapping[str, Any]) -> bool:
    """Another system's mail on the same account, or news about the account itself."""
    word = entry.get("event")
    return not entry.get("regulars_mid") or (isinstance(word, str) and word not in KINDS)


def _told(entry: Mapping[str, Any]) -> Told | None:
    message_id, word, at = an_id(entry.get("regulars_mid")), entry.get("event"), moment_of(entry.get("timestamp"))
    address = an_address(entry.get("email"))
    if not message_id or not isinstance(word, str) or word not in KINDS or at is None or not address:
        return None
    kind, verdict, detail = _meaning(word, entry)
    machine = kind in ("opened", "clicked") and (
        bool(entry.get("sg_machine_open")) or is_scanner(entry.get("useragent"))
    )
    url = entry.get("url")
    # Two events of one second are two where they mean two things: a person and a scanner may open a letter together.
    meaning = (url or "", entry.get("asm_group_id", ""), verdict, detail, machine)
    return Told(
        key=key_of(PROVIDER, message_id, word, entry["timestamp"], *meaning),
        provider=PROVIDER,
        kind=kind,
        at=at,
        message_id=message_id,
        attempt_id=an_id(entry.get("regulars_att")),
        ledger_id=an_id(entry.get("regulars_led")),
        same=a_name(entry.get("regulars_key")),
        address=address,
        link=link_of(url) if kind == "clicked" else "",
        machine=machine,
        verdict=verdict,
        detail=detail,
        provider_id=a_name(str(entry.get("sg_message_id") or "").partition(".")[0]),
    )


def _meaning(word: str, entry: Mapping[str, Any]) -> tuple[Kind, Verdict, str]:
    kind, verdict = KINDS[word]
    if word == "bounce" and entry.get("type") == "blocked":
        return "bounced", "soft", "blocked"
    if word == "dropped":
        return "dropped", *_why_dropped(entry.get("reason"))
    return kind, verdict, "blocked" if word == "blocked" else ""


def _why_dropped(reason: object) -> tuple[Verdict, str]:
    """The class of a reason; SendGrid's own sentence may quote the address."""
    said = reason.lower() if isinstance(reason, str) else ""
    for beginning, (name, verdict) in DROPPED.items():
        if said.startswith(beginning):
            return verdict, name
    return "", "another reason"


def digest(body: bytes) -> str:
    """What makes a post one."""
    return hashlib.sha256(body).hexdigest()
