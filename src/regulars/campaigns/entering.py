"""`repeat: on entry`: who came into the audience since the last run, by themselves.

The first run finds people inside, who do not enter. Neither do people whom an edit of the rules moved: the rules of
today are asked about the people of the last run, and who would have been inside then has not come in since. Who came in
and was kept from it by a cap, a campaign that goes first or quiet hours waits, and is tried again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

import pyarrow as pa

from regulars.campaigns import makings
from regulars.campaigns.desk import Desk
from regulars.campaigns.enrol import CHUNK
from regulars.campaigns.local_time import later
from regulars.campaigns.reach import FORGOTTEN
from regulars.lang.model import Campaign
from regulars.ledger import membership, runs
from regulars.ledger.runs import Past
from regulars.people import engine
from regulars.people.engine import name as quoted
from regulars.people.engine import text
from regulars.people.formulas import Formula

MEMBERS, BEFORE, ARRIVALS = "regulars_members", "regulars_inside_before", "regulars_arrivals"
_STILL = "'holdout', 'when', 'later', 'too-late', 'frequency', 'lost-priority', 'quiet-hours'"
"""Decisions after which somebody who came in is tried again, unless they entered."""


@dataclass
class Changes:
    """What a run changes of who is remembered to be inside."""

    joined: pa.Table
    """Rows of the ledger's `membership`."""
    left: pa.Array
    """Customers, as strings."""
    waiting: pa.Array
    settled: pa.Array
    """Those who wait no more."""
    inside: int
    """How many are inside now."""


@dataclass
class Entering:
    """Who comes into the audience of one campaign; leaves what it finds in DuckDB."""

    desk: Desk
    name: str
    at: datetime
    relation: str = ARRIVALS
    """DuckDB: everybody in the audience: `customer_id`, whether somebody `arrives`, `since` when they are inside."""

    @property
    def _campaign(self) -> Campaign:
        return self.desk.campaign(self.name)

    @property
    def asked(self) -> bool:
        """Whether the campaign is about coming in."""
        return self._campaign.repeat.kind == "entry"

    @cached_property
    def _last(self) -> Past | None:
        """The run that remembered last who was inside; None at the first one."""
        found = runs.latest(self.desk.ledger, *self.desk.names_of(self.name))
        return found[0] if found and "rules" in found[0].counts else None

    def lay(self) -> None:
        """Leave `relation` in DuckDB, for everybody in `regulars_audience`; reads `regulars_entries`."""
        engine.keep(self.desk.connection, MEMBERS, membership.members(self.desk.ledger, *self.desk.names_of(self.name)))
        now = f"timestamptz {text(self.at.isoformat())}"
        moved = "false"
        if self._last is None:
            moved = "true"
        elif self._last.counts["rules"] != self.rules():
            self._lay_before(self._last)
            moved = f"exists (from {BEFORE} b where b.customer_id = a.customer_id)"
        in_time = f"{later('m.since', self._campaign.send_within, text(self.desk.zone))} > {now}"
        self.desk.connection.execute(
            f"""create or replace temp table {self.relation} as
                select a.customer_id, m.customer_id is not null as known, coalesce(m.waiting, false) as waited,
                       case when m.customer_id is null then not {moved}
                            else m.waiting and {in_time} and not coalesce(e.last_entered >= m.since, false)
                       end as arrives, coalesce(m.since, {now}) as since
                from regulars_audience a left join {MEMBERS} m using (customer_id)
                left join regulars_entries e using (customer_id)"""
        )

    def due_at(self, otherwise: str) -> str:
        """SQL: when the message of somebody who comes in is due: when they came, where the schedule knows no better."""
        own_clock = self._campaign.schedule.their_time or self._campaign.messages[0].own_time
        return (
            otherwise if own_clock else f"case when arrives then coalesce(arrived_at, {otherwise}) else {otherwise} end"
        )

    def changes(self, decided: str) -> Changes:
        """What the run changes, by its decision table `decided`."""
        waits = f"a.arrives and (d.customer_id is null or d.reason is null or d.reason in ({_STILL}))"
        found = self.desk.arrow(
            f"""select coalesce(a.customer_id, m.customer_id) as customer_id, a.since, a.known,
                       a.customer_id is null as gone, coalesce(a.waited, false) as waited,
                       coalesce({waits}, false) as waits
                from {self.relation} a left join {quoted(decided)} d on d.customer_id = a.customer_id
                full join {MEMBERS} m on m.customer_id = a.customer_id
                where d.reason is distinct from {text(FORGOTTEN)}"""
        )
        chosen = (
            "gone",
            "not gone and known and waits and not waited",
            "not gone and known and waited and not waits",
        )
        left, waiting, settled = (
            self.desk.arrow(f"select customer_id from found where {which}", found=found)["customer_id"].combine_chunks()
            for which in chosen
        )
        joined = self.desk.arrow(
            f"""select {text(self.name)} as campaign, customer_id, since, waits as waiting
                from found where not gone and not known order by customer_id""",
            found=found,
        )
        return Changes(joined, left, waiting, settled, found.num_rows - len(left))

    def remember(self, decided: str) -> dict[str, Any]:
        """Write down who is inside now; what the run keeps for the next one, in its counts.

        The run itself is written after this. Where it never comes to that, the next one finds some of it done.
        """
        changes, ledger = self.changes(decided), self.desk.ledger
        for people in _parts(changes.joined):
            with ledger.writing() as connection:
                membership.join(connection, people)
        for customers in _parts(changes.left):
            with ledger.writing() as connection:
                membership.leave(connection, self.name, customers.to_pylist())
        for customers, waiting in ((changes.waiting, True), (changes.settled, False)):
            for some in _parts(customers):
                with ledger.writing() as connection:
                    membership.wait(connection, self.name, some.to_pylist(), waiting=waiting)
        people = self.desk.snapshot(self.at).people.name
        return {"inside": changes.inside, "rules": self.rules(), "counted": self._counted(), "people": people}

    def rules(self) -> str:
        """Changes whenever the audience, or anything it is made of, is written differently."""
        return self._made_of.rules(str(self._campaign.audience))

    def _counted(self) -> str:
        """The same of what is counted from the shop's tables."""
        return self._made_of.tables()

    @cached_property
    def _made_of(self) -> makings.Makings:
        return makings.of(self.desk, self.desk.condition(self._campaign.audience).names)

    def _lay_before(self, last: Past) -> None:
        """Who would have been inside at the last run by the rules of today."""
        kept = str(last.counts["people"]) if last.counts["counted"] == self._counted() else ""
        snapshot = self.desk.as_ruled_now(last.as_of, kept, self._made_of.names)
        formula = Formula(snapshot.day, {})
        self.desk.connection.execute(
            f"""create or replace temp table {BEFORE} as
                select {quoted(snapshot.id_column)} as customer_id from {snapshot.relation}
                where {formula(self.desk.condition(self._campaign.audience).tree)}"""
        )


Part = TypeVar("Part", pa.Table, pa.Array)


def _parts(rows: Part) -> Iterator[Part]:
    """At most `CHUNK` at once: a longer transaction starves every other writer."""
    return (rows.slice(start, CHUNK) for start in range(0, len(rows), CHUNK))
