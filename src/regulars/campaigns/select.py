"""Who enters a campaign and who does not, each with a reason: DuckDB over the snapshot and the ledger's facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.campaigns import calendar, rows
from regulars.campaigns.budgets.fitting import withhold
from regulars.campaigns.desk import Desk
from regulars.campaigns.entering import Entering
from regulars.campaigns.local_time import zones
from regulars.campaigns.occasions import Occasions
from regulars.campaigns.reach import FORGOTTEN, Reach
from regulars.lang.model import Campaign
from regulars.people.engine import name as quoted
from regulars.people.engine import text
from regulars.people.formulas import Formula
from regulars.people.snapshot import Snapshot

LATER, TOO_LATE, NOT_ENTERING = "later", "too-late", "not-entering"
"""Decisions beside the reasons of `Reach`: the first message is not due yet; it is too late for it, and not for those
after it; they were in the audience before (`repeat: on entry`)."""
ENTERING = ("holdout", "when", LATER, TOO_LATE)
"""Reasons for which somebody enters all the same."""
UNREACHED = ("no-consent", "no-address", "suppressed", "no-words")
"""Reasons for which somebody enters all the same where the first message has a time of its own, and others follow."""


@dataclass
class Selector:
    """Selects for one campaign at one moment.

    The result is a DuckDB table with a row per person of the audience, or per row of theirs that the campaign walks:
    what `Reach.judgement` gives, and the columns of the row (see `rows`).
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
        self.occasions = Occasions(self.desk, self.name, self.at)
        self.entering = Entering(self.desk, self.name, self.at)

    @property
    def campaign(self) -> Campaign:
        """What the campaign's file says."""
        return self.desk.campaign(self.name)

    def run(self, snapshot: Snapshot, into: str) -> str:
        """Decide about everybody; leave the table `into` in DuckDB and return its name."""
        from regulars.ledger import facts

        names = self.desk.names_of(self.name)
        taken = self._taken(snapshot) if self.arbitrate else self.taken
        self._audience(snapshot)
        self.reach.keep("regulars_entries", facts.earlier_entries(self.desk.ledger, *names))
        if self.campaign.row:
            self.reach.keep(rows.COVERED, facts.covered_rows(self.desk.ledger, *names))
        if self.entering.asked:
            self.entering.lay()
        self.desk.connection.execute(f"create or replace temp table regulars_entering as {self._entering()}")
        self.reach.prepare("regulars_entering", taken, "true" if self.anyway else "not already")
        self.desk.connection.execute(f"create or replace temp table {quoted(into)} as {self._decisions()}")
        withhold(self.desk, self.name, self.at, into)
        return into

    def _decisions(self) -> str:
        own = f"{self.extra}{self._own_columns()}"
        if not (self.campaign.row or self.entering.asked or self.occasions.own_time or self._tries):
            # The guards have said all: everybody comes in, now, and once.
            return self.reach.judgement("regulars_entering", own)
        judgement = self.reach.judgement("regulars_entering", f"{own}{_JUDGED}")
        return _settled(judgement, several=bool(self.campaign.row))

    @property
    def _tries(self) -> bool:
        """Whether some of those who enter now wait for the end of a test of the first message."""
        return self.reach.wordings.waits != "false"

    def _own_columns(self) -> str:
        return "".join(f", {quoted(column)}" for column in rows.columns(self.desk, self.name))

    def _audience(self, snapshot: Snapshot) -> None:
        formula, row = Formula(snapshot.day, {}), self.campaign.row
        first, schedule = self.campaign.messages[0], self.campaign.schedule
        customer = quoted(snapshot.id_column)
        audience = "true" if self.anyway else formula(self.desk.condition(self.campaign.audience, row).tree)
        who = f" and {customer} = {text(self.only)}" if self.only else ""
        when = formula(self.desk.condition(first.when, row).tree) if first.when is not None else "true"
        born = quoted(schedule.column) if schedule.kind == "yearly" else "null"
        near = "true" if self.anyway or self.entering.asked else self.occasions.near(f"cast({born} as date)")
        people, walked = self._people(snapshot)
        self.desk.connection.execute(
            f"""create or replace temp table regulars_audience as
                select {customer} as customer_id, {self.reach.contact()}, coalesce({when}, false) as when_holds,
                       cast({born} as date) as born{walked}{"" if row else ", 1 as nth"}
                from {people} where ({audience}) and {near}{who}"""
        )

    def _people(self, snapshot: Snapshot) -> tuple[str, str]:
        """The relation that conditions look at, and what else is taken from it: with rows, each person once for each.

        What the rows have for names of their own are not names that a customer's column could have.
        """
        if self.campaign.for_each is None:
            return snapshot.relation, ""
        walked = rows.lay(self.desk, self.name, self.at, only=self.only)
        own = rows.columns(self.desk, self.name)
        keys = {"regulars_row": "row_id", "regulars_nth": "nth"} if self.campaign.row else {}
        keys |= {f"regulars_{one}": one for one in own} if not self.campaign.row else {one: one for one in own}
        chosen = ", ".join(f"r.{quoted(column)} as {quoted(called)}" for called, column in keys.items())
        kind = "left join" if self.anyway else "join"
        customer = quoted(snapshot.id_column)
        people = f"(select s.*, {chosen} from {snapshot.relation} s {kind} {walked} r on r.customer_id = s.{customer})"
        return people, "".join(f", {quoted(called)} as {quoted(column)}" for called, column in keys.items())

    def _taken(self, snapshot: Snapshot) -> list[str]:
        """What campaigns named earlier in `guards.first`, due the same day, decide on the same snapshot.

        Each in its turn, so that who loses to the first of them takes nothing from those after.
        """
        tables: list[str] = []
        foresight = self.desk.foresight
        for number, other in enumerate(before_in_line(self.desk, self.name)):
            campaign = self.desk.campaign(other)
            due = campaign.status == "live" and calendar.due(campaign, self.at, self.desk.zone)
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
        """The audience with the occasion of each, when it is due, and whether they entered for it before."""
        is_due, due_at = self.occasions.is_due(), self.occasions.due_at()
        covered, arrives, joins = "false", "true", ""
        if self.campaign.row:
            covered = f"exists (from {rows.COVERED} c where c.customer_id = a.customer_id and c.row_id = a.row_id)"
        if self.entering.asked:
            joins = f"left join {self.entering.relation} n on n.customer_id = a.customer_id"
            arrives, due_at = "coalesce(n.arrives, false)", self.entering.due_at(due_at)
        return f"""
        with timed as (
          select a.*, coalesce(z.name, {text(self.desk.zone)}) as zone, {covered} as covered, {arrives} as arrives
                 {", n.since as arrived_at" if joins else ""}
          from regulars_audience a left join {zones(self.desk)} z on z.name = trim(a.timezone) {joins}
        ), dated as (
          select *, {self.occasions.due_day()} as due_day from timed
        ), due as (
          select *, {due_at} as due_at from dated
        )
        select d.*, {self.occasions.occasion()} as occasion, {self.occasions.offer_step()} as offer_step,
               {self.occasions.already()} as already, {self._timing()} as timing,
               coalesce({is_due}, false) as is_due
        from due d left join regulars_entries e using (customer_id)
        where {"true" if self.anyway else is_due}"""

    def _timing(self) -> str:
        """Of the first message: `now`, `later`, `too-late`, or `test`: now, if they did not wait for what is tried."""
        timing = self.occasions.timing()
        return f"case when {timing} = 'now' and not in_test then 'test' else {timing} end" if self._tries else timing


