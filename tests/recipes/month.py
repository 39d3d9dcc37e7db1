"""A month of a small shop with one recipe of the documentation: every run, follow-up and delivery, each at its time.

    month = Month(tmp_path, "birthday", "2026-08-01")
    month.shop.customer("ana", birthday="1990-08-05")
    assert month.lived() == {"ana": ["Wed 5 Aug 10:00 email gift"]}

The shop's rules, the campaign and its words are the text of docs/recipes/; nothing is written twice. Words that a page
does not show are laid for it. Every run that enters somebody is made again at once, as somebody impatient would, and
must enter nobody.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from shutil import copytree
from typing import Any
from zoneinfo import ZoneInfo

import shop_days as days
from pages import REPOSITORY, Block, blocks
from regulars import clock
from regulars.campaigns import followups, running
from regulars.campaigns.checking.check import check
from regulars.campaigns.deliver import deliver
from regulars.campaigns.desk import Desk
from regulars.campaigns.trying.rehearsal import hurry, time_of
from regulars.lang.project import load
from regulars.ledger import consent
from regulars.measure import trials
from small_shop import ZONE, SmallShop, at

RECIPES = REPOSITORY / "docs" / "recipes"
TABLES = {
    "order_lines": ("line_id", "customer_id", "ordered_at", "product", "category"),
    "deliveries": ("parcel_id", "customer_id", "delivered_at", "product", "returned"),
    "points": ("batch_id", "customer_id", "earned_at", "points", "expires_on"),
    "due": ("due_id", "customer_id", "due_on", "product"),
    "price_drops": ("drop_id", "customer_id", "dropped_on", "product", "price"),
}
"""The recipes' tables beside customers and orders, by the names of their files."""
SALTS = {"arms": "0" * 32, "addresses": "1" * 32}
"""Not drawn, so that always the same people are held out."""
EVENING = time(20)


