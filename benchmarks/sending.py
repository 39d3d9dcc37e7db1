"""Sending: from planned in the ledger to accepted and written down, against the bare ways.

Ours is `campaigns.draining.drain` whole: claimed, looked at once more, rendered, intents committed, sent over HTTP to a
host in a process of its own, answers written down. Bare aiohttp posts bodies that lie ready to the same host. What a
user would write is a loop of `sendgrid`'s own client with one row committed per letter.
"""

from __future__ import annotations

import asyncio
import csv
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Event
from typing import Any

from benchmarks.big_shop import AT, REPOSITORY, without_feelings
from benchmarks.entering import places
from benchmarks.figures import Figure
from benchmarks.mail_host import counted, serving
from regulars import clock
from regulars.campaigns import draining, running
from regulars.campaigns.desk import Desk
from regulars.channels.sendgrid import SendGrid, request

ALONE, BATCHED, NAIVE = 0.6, 10.0, 20.0
FAR = 0.05
"""Seconds after which a provider that is not in the same building answers."""
AT_ONCE = 32
CAMPAIGN = """\
title: A letter
status: live
audience: orders >= 0
schedule: daily at 10:00
messages:
  - send: email
    template: winback/first
    offer: {percent: 10, valid: 14 days}
    subject:
      ro: "{{ customer.first_name }}, ți-am păstrat ceva"
      ru: "{{ customer.first_name }}, мы кое-что для вас приберегли"
      en: "{{ customer.first_name }}, we kept something for you"
"""
COLUMNS = (
    "customer_id", "first_name", "last_name", "email", "phone", "country", "language", "timezone", "birthday",
    "signed_up", "email_consent", "sms_consent",
)  # fmt: skip