_JUDGED = (
    ", arrives as regulars_arrives, timing as regulars_timing, nth as regulars_nth, "
    "room as regulars_room, room_all as regulars_room_all"
)


_OF_A_DAY = "'when', 'frequency', 'lost-priority', 'quiet-hours'"
"""Reasons that say nothing about the day on which a test will be over."""

_PLACE = """count(*) filter (where reason is null)
                      over (partition by customer_id order by regulars_nth rows unbounded preceding)"""


def _settled(judgement: str, *, several: bool) -> str:
    """The judgement with the decisions that are no guard's, and of `several` rows of one as many as the caps let.

    The others are tried again at the next run.
    """
    # A message that does not go now cannot fail what is asked of those that do.
    return f"""
        with judged as ({judgement}), told as (
          select * replace (case when reason = {text(FORGOTTEN)} then reason
                                 when not regulars_arrives then {text(NOT_ENTERING)}
                                 when regulars_timing = 'test' and coalesce(reason in ({_OF_A_DAY}), true) then 'later'
                                 when regulars_timing in ('now', 'test') or reason = 'already-enrolled' then reason
                                 when arm <> 'treated' then 'holdout' else regulars_timing end as reason) from judged
        ), queued as (
          select *, {_PLACE if several else "1"} as regulars_place from told
        )
        select * exclude (regulars_arrives, regulars_timing, regulars_room, regulars_room_all, regulars_nth,
                          regulars_place)
                 replace (case when reason is not null then reason when regulars_place > regulars_room then 'frequency'
                               when regulars_place > regulars_room_all then 'lost-priority' end as reason)
        from queued"""


