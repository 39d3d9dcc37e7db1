"""What providers sign, signed with keys of a test; and a web app of nothing but the webhooks."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from types import SimpleNamespace
from urllib.parse import urlencode

import uvicorn
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI
from twilio.request_validator import RequestValidator

from regulars import clock
from regulars.channels import sendgrid_events, twilio_callbacks
from regulars.ledger.inbox import Inbox
from regulars.settings import Settings
from regulars.web import webhooks
from regulars.web.intake import Intake

ACCOUNT, TOKEN, PUBLIC = "AC" + "a" * 32, "the token of a test", "https://casaverde.example"
SID = "SM" + "b" * 32
FORM = "application/x-www-form-urlencoded"


class SendGridKey:
    """A key of SendGrid's: `public` is what its console shows."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        der = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.public = base64.b64encode(der).decode()

    def headers(self, body: bytes, at: int | str | None = None) -> dict[str, str]:
        """What SendGrid sends along."""
        timestamp = str(int(clock.now().timestamp()) if at is None else at)
        signature = self._key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            sendgrid_events.TIMESTAMP: timestamp,
            sendgrid_events.SIGNATURE: base64.b64encode(signature).decode(),
            "content-type": "application/json",
        }


def status_form(to: str, status: str, **more: str) -> dict[str, str]:
    """A status callback."""
    form = {"AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "MessageSid": SID, "MessageStatus": status}
    return form | {"SmsSid": SID, "SmsStatus": status, "From": "+40700000001", "To": to} | more


def inbound_form(sender: str, words: str, sid: str = SID, **more: str) -> dict[str, str]:
    """A text message that somebody wrote to us."""
    form = {"AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid}
    form |= {"Body": words, "From": sender, "FromCity": "", "FromCountry": "RO", "NumMedia": "0", "NumSegments": "1"}
    return form | {"SmsStatus": "received", "To": "+40700000001", "ToCountry": "RO"} | more


def twilio_headers(path: str, form: Mapping[str, str], *, token: str = TOKEN, public: str = PUBLIC) -> dict[str, str]:
    """What Twilio sends along with a form to `path` (with its query)."""
    signature = RequestValidator(token).compute_signature(public + path, dict(form))
    return {twilio_callbacks.SIGNATURE: signature, "content-type": FORM}


def encoded(form: Mapping[str, str]) -> bytes:
    """The form as its body."""
    return urlencode(form).encode()


def settings(key: str) -> Settings:
    """Of a shop that hears both providers."""
    return Settings(
        sendgrid_webhook_key=key, public_url=PUBLIC, twilio_account_sid=ACCOUNT, twilio_auth_token=TOKEN, _env_file=None
    )


@contextmanager
def served(inbox: Inbox, own: Settings) -> Iterator[int]:
    """The webhooks on a port of the loopback address."""
    app = FastAPI()
    app.state.house = SimpleNamespace(settings=own, inbox=inbox, shop={"name": "Casa Verde & Co"})
    app.include_router(webhooks.router)
    app.add_middleware(Intake)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def posted(port: int, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Status and body of the answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", path, body, dict(headers))
    answer = connection.getresponse()
    told = answer.status, answer.read()
    connection.close()
    return told
