"""Channels pointed at providers that pretend."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from regulars.channels.contract import Answer, Channel, Outgoing, sending
from regulars.channels.sendgrid import SendGrid
from regulars.channels.transport import Transport
from regulars.channels.twilio import Twilio
from regulars.testing import FakeSendGrid, FakeTwilio


def ask(channel: Channel, *messages: Outgoing) -> list[Answer]:
    with sending(channel) as send:
        return send(messages)


def sendgrid_at(provider: FakeSendGrid, *, total: float = 45.0) -> SendGrid:
    return SendGrid(provider.api_key, provider.url, Transport(total=total))


def twilio_at(provider: FakeTwilio, *, total: float = 45.0, public_url: str = "https://shop.example") -> Twilio:
    return Twilio(
        provider.account_sid, provider.auth_token, provider.url,
        messaging_service_sid=provider.messaging_service_sid, public_url=public_url, transport=Transport(total=total),
    )  # fmt: skip


@contextmanager
def closed_port() -> Iterator[str]:
    """An address where nobody listens: the port is bound, so that nobody else gets it, and not listened on."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{nobody.getsockname()[1]}"
