"""What a plan of several campaigns foresees: by the time a later one runs, those before it will have sent theirs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa


@dataclass
class Foresight:
    """Empty outside a plan, where only what the ledger knows counts."""

    campaigns: set[str] = field(default_factory=set)
    """Campaigns that will have run: whom they took is in `sent`, and they take nobody else."""
    sent: list[pa.Table] = field(default_factory=list)
    """Messages they will have planned: rows as `ledger.facts.sent_days` gives them."""
    given: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """Budget (its row's key) → what they will have given, in hundredths of the shop's currency."""
    decided: dict[tuple[str, datetime], str] = field(default_factory=dict)
    """(campaign, moment) → its decision table, where it was asked because it goes first.

    Those behind it in line leave it what it takes, so its decisions of that moment stand while they run; but only
    where nobody else writes meanwhile: see `keeps`.
    """
    keeps: bool = False
    """Whether decisions are kept: in a rehearsal, which has its ledger to itself."""

    def add(self, campaign: str, messages: pa.Table) -> None:
        """`campaign` will have run and planned `messages` (rows as `ledger.facts.sent_days` gives them)."""
        self.campaigns.add(campaign)
        self.sent.append(messages)

    def with_foreseen(self, sent_days: pa.Table) -> pa.Table:
        """`sent_days` of the ledger with what is foreseen."""
        return pa.concat_tables([sent_days, *(one.cast(sent_days.schema) for one in self.sent)])

    @contextmanager
    def during(self) -> Iterator[Foresight]:
        """A plan begins with an empty day and leaves none behind."""
        self.forget()
        try:
            yield self
        finally:
            self.forget()

    def forget(self) -> None:
        """A new day."""
        self.campaigns, self.sent, self.given, self.decided = set(), [], {}, {}