def entering(campaign: Campaign) -> tuple[str, ...]:
    """The reasons for which somebody enters `campaign` all the same, without its first message."""
    more = campaign.messages[0].own_time and len(campaign.messages) > 1
    return (*ENTERING, *UNREACHED) if more else ENTERING


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
    """Counts of a decision table.

    `audience`, `send` and `languages` by channel, `withheld` by reason, `holdout`, `held`, and `later`: who enters
    before the first message is due. Everybody of the audience, once for each row, is sent to, withheld or `later`.
    """
    reached = "case when reason is null then"
    counted = desk.connection.execute(
        f"""select reason, {reached} channel end as sent_by, {reached} language end as spoken,
                   count(*) as people, count(*) filter (where reason is null and held) as held
            from {table} group by all order by sent_by, people desc, spoken, reason"""
    ).fetchall()
    by_language: dict[str, dict[str, int]] = {}
    withheld: dict[str, int] = {}
    for reason, channel, language, people, _ in counted:
        if reason is None:
            by_language.setdefault(channel, {})[language] = people
        else:
            withheld[reason] = people
    send = {channel: sum(spoken.values()) for channel, spoken in by_language.items()}
    audience, held = sum(row[3] for row in counted), sum(row[4] for row in counted)
    return {
        "audience": audience,
        "send": send,
        "languages": by_language,
        "later": withheld.pop(LATER, 0),
        "withheld": withheld,
        "holdout": withheld.get("holdout", 0),
        "held": held,
    }


def counted_as(campaign: Campaign) -> str:
    """What the numbers of `summary` count: `people`, or `rows` where each row is an entry of its own."""
    return "rows" if campaign.row else "people"


def expected(campaign: Campaign, counts: dict[str, Any]) -> str:
    """Why `expect` stops this run; empty when it does not. `counts` as `summary` gives them."""
    noun = counted_as(campaign)
    figures = {"audience": counts["audience"], "send": sum(counts["send"].values())}
    for name, limits in (("audience", campaign.expect.audience), ("send", campaign.expect.send)):
        what = (
            "in the audience" if name == "audience" else f"{'who' if noun == 'people' else 'that'} would get a message"
        )
        if limits is not None and limits.max is not None and figures[name] > limits.max:
            return f"{figures[name]:,} {noun} {what}, and `expect` allows at most {limits.max:,}."
        if limits is not None and limits.min is not None and figures[name] < limits.min:
            return f"{figures[name]:,} {noun} {what}, and `expect` wants at least {limits.min:,}."
    return ""
