"""A small shop that sends, on either ledger; a ledger that can be put back; providers that tell."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import shop_days as days
from regulars.campaigns import hearing
from regulars.channels import registry, sendgrid_events
from regulars.channels.contract import Outgoing
from regulars.ledger.inbox import Inbox, Post
from regulars.testing import FakeChannel
from small_shop import SmallShop


@dataclass
class Backup:
    """Copies of a shop's ledger: of the file, or of the whole PostgreSQL database."""

    folder: Path
    database: str = ""
    ask: Callable[[str], object] = print

    def keep(self) -> None:
        """Make a copy of the ledger as it is now."""
        if self.database:
            self.ask(f"CREATE DATABASE {self.database}_copy TEMPLATE {self.database}")
        else:
            shutil.copy(self.folder / "ledger.sqlite", self.folder / "copy")

    def put_back(self) -> None:
        """The copy takes the ledger's place."""
        if self.database:
            self.ask(f"DROP DATABASE {self.database} WITH (FORCE)")
            self.ask(f"ALTER DATABASE {self.database}_copy RENAME TO {self.database}")
            return
        for ending in ("-wal", "-shm"):
            (self.folder / f"ledger.sqlite{ending}").unlink(missing_ok=True)
        shutil.copy(self.folder / "copy", self.folder / "ledger.sqlite")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def backup(request: pytest.FixtureRequest, shop: SmallShop, monkeypatch: pytest.MonkeyPatch) -> Backup:
    """The shop's ledger is in a file, or in PostgreSQL."""
    if request.param == "sqlite":
        return Backup(shop.root / ".regulars")
    import psycopg

    url, server = request.getfixturevalue("postgres_url"), request.getfixturevalue("postgres_server")
    monkeypatch.setenv("REGULARS_LEDGER", url)

    def ask(statement: str) -> None:
        with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    with psycopg.connect(url) as connection:
        return Backup(shop.root / ".regulars", connection.info.dbname, ask)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeChannel:
    """A channel in memory for everything that is delivered, and asked afterwards."""
    channel = FakeChannel()
    monkeypatch.setattr(registry, "channel_for", lambda *_: channel)
    return channel


def tell(shop: SmallShop, when: str, word: str, *letters: Outgoing) -> None:
    """SendGrid tells of letters as they travelled, and it is expanded."""
    with days.opened(shop, when) as (desk, moment):
        events = [_event(letter, word, moment.timestamp()) for letter in letters]
        body = json.dumps(events).encode()
        with Inbox.open(desk.settings.ledger, desk.folder) as inbox:
            inbox.keep([Post("sendgrid", sendgrid_events.digest(body), body)])
        hearing.expand(desk)


def _event(letter: Outgoing, word: str, at: float) -> dict[str, Any]:
    told = {"email": letter.to, "timestamp": int(at), "event": word, "sg_event_id": f"{word}-{letter.attempt_id}"}
    told |= {"sg_message_id": "14c5d75ce93.dfd.64b469.filter0001", "regulars_mid": letter.message_id}
    told["sg_event_id"] += letter.message_id
    return told | {
        "regulars_att": letter.attempt_id,
        "regulars_led": letter.ledger_id,
        "regulars_key": letter.same,
    }


Tell = Callable[..., None]


@pytest.fixture(name="tell")
def _tell(shop: SmallShop) -> Tell:
    """`tell("2026-02-01 12:00", "delivered", *fake.arrived)`."""
    return lambda when, word, *letters: tell(shop, when, word, *letters)
