"""When somebody of an audience is due, for which occasion, and whether they entered for it before: SQL.

Over a relation `d` of the audience, one line to a person, or to a row of theirs, with `zone` and `born`, joined with
their earlier entries `e` (see `ledger.facts.earlier_entries`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from regulars.campaigns import calendar
from regulars.campaigns.desk import Desk
from regulars.campaigns.local_time import later
from regulars.campaigns.moments import Moments
from regulars.lang.model import Campaign
from regulars.lang.scalars import Repeat
from regulars.people.engine import text

NOT_TWICE_WITHIN = 180
"""Days that two birthdays of one person are apart at least: a corrected date is no second birthday."""


@dataclass(frozen=True)
class Occasions:
    """The SQL for one campaign at one moment."""

    desk: Desk
    name: str
    at: datetime

    @property
    def campaign(self) -> Campaign:
        """What the campaign's file says."""
        return self.desk.campaign(self.name)

    @property
    def now(self) -> str:
        """The moment."""
        return f"timestamptz {text(self.at.isoformat())}"

    @property
    def own_time(self) -> bool:
        """Whether the first message has a time of its own, so that entries may wait for it."""
        return self.campaign.messages[0].own_time

    def due_day(self) -> str:
        """The day it is due: the customer's with `their time`, of a yearly campaign the last one that has come.

        Unknown without a birthday.
        """
        schedule = self.campaign.schedule
        if schedule.kind == "yearly":
            return f"last_anniversary(born, cast(timezone({self._their_zone}, {self.now}) as date))"
        if schedule.their_time:
            return f"cast(timezone(zone, {self.now}) as date)"
        return f"date {text(self.desk.day(self.at).isoformat())}"

    def due_at(self) -> str:
        """When it is due: at once, or by the clock of a day. What comes later that day is due already, and waits.

        Of a first message with a time of its own that time.
        """
        schedule, first = self.campaign.schedule, self.campaign.messages[0]
        if self.own_time:
            return Moments(schedule, self.desk.zone).due(first, self.now, self.now)
        if schedule.kind != "yearly" and not schedule.their_time:
            return self.now
        return f"timezone({self._their_zone}, due_day + time {text(schedule.at.isoformat())})"

    def is_due(self) -> str:
        """Whether it is their day, and not too late for the first message; or for all, where they have their times."""
        in_time = f"{later('d.due_at', self.campaign.send_within, 'd.zone')} > {self.now}"
        if self.own_time:
            in_time = Moments(self.campaign.schedule, self.desk.zone, "d.zone").possible(
                self.campaign, self.now, self.now
            )
        return f"({in_time}) and {self._their_day()}"

    def near(self, born: str) -> str:
        """Whether the day `born` can be in time at all, wherever somebody lives: cheap, and asked before all else."""
        days = self.campaign.send_within.delta.days + 2
        if self.campaign.schedule.kind != "yearly" or self.own_time or days > NOT_TWICE_WITHIN:
            return "true"
        today = self.desk.day(self.at)
        near = {f"{day.month}{day.day:02}" for ago in range(-1, days + 1) if (day := today - timedelta(days=ago))}
        leap = {"229"} if "228" in near else set()
        return f"month({born}) * 100 + day({born}) in ({', '.join(sorted(near | leap))})"

    def timing(self) -> str:
        """Of the first message: `now`, `later`, or `too-late`."""
        if not self.own_time:
            return "'now'"
        too_late = f"{later('d.due_at', self.campaign.send_within, 'd.zone')} <= {self.now}"
        return f"""case when d.due_at is null or d.due_at > {self.now} then 'later'
                        when {too_late} then 'too-late' else 'now' end"""

    def _their_day(self) -> str:
        """Whether the schedule falls on the customer's day. Whose clock is the shop's are due whenever it is run."""
        schedule = self.campaign.schedule
        if not schedule.their_time:
            return "true"
        on = f"date {text(schedule.on.isoformat())}" if schedule.on else "null"
        return {
            "weekly": f"isodow(d.due_day) = {schedule.weekday + 1}",
            "monthly": f"day(d.due_day) = {schedule.day}",
            "once": f"d.due_day = {on}",
        }.get(schedule.kind, "true")

    @property
    def repeat(self) -> Repeat:
        """What is yearly repeats every year unless the campaign says otherwise."""
        if self.campaign.schedule.kind == "yearly" and "repeat" not in self.campaign.model_fields_set:
            return Repeat("year")
        return self.campaign.repeat

    @property
    def _of_a_year(self) -> bool:
        return self.repeat.kind == "year" and self.campaign.schedule.kind == "yearly"

    @property
    def _their_zone(self) -> str:
        return "zone" if self.campaign.schedule.their_time else text(self.desk.zone)

    def occasion(self) -> str:
        """What makes an entry one: the row, the year of a birthday, else the entry's number.

        Two runs at once see the same number, and the database refuses one of them.
        """
        if self.campaign.row:
            return "d.row_id"
        if self._of_a_year:
            return "strftime(d.due_day, '%Y')"
        # A campaign that walked rows before may have given a number away as the name of a row.
        numbers = "range(e.entries + 1, 2 * e.entries + 2)"
        free = f"list_filter({numbers}, lambda number: not list_contains(e.occasions, cast(number as varchar)))"
        return f"case when e.entries is null then '1' else cast(list_min({free}) as varchar) end"

    def already(self) -> str:
        """Whether they are inside, or entered too recently to enter again, however that occasion was spelt."""
        if self.campaign.row:
            return "d.covered"
        running = "coalesce(e.running, false)"
        if self.campaign.for_each is not None:
            return f"({running} or d.row_ids is null)"
        if self._of_a_year:
            last_due = f"cast(timezone({self._their_zone}, e.last_due) as date)"
            again = (
                f"list_contains(e.occasions, strftime(d.due_day, '%Y')) or year({last_due}) = year(d.due_day) "
                f"or {last_due} + {NOT_TWICE_WITHIN} > d.due_day"
            )
        else:
            again = self._again()
        return f"{running} or coalesce({again}, false)"

    def _again(self) -> str:
        slot = calendar.slot(self.campaign.schedule, self.at, self.desk.zone)
        entered, today = (
            f"cast(timezone({text(self.desk.zone)}, e.last_entered) as date)",
            f"date {text(self.desk.day(self.at).isoformat())}",
        )
        run = f"e.last_entered >= timestamptz {text(slot.isoformat())}"
        if self.campaign.schedule.their_time and not self.own_time:
            # By their clock the day of an entry is the day it was due, whatever day the shop had.
            entered, today = "cast(timezone(d.zone, e.last_due) as date)", "d.due_day"
            run = f"{entered} >= {today}"
        return {
            "once": "e.entries > 0",
            "days": f"{entered} + {self.repeat.days} > {today}",
            "year": f"{entered} + interval '1 year' > {today}",
            "run": run,
            "entry": "false",
        }[self.repeat.kind]

    def offer_step(self) -> str:
        """One step up after an entry that did not work, back to the first after one that did."""
        offers = [offer for message in self.campaign.messages for offer in self.campaign.offers_of(message)]
        steps = max((len(offer.ladder) for offer in offers), default=1)
        if steps <= 1:
            return "0"
        worked = "coalesce(e.entries, 0) = 0 or e.last_converted or e.last_arm <> 'treated'"
        return f"case when {worked} then 0 else least(e.last_step + 1, {steps - 1}) end"
