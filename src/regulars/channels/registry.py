"""Which channels there are, and which one a kind of message leaves by.

To add one: write its file beside this one, add a line to CHANNELS, run `regulars.testing.channel_contract` over it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from regulars.channels.contract import Channel, Kind
from regulars.errors import RegularsError
from regulars.settings import Settings

if TYPE_CHECKING:
    from regulars.channels.transport import Transport


def channel_for(kind: Kind, settings: Settings, folder: Path) -> Channel:
    """The channel for `kind`: the live one where its credentials are set, else files under `folder`.

    `REGULARS_CHANNEL=folder` forces the folder. Opens nothing. Raises RegularsError where credentials are set by half
    or cannot be what they should be; its text holds none of them.
    """
    if settings.channel != "folder":
        for live in CHANNELS[kind]:
            if channel := live(settings):
                return channel
    return _folder(folder)


def is_live(kind: Kind, settings: Settings) -> bool:
    """Whether messages of `kind` would leave the house. Raises as `channel_for` does."""
    return channel_for(kind, settings, Path()).name != "folder"


def _folder(folder: Path) -> Channel:
    from regulars.channels.folder import Folder

    return Folder(folder)


def _sendgrid(settings: Settings) -> Channel | None:
    key = settings.sendgrid_api_key.get_secret_value()
    if not key:
        return None
    _must_be_one_word(key, "SENDGRID_API_KEY")
    from regulars.channels.sendgrid import SendGrid

    return SendGrid(key, _host(settings.sendgrid_url, "REGULARS_SENDGRID_URL"), _transport(settings))


def _twilio(settings: Settings) -> Channel | None:
    sid, token = settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value()
    service, sender = settings.twilio_messaging_service_sid, settings.twilio_from
    if not (sid or token or service or sender):
        return None
    for value, name in ((sid, "TWILIO_ACCOUNT_SID"), (token, "TWILIO_AUTH_TOKEN")):
        if not value:
            raise RegularsError(
                f"Twilio is set up by half: {name} is missing.",
                f"Set {name}, or remove every TWILIO_ variable to write SMS into the folder.",
            )
        _must_be_one_word(value, name)
    _must_start(sid, "AC", "TWILIO_ACCOUNT_SID")
    if service:
        _must_start(service, "MG", "TWILIO_MESSAGING_SERVICE_SID")
    from regulars.channels.twilio import Twilio

    return Twilio(
        sid,
        token,
        _host(settings.twilio_url, "REGULARS_TWILIO_URL"),
        messaging_service_sid=service,
        sender=sender,
        public_url=settings.public_url,
        transport=_transport(settings),
    )


def _transport(settings: Settings) -> Transport:
    """A request is over well before the lease of what it carries."""
    from regulars.channels.transport import TOTAL, Transport

    return Transport(total=min(TOTAL, settings.lease_seconds * 0.75))


CHANNELS: dict[Kind, list[Callable[[Settings], Channel | None]]] = {
    "email": [_sendgrid],
    "sms": [_twilio],
}
"""The live channels of each kind, the first one with credentials wins. Each returns `None` without credentials."""


def _must_be_one_word(value: str, name: str) -> None:
    if not re.fullmatch(r"[!-~]+", value):
        raise RegularsError(
            f"{name} is not one word of letters, digits and signs.", "Copy it again, without spaces or line breaks."
        )


def _must_start(value: str, start: str, name: str) -> None:
    if not re.fullmatch(rf"{start}\w+", value, re.ASCII):
        raise RegularsError(f"{name} must start with {start}.", "Copy it again from Twilio's console.")


def _host(url: str, name: str) -> str:
    """`url`, where credentials may be sent to it: over TLS, or to a test server on this machine or its own network."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise RegularsError(f"{name} is not the address of a server.", "Write it like https://api.example.com.")
    if parts.scheme == "http" and not _near(parts.hostname):
        raise RegularsError(f"{name} would send credentials in the clear.", "Write https:// instead of http://.")
    return url.rstrip("/")


def _near(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".test", ".internal"))
