"""T11 and T12: what is told many times, in any order or too early; and what nobody but a forger tells."""

from __future__ import annotations

import base64
import http.client
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from faults.databases import Server, rows
from faults.ears import hand_over, web
from faults.figures import Result, timed
from faults.hooks import Signer
from faults.processes import TESTS
from faults.stage import stage, where
from faults.worker import work_off
from regulars.ledger.inbox import Inbox
from regulars.ledger.store import Ledger

STANDING = "SELECT id, state, reason, provider_id FROM message ORDER BY id"
Forged = tuple[str, str, dict[str, str], bytes]
"""What is wrong with it, its path, headers and body."""


def disorder(server: Server | None, *, seeds: int = 1_000) -> Result:
    """T11: stories told in order and once, and told in disorder, must end alike."""
    sys.path.insert(0, str(TESTS / "hearing"))
    from disorder import run_seeds

    started = time.monotonic()
    database = server.create() if server else ""
    with tempfile.TemporaryDirectory(prefix="faults") as folder:
        url = server.url(database) if server else ""
        with Ledger.open(url, Path(folder)) as ledger, Inbox.open(url, Path(folder)) as inbox:
            different = run_seeds(seeds, ledger, inbox)
    if server:
        server.drop(database)
    note = f"{len(different)} seeds end otherwise{f': {different[:5]}' if different else ''}"
    return timed(Result("T11", f"{seeds:,} seeds, {where(server)}", not different, note=note), started)


def forged(server: Server | None, *, people: int = 20) -> Result:
    """T12: forged and malformed posts to the real web app: all refused, and the ledger as it was."""
    started = time.monotonic()
    with stage(people, server) as (laid, peer):
        with laid.desk() as desk:
            work_off(desk, "email", 100, "w")
        hand_over(laid, peer)
        before = [
            rows(laid, STANDING),
            rows(laid, "SELECT count(*) FROM event"),
            rows(laid, "SELECT * FROM suppression"),
        ]
        mid = before[0][0][0]
        with web(laid) as url:
            answers = {wrong: _status(url, *rest) for wrong, *rest in _forgeries(mid)}
            time.sleep(1.5)
        after = [
            rows(laid, STANDING),
            rows(laid, "SELECT count(*) FROM event"),
            rows(laid, "SELECT * FROM suppression"),
        ]
    taken = [wrong for wrong, status in answers.items() if status not in (400, 403, 408, 413, 415)]
    note = f"taken: {', '.join(taken) or 'none'}; the ledger {'is as it was' if before == after else 'CHANGED'}"
    passed = not taken and before == after
    return timed(Result("T12", f"{len(answers)} forged posts, {where(server)}", passed, note=note), started)


def _status(url: str, path: str, headers: dict[str, str], body: bytes) -> int:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    try:
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    except (BrokenPipeError, ConnectionResetError):
        return 413  # hung up in the middle of a body that nobody wants
    finally:
        connection.close()


def _forgeries(mid: str) -> Iterator[Forged]:
    """Each with the key of somebody else, or with a signature that does not fit."""
    stranger = Signer()
    now = int(time.time())
    told = [{"email": "person.0@example.com", "event": "spamreport", "timestamp": now, "regulars_mid": mid}]
    body = json.dumps(told).encode() + b"\r\n"
    signed = stranger.sendgrid(body)
    stamp, signature = "X-Twilio-Email-Event-Webhook-Timestamp", "X-Twilio-Email-Event-Webhook-Signature"
    mail, text = "/webhooks/sendgrid", f"/webhooks/twilio/status?m={mid}"
    yield "another's key", mail, signed, body
    yield "no signature", mail, {stamp: signed[stamp]}, body
    yield "no timestamp", mail, {signature: signed[signature]}, body
    yield "an empty signature", mail, {**signed, signature: ""}, body
    yield "wrong padding", mail, {**signed, signature: "MEUCIQ="}, body
    yield "no base64", mail, {**signed, signature: "%%%"}, body
    yield "a byte moved to the timestamp", mail, {**signed, stamp: signed[stamp] + "["}, body[1:]
    yield "a timestamp of letters", mail, {**signed, stamp: "yesterday"}, body
    yield "from the future", mail, stranger.sendgrid(body, now + 100_000), body
    yield "no JSON", mail, stranger.sendgrid(b"[{]"), b"[{]"
    yield "too deep", mail, stranger.sendgrid(b"[" * 50_000), b"[" * 50_000
    yield "far too large", mail, signed, b" " * 2_100_000
    yield "no body", mail, signed, b""
    form = b"MessageStatus=failed&MessageSid=SM" + b"0" * 32
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    yield "Twilio without a signature", text, kind, form
    wrong = base64.b64encode(b"0" * 20).decode()
    yield "Twilio with a wrong signature", text, {**kind, "X-Twilio-Signature": wrong}, form
    yield "Twilio as JSON", text, {"Content-Type": "application/json", "X-Twilio-Signature": wrong}, b"{}"
    yield "a stop that nobody wrote", "/webhooks/twilio/inbound", {**kind, "X-Twilio-Signature": wrong}, b"Body=STOP"
