"""Fixtures of the channels' tests: providers that pretend, and the providers' own descriptions of their requests."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

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


@pytest.fixture
def sendgrid() -> Iterator[FakeSendGrid]:
    with FakeSendGrid() as provider:
        yield provider


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio() as provider:
        yield provider


@pytest.fixture(scope="session")
def description_of():
    """The provider's OpenAPI description by file name, or a skip where the shared folder is not there."""
    shared = Path(os.environ.get("REGULARS_SHARED") or Path(__file__).parents[3] / "shared")

    def read(name: str) -> dict[str, Any]:
        file = shared / "specs" / name
        if not file.exists():
            pytest.skip(f"{file.name} is not there: set REGULARS_SHARED to the folder that holds specs/")
        return json.loads(file.read_text())

    return read
