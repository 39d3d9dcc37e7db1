"""The words of a project against its data: what they may name, which days they are for, how many people read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, partial

from regulars.campaigns import calendar, enrich
from regulars.campaigns.steps import Step
from regulars.errors import RegularsError
from regulars.lang.campaign import EVERYBODY
from regulars.lang.problems import Problems
from regulars.lang.project import Project
from regulars.people.formulas import Formula
from regulars.people.snapshot import Snapshot, SnapshotTaker
from regulars.people.vocabulary import Vocabulary

SOON = timedelta(days=7)
"""How long before a campaign runs its words for that day are asked for."""


@dataclass
class WordChecks:
    """Checks the words of `project` as of `today`."""

    project: Project
    vocabulary: Vocabulary
    steps: Mapping[str, Step]
    today: date

    def tell(self, problems: Problems) -> None:
        """Add what is wrong with the words to `problems`."""
        from regulars.words import inspect

        # Without the columns of customers no variable can be called unknown.
        known, campaigns = self.vocabulary.source.has("customers"), self.project.campaigns
        around = inspect.Surroundings(
            set(self.vocabulary.fields) - self.vocabulary.modelled - self.vocabulary.entered.keys(),
            {
                name: columns
                for name, campaign in campaigns.items()
                if (columns := enrich.added(campaign.enrich, self.steps)) is not None
            },
            self._columns(),
            {name: partial(self._readers, name) for name in campaigns},
            self._next_days(),
            self.today,
        )
        for one in inspect.problems(self.project, around):
            if known or one.code != "unknown-variable":
                problems.add(one.code, one.position, one.sentence, one.way_out, one.level)

    def _columns(self) -> dict[str, set[str]]:
        source = self.vocabulary.source
        walked = {name: one.for_each for name, one in self.project.campaigns.items() if one.for_each is not None}
        return {name: set(source.fields(str(each.row))) for name, each in walked.items() if source.has(str(each.row))}

    def _next_days(self) -> dict[str, date]:
        found = {}
        for name, campaign in self.project.campaigns.items():
            day = calendar.next_day(campaign.schedule, self.today)
            over = campaign.ends is not None and day is not None and day > campaign.ends.on
            if day is not None and day <= self.today + SOON and not over:
                found[name] = day
        return found

    def _readers(self, name: str) -> dict[str, int] | None:
        """How many people of the audience have which language; of all customers where rows decide."""
        campaign, customer = self.project.campaigns[name], self.vocabulary.rules.source.customer
        if self._snapshot is None or customer.language is None:
            return None
        which = "true"
        if campaign.audience is not EVERYBODY:
            condition = self.vocabulary.condition(campaign.audience, campaign.row)
            if (
                condition is None
                or self.vocabulary.asks_ledger(condition)
                or condition.names & self.vocabulary.on_models
            ):
                return None
            if not any(read.startswith("row.") for read in condition.names):
                which = Formula(self.today, {})(condition.tree)
        counted = self.vocabulary.source.connection.execute(
            f"select coalesce(language, ''), count(*) from {self._snapshot.relation} where {which} group by 1"
        )
        return dict(counted.fetchall())

    @cached_property
    def _snapshot(self) -> Snapshot | None:
        """Everybody, where people are in files and nothing is wrong with them."""
        source = self.vocabulary.source
        if not source.in_files or self.vocabulary.problems.errors or self.vocabulary.uses_ledger:
            return None
        try:
            return SnapshotTaker(source.root, source, self.vocabulary, self.today).take(None)
        except RegularsError:
            return None  # whoever asks for these people next is told why there are none
