"""Who enters a campaign and who does not, each with a reason: DuckDB over the snapshot and the ledger's facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.campaigns import calendar
from regulars.campaigns.desk import Desk
from regulars.campaigns.local_time import later, zones
from regulars.campaigns.reach import Reach
from regulars.lang.model import Campaign
from regulars.lang.scalars import Repeat
from regulars.people import engine
from regulars.people.engine import text
from regulars.people.formulas import Formula
from regulars.people.snapshot import Snapshot

NOT_TWICE_WITHIN = 180
"""Days that two birthdays of one person are apart at least: a corrected date is no second birthday."""


@dataclass
class Selector:
    """Selects for one campaign at one moment.

    The result is a DuckDB table with a row per person of the audience (see `Reach.judgement`).
    """

    desk: Desk
    name: str
    at: datetime
    arbitrate: bool = True
    """Whether campaigns that go first on the same day take people away."""
    only: str = ""
    """A customer's id: look at nobody else."""
    anyway: bool = False
    """Look at people whether or not they are in the audience, or due: `why` asks the guards all the same."""
    extra: str = ""
    """More columns of the judgement, as SQL that begins with a comma."""
    taken: Sequence[str] = ()
    """Decision tables of campaigns with precedence, where nobody is to `arbitrate` any more."""

    def __post_init__(self) -> None:
        self.reach = Reach(self.desk, self.name, self.campaign.messages[0], self.at)

    @property
    def campaign(self) -> Campaign:
        """What the campaign's file says."""
        return self.desk.campaign(self.name)

    def run(self, snapshot: Snapshot, into: str) -> str:
        """Decide about everybody; leave the table `into` in DuckDB and return its name."""
        from regulars.ledger import facts

        taken = self._taken(snapshot) if self.arbitrate else self.taken
        self._audience(snapshot)
        self.reach.keep("regulars_entries", facts.earlier_entries(self.desk.ledger, self.name))
        self.desk.connection.execute(f"create or replace temp table regulars_entering as {self._entering()}")
        self.reach.prepare("regulars_entering", taken, "true" if self.anyway else "not already")
        judgement = self.reach.judgement("regulars_entering", self.extra)
        self.desk.connection.execute(f"create or replace temp table {engine.name(into)} as {judgement}")
        return into

    def _audience(self, snapshot: Snapshot) -> None:
        formula = Formula(snapshot.day, {})
        first, schedule = self.campaign.messages[0], self.campaign.schedule
        customer = engine.name(snapshot.id_column)
        audience = "true" if self.anyway else formula(self.desk.condition(self.campaign.audience).tree)
        who = f" and {customer} = {text(self.only)}" if self.only else ""
        when = formula(self.desk.condition(first.when).tree) if first.when is not None else "true"
        born = engine.name(schedule.column) if schedule.kind == "yearly" else "null"
        self.desk.connection.execute(
            f"""create or replace temp table regulars_audience as
                select {customer} as customer_id, {self.reach.contact()}, coalesce({when}, false) as when_holds,
                       cast({born} as date) as born
                from {snapshot.relation} where ({audience}){who}"""
        )

    def _taken(self, snapshot: Snapshot) -> list[str]:
        """What campaigns named earlier in `guards.first`, due the same day, decide on the same snapshot.

        Each in its turn, so that who loses to the first of them takes nothing from those after.
        """
        tables: list[str] = []
        foresight = self.desk.foresight
        for number, other in enumerate(before_in_line(self.desk, self.name)):
            campaign = self.desk.campaign(other)
            due = campaign.status == "live" and calendar.due_on(campaign.schedule, self.desk.day(self.at))
            if not due or other in foresight.campaigns:
                continue
            if foresight.keeps and not self.only and (other, self.at) in foresight.decided:
                tables.append(foresight.decided[other, self.at])
                continue
            earlier = Selector(self.desk, other, self.at, arbitrate=False, only=self.only, taken=tuple(tables))
            tables.append(earlier.run(snapshot, f"regulars_earlier_{number}{'_only' if self.only else ''}"))
            if not self.only:
                foresight.decided[other, self.at] = tables[-1]
        return tables

    def _entering(self) -> str:
        """The audience with the occasion of each person, when it is due, and whether they entered for it before."""
        return f"""
        with timed as (
          select a.*, coalesce(z.name, {text(self.desk.zone)}) as zone
          from regulars_audience a left join {zones(self.desk)} z on z.name = trim(a.timezone)
        ), dated as (
          select *, {self._due_day()} as due_day from timed
        ), due as (
          select *, {self._due_at()} as due_at from dated
        )
        select d.*, {self._occasion()} as occasion, {self._offer_step()} as offer_step, {self._already()} as already,
               coalesce({self._is_due()}, false) as is_due
        from due d left join regulars_entries e using (customer_id)
        where {"true" if self.anyway else self._is_due()}"""

    def _is_due(self) -> str:
        return f"{later('d.due_at', self.campaign.send_within, 'd.zone')} > {self.reach.now}"

    @property
    def _their_zone(self) -> str:
        return "zone" if self.campaign.schedule.their_time else text(self.desk.zone)

    def _due_day(self) -> str:
        """The day it is due: of a yearly campaign the last one that has come; unknown without a birthday."""
        if self.campaign.schedule.kind != "yearly":
            return f"date {text(self.desk.day(self.at).isoformat())}"
        return f"last_anniversary(born, cast(timezone({self._their_zone}, {self.reach.now}) as date))"

    def _due_at(self) -> str:
        """When it is due: at once, or by the clock of a day. What comes later that day is due already, and waits."""
        schedule = self.campaign.schedule
        if schedule.kind != "yearly" and not schedule.their_time:
            return self.reach.now
        return f"timezone({self._their_zone}, due_day + time {text(schedule.at.isoformat())})"

    @property
    def _repeat(self) -> Repeat:
        """What is yearly repeats every year unless the campaign says otherwise."""
        if self.campaign.schedule.kind == "yearly" and "repeat" not in self.campaign.model_fields_set:
            return Repeat("year")
        return self.campaign.repeat

    @property
    def _of_a_year(self) -> bool:
        return self._repeat.kind == "year" and self.campaign.schedule.kind == "yearly"

    def _occasion(self) -> str:
        """What makes an entry one: the year of a birthday, else the entry's number.

        Two runs at once see the same number, and the database refuses one of them.
        """
        return "strftime(d.due_day, '%Y')" if self._of_a_year else "cast(coalesce(e.entries, 0) + 1 as varchar)"

    def _already(self) -> str:
        """Whether they are inside, or entered too recently to enter again, however that occasion was spelt."""
        zone, today = text(self.desk.zone), f"date {text(self.desk.day(self.at).isoformat())}"
        entered_day = f"cast(timezone({zone}, e.last_entered) as date)"
        slot = calendar.slot(self.campaign.schedule, self.at, self.desk.zone)
        again = {
            "once": "e.entries > 0",
            "days": f"{entered_day} + {self._repeat.days} > {today}",
            "year": f"{entered_day} + interval '1 year' > {today}",
            "run": f"e.last_entered >= timestamptz {text(slot.isoformat())}",
        }[self._repeat.kind]
        if self._of_a_year:
            last_due = f"cast(timezone({self._their_zone}, e.last_due) as date)"
            again = (
                f"list_contains(e.occasions, strftime(d.due_day, '%Y')) or year({last_due}) = year(d.due_day) "
                f"or {last_due} + {NOT_TWICE_WITHIN} > d.due_day"
            )
        return f"coalesce(e.running, false) or coalesce({again}, false)"

    def _offer_step(self) -> str:
        """One step up after an entry that did not work, back to the first after one that did."""
        offers = [offer for message in self.campaign.messages if (offer := self.campaign.offer_of(message))]
        steps = max((len(offer.ladder) for offer in offers), default=1)
        if steps == 1:
            return "0"
        worked = "coalesce(e.entries, 0) = 0 or e.last_converted or e.last_arm <> 'treated'"
        return f"case when {worked} then 0 else least(e.last_step + 1, {steps - 1}) end"