def measure(people: int, *, postgresql: bool) -> Iterator[Figure]:
    """One per request, batched, and against what a user would write. `people`: letters of the batched run."""
    kind = "PostgreSQL" if postgresql else "SQLite"
    few = max(people // 10, 100)
    with tempfile.TemporaryDirectory() as name, serving() as host, serving(FAR) as far:
        (alone, bodies), (alone_far, _) = (
            _fresh(Path(name, f"alone{place}"), few, url, batch=1, postgresql=postgresql)
            for place, url in enumerate((host, far))
        )
        bare = asyncio.run(posted(host, bodies))
        naive = by_hand(host, min(few, 1_500), Path(name, "by_hand.sqlite"))
        (batched, _), (batched_far, _) = (
            _fresh(Path(name, f"batched{place}"), people, url, batch=SendGrid.batch, postgresql=postgresql)
            for place, url in enumerate((host, far))
        )
        naive_far = by_hand(far, 100, Path(name, "by_hand_far.sqlite"))
    yield Figure(
        f"{kind}: bare aiohttp over ours, one letter a request", bare.rate / alone.rate, 1 / ALONE,
        "rendering and the ledger beside aiohttp, all on one core", detail=f"{alone}, bare aiohttp {bare}",
    )  # fmt: skip
    bound = "rendering what is each one's own, then the ledger"
    for where, one, many in (("at once", alone, batched), (f"after {FAR * 1000:.0f} ms", alone_far, batched_far)):
        yield Figure(
            f"{kind}: one a request over batches, answers {where}", one.rate / many.rate, 1 / BATCHED, bound,
            detail=f"{many}, one a request {one}",
        )  # fmt: skip
    for where, loop, many in (("at once", naive, batched), (f"after {FAR * 1000:.0f} ms", naive_far, batched_far)):
        yield Figure(
            f"{kind}: a loop of sg.send and a commit each over ours, {where}", loop.rate / many.rate, 1 / NAIVE, bound,
            detail=f"the loop {loop}; by CPU {loop.per_core / many.per_core:.3f} ×",
        )  # fmt: skip


class Speed:
    """Letters, seconds by the clock, and seconds of CPU of this process."""

    def __init__(self, letters: int, seconds: float, cpu: float) -> None:
        self.rate = letters / seconds
        self.per_core = letters / cpu

    def __str__(self) -> str:
        return f"{self.rate:,.0f}/s ({self.per_core:,.0f} per second of CPU)"


def _fresh(root: Path, people: int, host: str, *, batch: int, postgresql: bool) -> tuple[Speed, list[bytes]]:
    """`sent` with a ledger of its own."""
    with places(postgresql=postgresql) as urls:
        return sent(root, people, host, urls[0], batch=batch)


def sent(root: Path, people: int, host: str, url: str, *, batch: int) -> tuple[Speed, list[bytes]]:
    """How fast `people` letters leave, at most `batch` to a request; and some bodies of requests with one letter."""
    lay(root, people)
    with _environment(REGULARS_SENDGRID_URL=host, SENDGRID_API_KEY="SG.bench", REGULARS_LEDGER=url), clock.frozen(AT):
        with Desk.open(root) as desk:
            selected = running.select(desk, "letter", AT)
            for chunk in range(selected.chunks):
                running.enrol(desk, selected.run_id, chunk)
            running.finish(desk, selected.run_id)
        before, SendGrid.batch = SendGrid.batch, batch
        kept: list[bytes] = []
        try:
            with Desk.open(root) as desk:
                already = counted(host)["messages"]
                started, spent = time.perf_counter(), _cpu()
                done = draining.drain(desk, "bench", Event())
                speed = Speed(done.claimed, time.perf_counter() - started, _cpu() - spent)
                if done.counts != {"accepted": people} or counted(host)["messages"] - already != people:
                    raise AssertionError(done.counts)
                kept = _bodies(desk) if batch == 1 else []
        finally:
            SendGrid.batch = before
    return speed, kept


def _bodies(desk: Desk) -> list[bytes]:
    """What requests with one letter look like, as bytes that lie ready."""
    import orjson
    from sqlalchemy import text

    from regulars.campaigns.rendering import message_of, outgoing

    with desk.ledger.reading() as connection:
        rows = connection.execute(
            text("SELECT id, address, language, context, template FROM message LIMIT 500")
        ).mappings()
        rendered = [
            outgoing(
                desk, "letter", message_of(desk, "letter", "first"), template=row["template"], message_id=row["id"],
                channel="email", to=row["address"], language=row["language"], context=row["context"],
            )
            for row in rows
        ]  # fmt: skip
    return [orjson.dumps(request(message)) for message in rendered]


async def posted(host: str, bodies: list[bytes], rounds: int = 10) -> Speed:
    """How fast the requests of bare aiohttp leave, as many at once as ours."""
    import aiohttp

    left = iter(bodies * rounds)
    headers = {"Authorization": "Bearer SG.bench", "Content-Type": "application/json"}

    async def post(session: aiohttp.ClientSession) -> None:
        for body in left:
            async with session.post(f"{host}/v3/mail/send", data=body, headers=headers) as response:
                await response.read()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        started, spent = time.perf_counter(), _cpu()
        await asyncio.gather(*(post(session) for _ in range(AT_ONCE)))
        return Speed(len(bodies) * rounds, time.perf_counter() - started, _cpu() - spent)


def by_hand(host: str, letters: int, file: Path) -> Speed:
    """How fast letters leave as a user would write it: render, `sg.send(Mail(…))`, add a row, commit."""
    from jinja2 import Environment
    from sendgrid import SendGridAPIClient
    from sendgrid.helpers.mail import Mail
    from sqlmodel import Session, create_engine

    letter_row, engine = _letter_row(), create_engine(f"sqlite:///{file}")
    letter_row.__table__.create(engine)
    page = "<html><body>" + "<p>Bună, {{ name }}! Ai o reducere: {{ code }}</p>" * 40 + "</body></html>"
    template, client = Environment(autoescape=True).from_string(page), SendGridAPIClient("SG.bench", host=host)
    started, spent = time.perf_counter(), _cpu()
    with Session(engine) as session:
        for number in range(letters):
            to = f"person.{number}@example.com"
            mail = Mail("shop@example.org", to, "Salut", html_content=template.render(name="Ana", code=f"C{number}"))
            answer = client.send(mail)
            session.add(letter_row(address=to, status=answer.status_code))
            session.commit()
    return Speed(letters, time.perf_counter() - started, _cpu() - spent)


@cache
def _letter_row() -> Any:
    """The table of who writes that loop."""
    from sqlmodel import Field, SQLModel

    class SentLetter(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        address: str
        status: int

    return SentLetter


def lay(root: Path, people: int) -> None:
    """A project with `people` customers of three languages who may all be written to, and one campaign for them."""
    (root / "data").mkdir(parents=True)
    shutil.copytree(REPOSITORY / "templates", root / "templates")
    rules = without_feelings((REPOSITORY / "rules.yaml").read_text(encoding="utf-8"))
    lines = (line for line in rules.splitlines() if not line.lstrip().startswith(("first: [", "holdout:")))
    (root / "rules.yaml").write_text("\n".join(lines), encoding="utf-8")
    (root / "campaigns").mkdir()
    (root / "campaigns" / "letter.yaml").write_text(CAMPAIGN, encoding="utf-8")
    with (root / "data" / "customers.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for number in range(people):
            language = ("ro", "ro", "ru", "en")[number % 4]
            name = ("Ana", "Ștefan", "Олег", "Kate", "")[number % 5]
            rows.writerow(
                [
                    *(f"c{number}", name, "Popa", f"person.{number}@example.com", "", "RO", language, ""),
                    *("1990-05-05", "2020-01-01", "yes", "yes"),
                ]
            )
    others = {
        "orders": "order_id,customer_id,ordered_at,total,discount,coupon_code,status\no1,c1,2025-01-01,10,0,,paid\n",
        "order_lines": "line_id,order_id,customer_id,ordered_at,category\nl1,o1,c1,2025-01-01,coffee\n",
        "points": "batch_id,customer_id,points,earned_at,expires_on\np1,c1,10,2025-01-01,2027-01-01\n",
    }
    for table, text in others.items():
        (root / "data" / f"{table}.csv").write_text(text, encoding="utf-8")


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update({name: value for name, value in values.items() if value})
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
