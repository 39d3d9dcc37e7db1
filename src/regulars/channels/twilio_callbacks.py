"""What Twilio tells: status callbacks and text messages that people write, and whether they are genuine.

The signature is checked by the `twilio` package's own validator, over the address that Twilio was given (never the one
a request claims to have come to). It signs names and values as one text, so that `{a: bc}` passes for `{ab: c}`: only
names that Twilio documents are taken, each once, and every value but the words of a text message has a shape that
cannot swallow its neighbour.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl

from regulars.channels import callback_codes
from regulars.channels.heard import Kind, Reading, Told, Verdict, a_name, an_id, key_of
from regulars.channels.opt_outs import Meant, meant

PROVIDER = "twilio"
SIGNATURE = "x-twilio-signature"
LARGEST = 64 * 1024
"""Bytes of a post."""
FIELDS = 100

STATUS: dict[str, Kind] = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "accepted",
    "delivered": "delivered",
    "read": "opened",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "dropped",
}
"""What Twilio calls a state, and what it is."""

_SID = r"(SM|MM)[0-9a-f]{32}"
_ACCOUNT = r"AC[0-9a-f]{32}"
_PHONE = r"\+[1-9][0-9]{6,14}"
_SENDER = rf"{_PHONE}|[0-9]{{3,8}}|[0-9A-Za-z &._-]{{1,11}}|MG[0-9a-f]{{32}}"
_WORD = r"[0-9A-Za-z._-]{0,64}"
_PLACE = r"[^+=&<>]{0,100}"

SHAPES: dict[str, str] = {
    "AccountSid": _ACCOUNT,
    "AddOns": r"[^+]{0,20000}",
    "ApiVersion": r"[0-9-]{0,10}",
    "ChannelInstallSid": _WORD,
    "ChannelPrefix": _WORD,
    "ChannelStatusCode": _WORD,
    "ErrorCode": r"[0-9]{0,6}",
    "ErrorMessage": _PLACE,
    "EventType": _WORD,
    "From": rf"({_SENDER})",
    "MessageSid": _SID,
    "MessageStatus": r"[a-z_]{1,20}",
    "MessagingServiceSid": r"(MG[0-9a-f]{32})?",
    "NumMedia": r"[0-9]{0,3}",
    "NumSegments": r"[0-9]{0,3}",
    "OptOutType": r"(STOP|START|HELP)",
    "RawDlrDoneDate": r"[0-9]{0,14}",
    "ReferralNumMedia": r"[0-9]{0,3}",
    "SmsMessageSid": _SID,
    "SmsSid": _SID,
    "SmsStatus": r"[a-z_]{0,20}",
    "To": rf"({_SENDER})",
    **{f"{end}{part}": _PLACE for end in ("From", "To") for part in ("City", "Country", "State", "Zip")},
    **{f"{name}{n}": _PLACE for name in ("MediaUrl", "MediaContentType") for n in range(10)},
    "Body": r"(?s:.{0,20000})",
}
"""The parameters that are taken, and what each may be."""
NEEDED = {
    "status": {"AccountSid", "MessageSid", "MessageStatus", "To"},
    "inbound": {"AccountSid", "MessageSid", "From", "Body"},
}

_SHAPES = {name: re.compile(shape) for name, shape in SHAPES.items()}


def is_genuine(
    body: bytes, query: str, headers: Mapping[str, str], *, path: str, public_url: str, account_sid: str, token: str
) -> bool:
    """Whether Twilio signed this post to `public_url` + `path` + `?` + `query` (as it came). Never raises.

    `headers` have small names. Nothing is genuine where one of the settings is missing.
    """
    try:
        if not (public_url and account_sid and token):
            return False
        fields = fields_of(body)
        if fields is None or not _fits(fields, "inbound" if path.endswith("inbound") else "status"):
            return False
        if not hmac.compare_digest(fields["AccountSid"].encode(), account_sid.encode()):
            return False
        url = public_url.rstrip("/") + path + (f"?{query}" if query else "")
        return _signed(token, url, fields, headers[SIGNATURE])
    except Exception:  # noqa: BLE001  # whatever a forger makes the validator raise, it is a refusal
        return False


def fields_of(body: bytes) -> dict[str, str] | None:
    """The form of a post; None where it is none, or a name comes twice."""
    pairs = parse_qsl(
        body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=FIELDS
    )
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else None


def read_status(body: bytes, query: str, received_at: datetime) -> Reading:
    """The one event of a status callback. Twilio tells no time: `received_at` stands for it."""
    fields, ours = fields_of(body), dict(parse_qsl(query))
    message_id, kind = an_id(ours.get("m")), STATUS.get((fields or {}).get("MessageStatus", ""))
    if fields is None or not message_id or kind is None:
        return Reading((), foreign=1)
    told = callback_codes.meaning(int(fields.get("ErrorCode") or 0))
    verdict: Verdict = told.verdict if kind == "failed" else ""
    event = Told(
        key=key_of(PROVIDER, message_id, an_id(ours.get("a")), fields["MessageSid"], fields["MessageStatus"]),
        provider=PROVIDER,
        kind=kind,
        at=received_at,
        message_id=message_id,
        attempt_id=an_id(ours.get("a")),
        ledger_id=an_id(ours.get("l")),
        same=a_name(ours.get("k")),
        address=fields["To"],
        verdict=verdict,
        detail=f"twilio {fields['ErrorCode']}: {told.why}" if kind == "failed" and fields.get("ErrorCode") else "",
        provider_id=fields["MessageSid"],
    )
    return Reading((event,))


def read_inbound(body: bytes, received_at: datetime) -> Reading:
    """What somebody who wrote to us wants: an event about their number, about no message. Nothing of their words."""
    fields = fields_of(body)
    wanted = wish(fields) if fields else ""
    if fields is None or wanted not in ("STOP", "START"):
        return Reading((), foreign=1)
    kind: Kind = "unsubscribed" if wanted == "STOP" else "resubscribed"
    event = Told(
        key=key_of(PROVIDER, fields["MessageSid"], wanted),
        provider=PROVIDER,
        kind=kind,
        at=received_at,
        address=fields["From"],
        verdict="opted-out" if wanted == "STOP" else "opted-in",
        detail="said by text message",
        provider_id=fields["MessageSid"],
    )
    return Reading((event,))


def wish(fields: Mapping[str, str]) -> Meant:
    """What the sender wants: Twilio's own finding where it has one, else ours."""
    match fields.get("OptOutType"):
        case "STOP":
            return "STOP"
        case "START":
            return "START"
        case "HELP":
            return "HELP"
        case _:
            return meant(fields.get("Body", ""))


def digest(body: bytes, query: str) -> str:
    """What makes a post one."""
    return hashlib.sha256(query.encode("utf-8", "backslashreplace") + b"\0" + body).hexdigest()


def _fits(fields: Mapping[str, str], purpose: str) -> bool:
    shaped = all(name in _SHAPES and _SHAPES[name].fullmatch(value) for name, value in fields.items())
    return shaped and NEEDED[purpose] <= fields.keys()


def _signed(token: str, url: str, fields: Mapping[str, str], signature: str) -> bool:
    from twilio.request_validator import RequestValidator

    return bool(signature) and RequestValidator(token).validate(url, dict(fields), signature) is True
