"""A desk for one customer: their row of a day, their rows of every table, their page of the ledger.

Whatever asks a desk about everybody can be handed this one, and reads nothing of anybody else.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, Self

from regulars import clock
from regulars.campaigns.desk import Desk
from regulars.campaigns.foresight import Foresight
from regulars.campaigns.reach import country_of
from regulars.campaigns.select import before_in_line
from regulars.campaigns.whom import Somebody
from regulars.people.addresses import email_address, phone_number
from regulars.people.engine import name as quoted
from regulars.people.person import PersonSnapshot, PersonSource, PersonTaker, asks_everybody, needed
from regulars.people.snapshot import Snapshot

if TYPE_CHECKING:
    from regulars.ledger.entered import Entry


@dataclass
class PersonDesk(Desk):
    """A desk on which `person` is the only customer, made from another desk that it shares DuckDB with.

    It has no row before one is laid.
    """

    person: Somebody = field(default_factory=lambda: Somebody(""))
    whole: Desk | None = None
    """The desk it was made from."""
    read_at: datetime | None = None
    """When the source said what the row holds; None where that is not known."""
    own: PersonSource = field(init=False)
    """Their own rows of the shop's tables."""
    addresses: dict[str, str] = field(default_factory=dict)
    """Channel → the address that can be written to; none where there is no good one."""
    hashes: dict[str, str] = field(default_factory=dict)
    """Channel → how the ledger remembers the address."""
    _scratch: Path | None = None
    _row: PersonSnapshot | None = None

    @classmethod
    def of(cls, desk: Desk, person: Somebody, until: datetime | None = None) -> Self:
        """The desk of `person`, with the ledger as it stood just before `until`, or as it stands now."""
        from regulars.ledger.consent import address_hash
        from regulars.ledger.forgotten import customer_hash
        from regulars.ledger.page import page_of

        alone = cls(desk.root, desk.project, desk.settings, desk.problems, looking=True, person=person, whole=desk)
        alone.foresight = Foresight(keeps=True)
        alone.own = PersonSource.of(desk.source, person.customer)
        alone.addresses = _addresses(desk, person)
        salt = desk.ledger.salt("addresses")
        alone.hashes = {channel: address_hash(salt, address) for channel, address in alone.addresses.items()}
        vars(alone).update(
            source=alone.own,
            vocabulary=replace(desk.vocabulary, source=alone.own),
            words=desk.words,
            ledger=page_of(
                desk.ledger, person.customer, [*alone.hashes.values(), customer_hash(salt, person.customer)], until
            ),
        )
        return alone

    @property
    def everybody(self) -> Desk:
        """The desk it was made from: what all customers come to is asked there."""
        return self.whole or self

    @property
    def folder(self) -> Path:
        """A folder of its own: what is kept for everybody is neither read nor written."""
        if self._scratch is None:
            self._scratch = Path(mkdtemp(prefix="regulars-"))
        return self._scratch

    def close(self) -> None:
        """Let go of the page; DuckDB stays with the desk it is shared with."""
        self.ledger.close()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def snapshot(self, moment: datetime, *, fresh: bool = False) -> Snapshot:  # noqa: ARG002  # the signature of a desk
        """The row that was laid last, whatever the moment."""
        if self._row is None:
            raise RuntimeError("no row was laid")
        return self._row

    def people(self, moment: datetime) -> Snapshot:
        """The same."""
        return self.snapshot(moment)

    def person_cell(self, column: str) -> Any:
        """What their row holds in `column`; None where it has none of that name."""
        columns = {found[0] for found in self.connection.execute(f"describe {self.row.relation}").fetchall()}
        if column not in columns:
            return None
        row = self.connection.execute(f"select {quoted(column)} from {self.row.relation}").fetchone()
        return row[0] if row else None

    @cached_property
    def entries(self) -> list[Entry]:
        """Their entries in every campaign, with what became of them."""
        from regulars.ledger.entered import entries_of

        return entries_of(self.ledger, self.person.customer)

    @property
    def is_customer(self) -> bool:
        """Whether the shop knew them on the day of the row."""
        row = self.connection.execute(f"select count(*) from {self.row.relation}").fetchone()
        return bool(row and row[0])

    @property
    def row(self) -> PersonSnapshot:
        """The row that was laid last."""
        if self._row is None:
            raise RuntimeError("no row was laid")
        return self._row

    def lay(self, whole: Desk, moment: datetime, campaigns: Iterable[str]) -> None:
        """Lay their row of the day of `moment`, as far as `campaigns` and those that go before them read it.

        From the day's snapshot, or from what the source said that day, where `whole`, the desk of everybody, keeps one
        that still stands; else from their own rows alone. Only where a rule looks at everybody is a snapshot taken.
        """
        from regulars.ledger import stages

        day = self.day(moment)
        version = whole.ledger.version() if whole.reads_ledger else ""
        taker = PersonTaker(whole.root, self.own, whole.vocabulary, day, version, customer=self.person.customer)
        people, snapshot = taker.kept()
        names = {other for name in campaigns for other in (name, *before_in_line(self, name))}
        read = [
            self.condition_of(campaign, text)
            for name in names
            if (campaign := self.campaign(name))
            for text in campaign.conditions
        ]
        taker.vocabulary = needed(whole.vocabulary, read)
        if snapshot is None and asks_everybody(taker.vocabulary):
            taken = whole.snapshot(moment)
            people, snapshot = taken.people, taken.path
        if snapshot is not None:
            self._row = taker.lay_from(snapshot, people)
        else:
            self._row = taker.lay(stages.known(self.ledger, day, moment, whole.entered), people)
        self.read_at = taker.read_at(people) if people is not None else clock.now()

    def lay_from(self, snapshot: Path, day: date) -> None:
        """Lay their row as it stands in the snapshot of a past run."""
        taker = PersonTaker(self.root, self.own, self.vocabulary, day, customer=self.person.customer)
        self._row, self.read_at = taker.lay_from(snapshot), None


def _addresses(desk: Desk, person: Somebody) -> dict[str, str]:
    found = {
        "email": email_address(person.email),
        "sms": phone_number(person.phone, person.country, country_of(desk)),
    }
    return {channel: address for channel, address in found.items() if address}
