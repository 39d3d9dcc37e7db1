"""A small shop whose messages have gone out, and a browser at its web app."""

from __future__ import annotations

import csv
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import text

import shop_days as days
from regulars.channels import registry
from regulars.testing import FakeChannel
from regulars.web import listening
from regulars.web.app import create
from regulars.web.house import House
from small_shop import SmallShop

DAY, NEXT_DAY = "2026-02-01 10:00", "2026-02-02 10:30"
PUBLIC = "https://m.casaverde.example"
SITE = "https://casaverde.example"
TOPIC = "new_products"
MESSAGES = "[{send: email, template: news/one, subject: Salut}, {send: sms, after: 1 day, template: news/two}]"


@dataclass
class Visit:
    """The app of a shop, a browser at it, and what the ledger says."""

    shop: SmallShop
    app: FastAPI
    browser: httpx.Client
    arrived: list[Any]

    @property
    def house(self) -> House:
        return self.app.state.house

    def message(self, customer: str, campaign: str = "hello", channel: str = "email") -> str:
        """The id of a customer's message."""
        where = f"customer_id = '{customer}' and campaign = '{campaign}' and channel = '{channel}'"
        return str(self.rows(f"select id from message where {where}")[0]["id"])

    def path(self, purpose: str, customer: str, campaign: str = "hello", channel: str = "email") -> str:
        """The path of a link to one of our pages."""
        return f"/{purpose[0]}/{self.house.links.token(purpose, self.message(customer, campaign, channel))}"

    def said(self) -> list[tuple[str, str, str, bool]]:
        """Everything that was said, in order: customer, channel, topic, given."""
        found = self.rows("select customer_id, channel, topic, given from consent order by at, topic")
        return [(row["customer_id"], row["channel"], row["topic"], bool(row["given"])) for row in found]

    def wordings(self) -> list[str]:
        """The sentences that were agreed to."""
        return [row["wording"] for row in self.rows("select wording from consent order by at, topic")]

    def rows(self, query: str) -> list[dict[str, Any]]:
        """What the ledger answers."""
        with self.house.ledger.reading() as connection:
            return [dict(row) for row in connection.execute(text(query)).mappings()]


def lay(root: Path, ledger_url: str = "") -> list[Any]:
    """Two days of a shop in `root`; every message that went out.

    Ana (ro), Lena (ru), Tom (en) got `hello`, which asks whether they recommend the shop, and
    `news` by e-mail and SMS, whose topic is `new_products`.
    """
    shop, channel = SmallShop(root), FakeChannel()
    for customer, language in (("ana", "ro"), ("lena", "ru"), ("tom", "en")):
        shop.customer(customer, language=language)
    shop.campaign("hello", messages="[{send: email, template: hello/one, subject: Salut, survey: nps}]")
    shop.words("hello/one", offer="{{ survey.link }}/9")
    shop.campaign("news", topic=TOPIC, messages=MESSAGES)
    for language in ("ro", "ru", "en"):
        words = "{{ shop.name }}: {{ links.shop }} {{ links.preferences }}\n"
        (root / f"templates/news/two.{language}.sms").write_text(words, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "channel_for", lambda *_: channel)
        surround(patch, ledger_url)
        days.live(shop, DAY, "hello", "news")
        days.live(shop, NEXT_DAY)
    return channel.arrived


def surround(patch: pytest.MonkeyPatch, ledger_url: str) -> None:
    """The environment of a shop that people reach."""
    patch.setenv("REGULARS_LEDGER", ledger_url)
    patch.setenv("REGULARS_PUBLIC_URL", PUBLIC)
    patch.setenv("REGULARS_SECRET_KEY", "a key of the tests")


@contextmanager
def visited(root: Path, arrived: list[Any]) -> Iterator[Visit]:
    """The app of the laid shop in `root`, and a browser at it."""
    app = create(root)
    with served(app) as address, httpx.Client(base_url=address, trust_env=False) as browser:
        yield Visit(shop_in(root), app, browser, arrived)


def shop_in(root: Path) -> SmallShop:
    """The shop whose files lie in `root`, its people read back: for further campaigns."""
    shop = SmallShop(root)
    with (root / "data/customers.csv").open(encoding="utf-8") as file:
        shop.customers = list(csv.DictReader(file))
    return shop


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address of the app on a real port, served as `regulars web` does it."""
    server = uvicorn.Server(listening.config(app))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while thread.is_alive() and not server.started:
                time.sleep(0.005)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
