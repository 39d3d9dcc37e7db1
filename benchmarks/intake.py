"""Hearing back: signed events from the wire to the ledger, whole.

Another process posts, over HTTP and four connections, what SendGrid would: a hundred events a post, one post in a
hundred forged. The web app checks, keeps and answers; its expander writes events and raises states meanwhile. The time
counts from the first post until the last event is in the ledger.
"""

from __future__ import annotations

import base64
import json
import multiprocessing
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from queue import Empty, SimpleQueue
from types import SimpleNamespace
from typing import Any

import pyarrow as pa

from benchmarks.entering import places
from benchmarks.figures import Figure
from regulars import clock
from regulars.campaigns import hearing
from regulars.channels import sendgrid_events
from regulars.ledger import bulk, consent, ids
from regulars.ledger.inbox import Inbox
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Attempt, Message
from regulars.settings import Settings

PER_POST, FORGED, WIRES = 100, 100, 4
WORDS = ("processed", "delivered", "open")
TARGETS = {"PostgreSQL": 5_000, "SQLite": 1_000}
"""Events a second."""
SENT = datetime(2026, 8, 27, 7, 0, tzinfo=UTC)
Signed = tuple[bytes, dict[str, str], int]
"""A post: body, headers, and the status it must be answered with."""


def measure(events: int, *, postgresql: bool) -> Iterator[Figure]:
    """How long so many events take as the target allows for a second."""
    kind = "PostgreSQL" if postgresql else "SQLite"
    with (
        places(postgresql=postgresql) as urls,
        tempfile.TemporaryDirectory() as name,
        Ledger.open(urls[0], Path(name)) as ledger,
        Inbox.open(urls[0], Path(name)) as inbox,
    ):
        seconds, answers, told = _heard(ledger, inbox, events)
    target = TARGETS[kind]
    half, most = statistics.median(answers), sorted(answers)[int(len(answers) * 0.95)]
    yield Figure(
        f"{kind}: {target:,} events from the wire to the ledger",
        seconds / told * target,
        1.0,
        "Python, and the ledger's indexes",
        unit="s",
        detail=f"{told / seconds:,.0f} events/s; half the answers in {1e3 * half:.0f} ms, 95 % in {1e3 * most:.0f} ms",
    )


def _heard(ledger: Ledger, inbox: Inbox, events: int) -> tuple[float, list[float], int]:
    """Seconds, how long each answer took, and how many events came."""
    key, public = _key()
    posts = [*_posts(ledger, events, key)]
    told = sum(PER_POST for _, _, status in posts if status == 200)
    with _served(ledger, inbox, public) as port:
        answers: Any = multiprocessing.Queue()
        sender = multiprocessing.Process(target=_send, args=(port, posts, answers))
        started = time.perf_counter()
        sender.start()
        took: list[float] = answers.get()
        sender.join()
        while hearing.backlog(ledger, inbox):
            time.sleep(0.02)
        seconds = time.perf_counter() - started
    with ledger.reading() as connection:
        found = connection.exec_driver_sql("SELECT count(*) FROM event").scalar()
    if found != told:
        raise AssertionError(f"{found} events of {told} were heard")
    return seconds, took, told


def _key() -> tuple[Any, str]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key, base64.b64encode(der).decode()


