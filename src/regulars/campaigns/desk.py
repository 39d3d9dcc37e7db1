"""The desk: one project opened for work, with its data, its ledger and its words at hand."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from regulars.campaigns import calendar
from regulars.campaigns.foresight import Foresight
from regulars.errors import ProjectError
from regulars.lang.campaign_checks import NONE
from regulars.lang.conditions import read
from regulars.lang.expressions import Expression
from regulars.lang.model import Campaign, Rules
from regulars.lang.problems import Problems
from regulars.lang.project import Project, load
from regulars.lang.written import Written
from regulars.people import engine, entries, orders
from regulars.people.orders import Totals
from regulars.people.snapshot import Snapshot, SnapshotTaker
from regulars.people.source import Source
from regulars.people.traits import Counting
from regulars.people.vocabulary import Vocabulary
from regulars.settings import Settings

if TYPE_CHECKING:
    from regulars.campaigns.steps import Step
    from regulars.ledger.store import Ledger
    from regulars.words.links import Links
    from regulars.words.render import Words


FEW = 10_000
"""Rows of a table that may be held beside DuckDB, to be compared with those that come."""


class ProblemsFoundError(ProjectError):
    """The project has problems that stop everything; `problems` holds them all."""

    def __init__(self, problems: Problems) -> None:
        errors = len(problems.errors)
        super().__init__(
            f"{errors} problem{'' if errors == 1 else 's'} in the project's files. Nothing was sent.",
            "`regulars check` shows them.",
        )
        self.problems = problems


@dataclass
class Desk:
    """A project opened for work. Nothing is read before it is asked for; `close` (or `with`) gives everything back.

    `looking`: for plan, why and report, which never write to the ledger.
    """

    root: Path
    project: Project
    settings: Settings
    problems: Problems
    looking: bool = False
    exports_codes: bool = True
    """Whether codes that are made are laid in files for the shop's checkout."""
    foresight: Foresight = field(default_factory=Foresight)
    _conditions: dict[tuple[Written, str, bool], Expression] = field(default_factory=dict)
    _laid: dict[str, pa.Table] = field(default_factory=dict)
    _brought: set[str] = field(default_factory=set)
    _read: dict[tuple[str, tuple[str, ...]], dict[str, set[str]]] = field(default_factory=dict)
    _spoken: dict[tuple[str, ...], Words] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _snapshots: dict[tuple[date, str, frozenset[str]], Snapshot] = field(default_factory=dict)

    @classmethod
    def open(cls, root: Path, *, looking: bool = False) -> Desk:
        """Open the project in `root`; raises ProblemsFoundError when its files have errors."""
        project, problems = load(root)
        if project is None or problems.errors:
            raise ProblemsFoundError(problems)
        return cls(root, project, Settings.of(root), problems, looking)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the ledger and of DuckDB."""
        if "ledger" in self.__dict__:
            self.ledger.close()
        if "source" in self.__dict__:
            self.source.connection.close()

    @property
    def everybody(self) -> Desk:
        """The desk of all customers: this one, unless it is the desk of one of them."""
        return self

    @property
    def rules(self) -> Rules:
        """`rules.yaml`."""
        return self.project.rules

    @property
    def zone(self) -> str:
        """The shop's time zone."""
        return str(self.rules.shop.timezone)

    @property
    def folder(self) -> Path:
        """`.regulars/`, which is ours alone."""
        folder = self.root / ".regulars"
        folder.mkdir(exist_ok=True)
        return folder

    def campaign(self, name: str) -> Campaign:
        """The campaign called `name`; raises ProjectError with the nearest names when there is none."""
        import difflib

        if name in self.project.campaigns:
            return self.project.campaigns[name]
        near = difflib.get_close_matches(name, self.project.campaigns, 1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        raise ProjectError(
            f"There is no campaign `{name}`.{hint}", f"Campaigns: {', '.join(self.project.campaigns) or 'none yet'}."
        )

    def day(self, moment: datetime) -> date:
        """The shop's calendar day of `moment`."""
        return calendar.day_of(moment, self.zone)

    @cached_property
    def source(self) -> Source:
        """The shop's data, opened; raises ProblemsFoundError when a table or column is missing."""
        source = Source(self.root, self.rules, self.problems).open()
        self._stop_on_errors()
        return source

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Every name a condition may read; raises ProblemsFoundError when the rules do not fit the data."""
        vocabulary = Vocabulary(self.rules, self.source, self.problems).build()
        self._stop_on_errors()
        vocabulary.forecasts = vocabulary.modelled & self._read_anywhere(vocabulary)
        return vocabulary

    def _read_anywhere(self, vocabulary: Vocabulary) -> set[str]:
        """The names that rules and campaigns read: a model is fitted where one of them is its own."""
        names = {name for one in vocabulary.derived for tree in one.expressions for name in tree.names}
        for text in (text for one in self.project.campaigns.values() for text in one.conditions):
            tree = read(text, Problems())
            names |= tree.names if tree is not None else set()
        return names

    def unforeseen(self, snapshot: Snapshot) -> list[str]:
        """What rules and campaigns ask of models and nobody has a number for, with the reason, in words."""
        return snapshot.expected.unforeseen(self.vocabulary.forecasts) if snapshot.expected else []

    @property
    def connection(self) -> engine.Connection:
        """DuckDB in process."""
        return self.source.connection

    @cached_property
    def ledger(self) -> Ledger:
        """What Regulars did and heard."""
        from regulars.ledger.store import Ledger

        url, folder = self.settings.ledger, self.folder
        return Ledger.look(url, folder) if self.looking else Ledger.open(url, folder)

    @cached_property
    def words(self) -> Words:
        """The templates, compiled once."""
        from regulars.words.render import Words

        shop = self.rules.shop
        return Words(self.root, [str(language) for language in shop.languages], shop.fallback, self.shop_words)

    def words_of(self, campaign: str) -> Words:
        """The templates in the languages of one campaign; the same where it names none of its own."""
        own = tuple(str(language) for language in self.campaign(campaign).languages)
        if not own:
            return self.words
        if own not in self._spoken:
            self._spoken[own] = self.words.speaking(own)
        return self._spoken[own]

    @property
    def shop_words(self) -> dict[str, Any]:
        """What templates see as `shop`."""
        shop = self.rules.shop
        return {
            "name": str(shop.name),
            "currency": str(shop.currency),
            "timezone": self.zone,
            "address": str(shop.address),
            "site": str(shop.site or ""),
            "email": str(shop.sender.reply_to or shop.sender.email),
        }

    def read_by(self, template: str, subjects: Sequence[str]) -> dict[str, set[str]]:
        """What a template and these subjects read: `{"customer": {"first_name"}}`; looked at once, like `words`."""
        from regulars.words.inspect import variables

        key = (template, tuple(subjects))
        if key not in self._read:
            self._read[key] = variables(self.words.sources, template, subjects)
        return self._read[key]

    @cached_property
    def links(self) -> Links:
        """Makes the links of messages."""
        from regulars.words.links import Links

        return Links(self.secret(), self.settings.public_url, str(self.rules.shop.site or ""), self._link_number)

    def _link_number(self, url: str) -> int:
        """The number under which the ledger keeps an address that text messages lead to: asked once."""
        from regulars.ledger import destinations

        if url not in self._numbers:
            self._numbers[url] = destinations.number(self.ledger, url)
        return self._numbers[url]

    @cached_property
    def steps(self) -> Mapping[str, Step]:
        """The shop's own steps, by name."""
        from regulars.campaigns.step_files import steps_of

        return steps_of(self.root)

    def condition(self, text: Written, row: str = "", *, answered: bool = False) -> Expression:
        """`text` typed as a condition about a customer; raises ProblemsFoundError when it is none.

        `row`: a table of the source whose columns it may read as `row.COLUMN`. `answered`: it may read `answer`.
        """
        key = (text, row, answered)
        if key not in self._conditions:
            typed = self.vocabulary.condition(text, row, answered=answered)
            if typed is None:
                raise ProblemsFoundError(self.problems)
            self._conditions[key] = typed
        return self._conditions[key]

    def condition_of(self, campaign: Campaign, text: Written) -> Expression:
        """The same of one of a campaign's own conditions, which knows the campaign's row, and its answer below one."""
        return self.condition(text, campaign.row, answered=campaign.hears(text))

    def row_condition(self, table: str, text: Written) -> Expression:
        """`text` typed as a condition about the rows of `table`; raises ProblemsFoundError when it is none."""
        typed = self.vocabulary.row_condition(table, text)
        if typed is None:
            raise ProblemsFoundError(self.problems)
        return typed

    def names_of(self, campaign: str) -> tuple[str, str]:
        """What the ledger may call a campaign: its name, and the one before (`formerly`) or its name again."""
        former = self.campaign(campaign).formerly
        return campaign, str(former) if former is not None and former != NONE else campaign

    def snapshot(self, moment: datetime, *, fresh: bool = False) -> Snapshot:
        """The snapshot of the shop's day of `moment`; raises ProblemsFoundError when the data has errors."""
        return self._snapshot(moment, self.reads_ledger, fresh=fresh)

    def people(self, moment: datetime) -> Snapshot:
        """The same without what the ledger knows.

        For what is asked before every send: each message changes the ledger, and must not make a new snapshot.
        """
        return self._snapshot(moment, reads_ledger=False)

    def as_ruled_now(self, moment: datetime, people: str, names: Collection[str]) -> Snapshot:
        """The people of an earlier moment by the rules of now, as far as `names` (of segments and traits) go.

        `people`: the file of what the source said then, or empty; where it is gone, the source is asked again.
        """
        from regulars.ledger import stages

        day, version = self.day(moment), self.ledger.version() if self.reads_ledger else ""
        known = (lambda: stages.known(self.ledger, day, moment, self.entered)) if self.reads_ledger else None
        taker = SnapshotTaker(self.root, self.source, self.vocabulary, day, version)
        return (taker.again(people, known, names) if people else None) or self.snapshot(moment)

    def _snapshot(self, moment: datetime, reads_ledger: bool, *, fresh: bool = False) -> Snapshot:
        from regulars.ledger import stages

        day, version = self.day(moment), " ".join([self.ledger.version(), *self.entered]) if reads_ledger else ""
        kept = (day, version, self.vocabulary.forecasts)
        if not fresh and kept in self._snapshots:
            return self._snapshots[kept]
        taker = SnapshotTaker(self.root, self.source, self.vocabulary, day, version)
        snapshot = taker.take(
            (lambda: stages.known(self.ledger, day, moment, self.entered)) if reads_ledger else None, fresh=fresh
        )
        for found in snapshot.findings:
            self.problems.add(found.code, found.position, found.sentence, found.way_out, found.level)
        self._stop_on_errors()
        self._snapshots[kept] = snapshot
        return snapshot

    def order_totals(self, moment: datetime) -> Totals:
        """What all orders that count add up to, up to the end of the day of `moment`; kept beside the day's people."""
        return orders.kept_totals(self.snapshot(moment), lambda: Counting(self.vocabulary, self.day(moment)))

    def placed(self, since: datetime, until: datetime, customers: Sequence[str] | None = None) -> pa.Table:
        """Orders that count after `since` and up to `until`, of `customers` or of everybody; see `people.orders`.

        Those that the shop told us of by `POST /orders` are among them until its data has them.
        """
        from regulars.campaigns.crediting import bought

        return bought.placed(Counting(self.vocabulary, self.day(until)), self.ledger, since, until, customers)

    @cached_property
    def entered(self) -> entries.Entered:
        """The traits of the form `entered_lapsed` that any rule or campaign may read."""
        return entries.mentioned(self.vocabulary.entered, self.project.texts.values())

    def snapshot_for(self, moment: datetime, asked: Iterable[Expression]) -> Snapshot:
        """The snapshot, with what the ledger knows where a condition that is `asked` beside the rules reads it."""
        reads = self.reads_ledger or any(self.vocabulary.asks_ledger(one) for one in asked)
        return self._snapshot(moment, reads)

    @cached_property
    def reads_ledger(self) -> bool:
        """Whether any rule or campaign reads what the ledger knows, so that a snapshot stands for its version alone."""
        if self.entered:
            return True
        from regulars.people.vocabulary import LEDGER_FACTS

        if self.vocabulary.uses_ledger:
            return True
        texts = [(campaign, text) for campaign in self.project.campaigns.values() for text in campaign.conditions]
        return any(self.condition_of(campaign, text).names & LEDGER_FACTS.keys() for campaign, text in texts)

    def _stop_on_errors(self) -> None:
        if self.problems.errors:
            raise ProblemsFoundError(self.problems)

    def secret(self) -> str:
        """The key that signs links: from the environment, else a random one of this project."""
        if key := self.settings.secret_key.get_secret_value():
            return key
        path = self.folder / "secret"
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
        return path.read_text().strip()

    def ask(self, sql: str, batch: pa.Table) -> pa.Table:
        """The result of a step's query over `batch` and the shop's tables."""
        if not self.source.in_files:
            for table in self.rules.source.tables:
                if re.search(rf"\b{re.escape(str(table))}\b", sql):
                    self._bring(str(table))
        return self.arrow(sql, batch=batch)

    def _bring(self, table: str) -> None:
        """Copy a table of the shop's database into DuckDB, once, because a step asks for it."""
        if table not in self._brought:
            self.source.keep(table, self.source.expression(table))
            self._brought.add(table)

    def keep(self, name: str, rows: pa.Table) -> None:
        """Leave `rows` in DuckDB as the temporary table `name`, which nobody else makes; unless they lie there yet."""
        laid = self._laid.pop(name, None)
        if laid is None or not laid.equals(rows):
            engine.keep(self.connection, name, rows)
        if rows.num_rows <= FEW:
            self._laid[name] = rows

    def arrow(self, sql: str, **tables: pa.Table) -> pa.Table:
        """The result of `sql` in DuckDB, with Arrow tables registered under their names meanwhile."""
        for name, table in tables.items():
            self.connection.register(name, table)
        try:
            return self.connection.execute(sql).to_arrow_table()
        finally:
            for name in tables:
                self.connection.unregister(name)