def in_line(desk: Desk, name: str) -> int:
    """The campaign's place in `guards.first`, from 0; those that are not named there come after all that are."""
    first = [str(one) for one in desk.rules.guards.first]
    return first.index(name) if name in first else len(first)


def before_in_line(desk: Desk, name: str) -> list[str]:
    """The campaigns that go first on a day on which somebody may get only one message.

    A service takes nobody's day, and nobody takes its.
    """
    campaigns = desk.project.campaigns
    if campaigns[name].is_service:
        return []
    named = [str(one) for one in desk.rules.guards.first if str(one) in campaigns]
    first = [one for one in named if not campaigns[one].is_service]
    return first[: first.index(name)] if name in first else first


def summary(desk: Desk, table: str) -> dict[str, Any]:
    """Counts of a decision table: `audience`, `send`, `languages` by channel, `withheld` by reason, `holdout`, `held`.

    Everybody of the audience is sent to or withheld.
    """
    connection = desk.connection
    send = dict(
        connection.execute(
            f"select channel, count(*) from {table} where reason is null group by 1 order by 1"
        ).fetchall()
    )
    languages = connection.execute(
        f"select channel, language, count(*) from {table} where reason is null group by 1, 2 order by 1, 3 desc, 2"
    ).fetchall()
    withheld = dict(
        connection.execute(
            f"select reason, count(*) from {table} where reason is not null group by 1 order by 2 desc, 1"
        ).fetchall()
    )
    audience, held = connection.execute(
        f"select count(*), count(*) filter (where reason is null and held) from {table}"
    ).fetchone() or (0, 0)
    by_language: dict[str, dict[str, int]] = {}
    for channel, language, number in languages:
        by_language.setdefault(channel, {})[language] = number
    return {
        "audience": audience,
        "send": send,
        "languages": by_language,
        "withheld": withheld,
        "holdout": withheld.get("holdout", 0),
        "held": held,
    }


def expected(campaign: Campaign, counts: dict[str, Any]) -> str:
    """Why `expect` stops this run; empty when it does not. `counts` as `summary` gives them."""
    figures = {"audience": counts["audience"], "send": sum(counts["send"].values())}
    for name, limits in (("audience", campaign.expect.audience), ("send", campaign.expect.send)):
        what = "in the audience" if name == "audience" else "who would get a message"
        if limits is not None and limits.max is not None and figures[name] > limits.max:
            return f"{figures[name]:,} people {what}, and `expect` allows at most {limits.max:,}."
        if limits is not None and limits.min is not None and figures[name] < limits.min:
            return f"{figures[name]:,} people {what}, and `expect` wants at least {limits.min:,}."
    return ""