def _posts(ledger: Ledger, events: int, key: Any) -> Iterator[Signed]:
    """Posts about messages that are laid into the ledger; each message is told of three times."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    attempt, own = ids.one(), ledger.salt("ledger")
    messages = _lay(ledger, max(events // len(WORDS), PER_POST), attempt)
    entries = [
        {
            "email": address, "timestamp": int(SENT.timestamp()) + 60 * place, "event": word, "sg_event_id": ids.one(),
            "sg_message_id": "14c5d75ce93.dfd.64b469", "ip": "192.0.2.7", "useragent": "Mozilla/5.0 (X11; Linux)",
            "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>", "response": "250 2.0.0 OK",
            "regulars_mid": message, "regulars_att": attempt, "regulars_led": own, "regulars_key": message,
        }
        for place, word in enumerate(WORDS)
        for message, address in messages
    ]  # fmt: skip
    timestamp = str(int(clock.now().timestamp()))
    for number, start in enumerate(range(0, len(entries) - PER_POST + 1, PER_POST)):
        body = json.dumps(entries[start : start + PER_POST]).encode() + b"\r\n"
        signature = base64.b64encode(key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
        headers = {sendgrid_events.TIMESTAMP: timestamp, sendgrid_events.SIGNATURE: signature}
        yield body, headers, 200
        if number % FORGED == 0:
            yield body.replace(b'"open"', b'"spamreport"').replace(b"250", b"251"), headers, 403


def _lay(ledger: Ledger, n: int, attempt: str) -> list[tuple[str, str]]:
    """So many messages that are being sent: their ids and addresses."""
    drawn, salt = ids.draw(n), ledger.salt("addresses")
    addresses = [f"person.{number}@example.com" for number in range(n)]
    texts = {"campaign": "winback", "name": "first", "channel": "email", "language": "ro", "template": "winback/first"}
    texts |= {
        "template_hash": "",
        "context": "{}",
        "state": "sending",
        "local_day": "2026-08-27",
        "attempt_id": attempt,
    }
    columns: dict[str, Any] = {name: pa.repeat(value, n) for name, value in texts.items()}
    columns |= {"id": drawn, "enrolment_id": drawn, "customer_id": drawn, "address": pa.array(addresses)}
    columns["address_hash"] = pa.array([consent.address_hash(salt, address) for address in addresses])
    moment = pa.scalar(SENT, pa.timestamp("us", tz="UTC"))
    columns |= {name: pa.repeat(moment, n) for name in ("due_at", "not_before", "expires_at", "sent_at")}
    request = {"id": [attempt], "channel": ["email"], "worker": ["w"], "messages": [n]}
    request |= {"started_at": [SENT], "lease_until": [SENT + timedelta(minutes=1)]}
    with ledger.writing() as connection:
        bulk.insert(connection, Attempt, pa.table(request))
        bulk.insert(connection, Message, pa.table(columns))
    return list(zip(drawn.to_pylist(), addresses, strict=True))


@contextmanager
def _served(ledger: Ledger, inbox: Inbox, public: str) -> Iterator[int]:
    """The webhooks on a port, and the expander behind them."""
    import uvicorn
    from fastapi import FastAPI

    from regulars.web import webhooks
    from regulars.web.expanding import expanding

    app = FastAPI()
    app.state.house = SimpleNamespace(settings=Settings(sendgrid_webhook_key=public, _env_file=None), inbox=inbox)
    app.include_router(webhooks.router)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    with expanding(ledger, inbox) as app.state.expander:
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
        server.should_exit = True
        thread.join()


def _send(port: int, posts: Sequence[Signed], answers: Any) -> None:
    """Post all; put how long each answer took."""
    waiting: SimpleQueue[Signed] = SimpleQueue()
    for post in posts:
        waiting.put(post)
    took: list[float] = []
    wires = [threading.Thread(target=_wire, args=(port, waiting, took)) for _ in range(WIRES)]
    for wire in wires:
        wire.start()
    for wire in wires:
        wire.join()
    answers.put(took)


def _wire(port: int, waiting: SimpleQueue[Signed], took: list[float]) -> None:
    connection = HTTPConnection("127.0.0.1", port)
    while True:
        try:
            body, headers, status = waiting.get_nowait()
        except Empty:
            return
        started = time.perf_counter()
        connection.request("POST", "/webhooks/sendgrid", body, headers)
        answer = connection.getresponse()
        answer.read()
        took.append(time.perf_counter() - started)
        if answer.status != status:
            raise AssertionError(f"answered {answer.status}, not {status}")