def page(name: str) -> list[Block]:
    """The code blocks of a page of docs/recipes."""
    return blocks((RECIPES / f"{name}.md").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Row:
    """A row of a table, in its file from the day `known` on and before the day `gone`."""

    known: str
    gone: str
    columns: dict[str, Any]

    def lies_there(self, day: str) -> bool:
        return self.known <= day < self.gone


@dataclass
class RecipeShop(SmallShop):
    """A small shop with the tables of the recipes' rules.yaml; a row is in its file from the day it is known on."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in TABLES})
    today: str = "9999-12-31"
    _row_numbers: Any = field(default_factory=lambda: count(1))

    def row(self, table: str, customer_id: str, known: str = "", gone: str = "9999", **columns: Any) -> str:
        """A row of one of `TABLES`, known on the day it happened unless said otherwise; returns its id."""
        own_id, _, happened = TABLES[table][:3]
        row = {own_id: f"{table[0]}{next(self._row_numbers)}", "customer_id": customer_id} | columns
        self.rows[table].append(Row(known or str(row[happened])[:10], gone, row))
        return str(row[own_id])

    def write(self) -> None:
        """Write rules and the data of today."""
        super().write()
        for table, columns in TABLES.items():
            rows = [row.columns for row in self.rows[table] if row.lies_there(self.today)]
            self._csv(f"data/{table}.csv", columns, rows)

    def is_new(self, day: str) -> bool:
        """Whether a row comes or goes on `day`."""
        return any(day in (row.known, row.gone) for rows in self.rows.values() for row in rows)

    def lay(self, shown: list[Block]) -> None:
        """Write the files that a page shows; then words for the templates that its campaign names and it does not."""
        files = {block.file: block.text for block in shown if block.file.startswith(("campaigns/", "templates/"))}
        for name, text in files.items():
            self._write(name, text)
        for campaign in load(self.root)[0].campaigns.values():
            for message in campaign.messages:
                for template in {str(name) for name in message.template.names if "{" not in name}:
                    self.words(template, offer="{{ survey.link }}" if message.survey else "")
        for name, text in files.items():
            self._write(name, text)


class Month:
    """Days of a shop that has taken over one recipe.

    `watched`: moments of each day at which the outbox is looked after, beside those of the schedules and the evening.
    """

    def __init__(self, root: Path, recipe: str, first: str, length: int = 31, watched: tuple[str, ...] = ()) -> None:
        self.shop = RecipeShop(root)
        self.shop.rules = next(block.text for block in page("README") if block.file == "rules.yaml")
        self.recipe, self.first, self.length = recipe, date.fromisoformat(first), length
        self.watched = [*(time.fromisoformat(moment) for moment in watched), EVENING]
        self.ran: list[running.Selected] = []
        self._mornings: dict[str, list[Callable[[Desk], None]]] = {}

    def on(self, day: str, happens: Callable[[Desk], None]) -> None:
        """Early on `day` something happens in the shop."""
        self._mornings.setdefault(day, []).append(happens)

    def words_appear(self, day: str, template: str) -> None:
        """On the morning of `day` somebody puts these words into the folder of templates."""
        self.on(day, lambda _: self.shop.words(template))

    def says_no(self, day: str, customer: str, channel: str, topic: str = "") -> None:
        """Early on `day` a customer asks not to be written to on a channel any more, or not about a topic."""

        def said(desk: Desk) -> None:
            with desk.ledger.writing() as connection:
                moment = at(f"{day} 00:10")
                consent.record(connection, customer, channel, moment, given=False, source="test", topic=topic)

        self.on(day, said)

    def lived(self) -> dict[str, list[str]]:
        """Live through the month; what each customer got, such as `Wed 5 Aug 10:00 email gift`, in order."""
        self._lay()
        desk = self.shop.desk()
        for number in range(self.length):
            day = self.first + timedelta(days=number)
            self.shop.today = day.isoformat()
            mornings = self._mornings.get(self.shop.today, [])
            for happens in mornings:
                happens(desk)
            if mornings or self.shop.is_new(self.shop.today):
                desk.close()
                desk = self.shop.desk()
            hurry(desk)
            self._day(desk, day)
        desk.close()
        return self.got()

    def got(self) -> dict[str, list[str]]:
        """Of everybody who got something: when by the shop's clock, by which channel, which message."""
        told: dict[str, list[str]] = {}
        for row in self._sent():
            moment = datetime.fromisoformat(row["sent_at"]).replace(tzinfo=UTC).astimezone(ZoneInfo(ZONE))
            told.setdefault(row["customer_id"], []).append(
                f"{moment:%a} {moment.day} {moment:%b %H:%M} {row['channel']} {row['name']}"
            )
        return told

    def templates(self, customer: str) -> list[str]:
        """The words of each message that somebody got, in order."""
        return [row["template"] for row in self._sent() if row["customer_id"] == customer]

    def texts(self, customer: str) -> list[str]:
        """What each message that somebody got says, in order: the plain text of e-mails."""
        return [self._text(row["id"]) for row in self._sent() if row["customer_id"] == customer]

    def withheld(self) -> dict[str, int]:
        """How many times a run kept somebody from a first message, by reason."""
        found: dict[str, int] = {}
        for ran in self.ran:
            for reason, number in ran.withheld.items():
                found[reason] = found.get(reason, 0) + number
        return dict(sorted(found.items()))

    def codes(self, customer: str) -> list[dict[str, Any]]:
        """The codes somebody was given, in order."""
        found = days.rows(self.shop, "code", order="issued_at")
        return [row for row in found if row["customer_id"] == customer]

    def _sent(self) -> list[dict[str, Any]]:
        rows = days.rows(self.shop, "message", "*", "sent_at, customer_id, id")
        sent = [row for row in rows if row["sent_at"] is not None]
        assert {row["state"] for row in sent} <= {"accepted", "clicked"}
        files = [path for path in (self.shop.root / ".regulars" / "outbox").rglob("*.*") if path.is_file()]
        assert len(files) == len(sent), "as many files as messages that count as sent"
        return sent

    def _text(self, message_id: str) -> str:
        (path,) = (self.shop.root / ".regulars" / "outbox").rglob(f"{message_id}.*")
        text = path.read_text(encoding="utf-8")
        return text if path.suffix == ".txt" else text.split("text/plain", 1)[1].split("text/html", 1)[0]

    def _lay(self) -> None:
        self.shop.today = self.first.isoformat()
        self.shop.write()
        copytree(REPOSITORY / "templates" / "layout", self.shop.root / "templates" / "layout", dirs_exist_ok=True)
        self.shop.lay(page(self.recipe))
        (self.shop.root / ".regulars").mkdir()
        (self.shop.root / ".regulars" / "salts.json").write_text(json.dumps(SALTS), encoding="utf-8")
        with clock.frozen(at(f"{self.first} 00:05")):
            problems = check(self.shop.root)
        assert not problems.errors, [f"{one.position} {one.sentence}" for one in problems.sorted()]

    def _day(self, desk: Desk, day: date) -> None:
        at_time: dict[time, list[str]] = {moment: [] for moment in self.watched}
        for name in running.due(desk, at(f"{day} 12:00")):
            schedule = desk.campaign(name).schedule
            times = list(at_time) if schedule.kind in ("every", "cron") else [time_of(schedule)]
            for moment in times:
                at_time.setdefault(moment, []).append(name)
        for moment, names in sorted(at_time.items()):
            self._moment(desk, datetime.combine(day, moment, ZoneInfo(ZONE)), names)

    def _moment(self, desk: Desk, moment: datetime, names: list[str]) -> None:
        with clock.frozen(moment):
            for name in names:
                self.ran.append(days.run_one(desk, name, moment))
                if self.ran[-1].enter:
                    assert days.run_one(desk, name, moment).enter == 0, "a second run enters nobody"
            followups.advance(desk, moment, trials.decide)
            for channel in ("email", "sms"):
                while deliver(desk, channel, 100, moment, "test").claimed:
                    pass
