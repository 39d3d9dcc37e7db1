"""A small shop with as many customers as a test wants, and one campaign whose letters are all planned and due."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

from faults import letters
from regulars import clock
from regulars.campaigns import running
from regulars.campaigns.desk import Desk
from small_shop import SmallShop

LANGUAGES = ("ro", "ru", "en")
CITIES = ("Cluj", "", "Iași")
"""One customer in three has no city, and a letter that says something else: so there are several skeletons."""
GREETING = "{% if customer.city %}Ce mai e nou la {{ customer.city }}?{% else %}Noutăți{% endif %}"
_NOBODY_ASKS = {"REGULARS_CHANNEL": "", "SENDGRID_API_KEY": "", "TWILIO_ACCOUNT_SID": ""}


@dataclass(frozen=True)
class Laid:
    """A project with planned messages. `ledger`: a PostgreSQL address, or empty for SQLite in the project."""

    root: Path
    people: int
    ledger: str = ""
    channel: str = "email"
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """Where a SQLite ledger stands."""
        return self.root / ".regulars" / "ledger.sqlite"

    @property
    def environment(self) -> dict[str, str]:
        """What a worker is started with."""
        return {**self.settings, "REGULARS_LEDGER": self.ledger, "REGULARS_SECRET_KEY": "of the fault harness"}

    @contextmanager
    def desk(self, *, looking: bool = False) -> Iterator[Desk]:
        """The project opened in this process."""
        with (
            mock.patch.dict(os.environ, {**_NOBODY_ASKS, **self.environment}),
            Desk.open(self.root, looking=looking) as desk,
        ):
            yield desk


def lay(
    root: Path,
    people: int,
    settings: Mapping[str, str],
    *,
    ledger: str = "",
    channel: str = "email",
    poisoned: int = 0,
    planned: bool = True,
    guards: str = "",
    at: datetime | None = None,
) -> Laid:
    """Write the project and run its campaign, so that everybody's letter waits in the outbox.

    Every `poisoned`-th address is one that the provider refuses (0: none). `planned`: False leaves out the run.
    """
    shop = SmallShop(root, guards=guards)
    for number in range(people):
        bad = letters.POISON if poisoned and number % poisoned == poisoned // 2 else "person"
        shop.customer(
            f"c{number:07}",
            email=f"{bad}.{number}@example.com",
            phone=f"+4070{number % 10_000_000:07}",
            language=LANGUAGES[number % 3],
            city=CITIES[number // 3 % 3],
        )
    shop.campaign("news", messages=f"[{{send: {channel}, template: news/one, subject: Salut}}]", send_within="14 days")
    shop.words("news/one", offer=GREETING)
    shop.write()
    laid = Laid(root, people, ledger, channel, settings)
    with laid.desk() as desk:
        if planned:
            plan(desk, at or clock.now() - timedelta(minutes=1))
        desk.ledger.salt("ledger")
        desk.people(clock.now())
    return laid


def plan(desk: Desk, at: datetime) -> int:
    """Run the campaign; how many entered."""
    with clock.frozen(at):
        selected = running.select(desk, "news", at)
        for chunk in range(selected.chunks):
            running.enrol(desk, selected.run_id, chunk)
        if not selected.stopped:
            running.finish(desk, selected.run_id)
    return selected.enter
