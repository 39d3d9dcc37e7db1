"""The answer about one campaign and one customer: the verdict, each test with what it saw, and what went before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, Literal, TypedDict
from zoneinfo import ZoneInfo

from regulars.campaigns import calendar, decided
from regulars.campaigns.decided import Decision
from regulars.campaigns.select import LATER, NOT_ENTERING, TOO_LATE, Selector, before_in_line
from regulars.campaigns.variants import Wordings
from regulars.campaigns.why.guarded import Guards
from regulars.campaigns.why.person_desk import PersonDesk
from regulars.campaigns.why.seen import Line, Person, spoken_day
from regulars.campaigns.why.stories import Stories
from regulars.lang.campaign import EVERYBODY, Campaign
from regulars.lang.expressions import Expression
from regulars.ledger.entered import Entry
from regulars.people.engine import name as quoted
from regulars.people.engine import text

ASKED = "regulars_asked"
MOST_ROWS = 5
"""Rows of one customer that are told one by one, the first ones."""
NOT_IN, NO_ROW, NOT_DUE, OVER = "not in the audience", "no row", "not due", "over"
Basis = Literal["live", "log", "data"]


class Explanation(TypedDict):
    """Everything about one campaign and one customer; of a campaign with `for_each` about one row of theirs."""

    campaign: str
    title: str
    row: str
    """The id of the row; empty where entries are about no one row."""
    basis: Basis
    """`live`: what a run would decide now; `log`: what the run of that day decided; `data`: what the data as it is now
    says about a day on which nothing was decided, or of which nothing is kept."""
    at: str
    """The moment it is about: that of the run, or the one that was asked about."""
    read_at: str
    """When the data was read; empty where that is not known."""
    decision: str
    """`sent`, a reason, `not in the audience`, `no row`, `not due`, `over`, or `draft`, `paused`."""
    verdict: str
    would_get: str
    """What it sends: `email winback/first in ro, 15 %`; empty where nothing can reach them."""
    again: str
    """When it is tried again, as a sentence."""
    lines: list[Line]
    not_asked: list[str]
    """Tests that were not come to, because one before them failed."""
    before: list[str]
    """Their earlier entries, a line each."""
    notes: list[str]
    """What must be known about the answer."""


@dataclass
class Answer:
    """Asks about one campaign as of `at`, on the desk of one customer."""

    desk: PersonDesk
    name: str
    at: datetime
    logged: Sequence[Decision] = ()
    """What runs of that day decided about them."""
    basis: Basis = "live"
    notes: list[str] = field(default_factory=list)
    became: Sequence[Entry] = ()
    """Their entries as they stand today: what became of one that was made at `at`."""

    def explanations(self) -> list[Explanation]:
        """The answer; of a campaign with `for_each` one for each row of theirs."""
        judged = self._judged()
        rows = list(self.logged) if self.basis == "log" and self.logged else judged
        return [self._about(row) for row in rows[:MOST_ROWS]]

    @property
    def campaign(self) -> Campaign:
        """What the campaign's file says."""
        return self.desk.campaign(self.name)

    def _judged(self) -> list[dict[str, Any]]:
        """The judgement about them, in the audience and due or not, with what each guard saw."""
        seen = decided.seen(self.campaign.messages[0].send.channels)
        table = Selector(self.desk, self.name, self.at, anyway=True, extra=seen).run(self.desk.row, ASKED)
        found: list[dict[str, Any]] = self.desk.arrow(f"select * from {table} order by due_at, occasion").to_pylist()
        return found

    def _about(self, seen: Decision) -> Explanation:
        guards = Guards(self.desk, self.name, seen, self.at, self._takers(seen), past=self.basis != "live")
        person = Person(self.desk, self._relation(seen), rows_tell=self.basis != "log")
        audience = self._audience
        decision = self._decision(seen, guards, inside=audience is None or person.holds(audience))
        about = person.lines(audience) if audience is not None else []
        lines = [*self._first_lines(seen), *about, *self._template(seen, person), *self._guards(guards, person)]
        return {
            "campaign": self.name,
            "title": str(self.campaign.title),
            "row": str(seen.get("occasion") or "") if self.campaign.row else "",
            "basis": self.basis,
            "at": self._iso(self.at),
            "read_at": self._iso(self.desk.read_at) if self.desk.read_at else "",
            "decision": decision,
            "verdict": self._verdict(decision, guards),
            "would_get": guards.would_get,
            "again": guards.again if decision == guards.reason else "",
            "lines": lines,
            "not_asked": guards.not_asked,
            "before": Stories(self.desk, self.name, self.at).told(self._entries),
            "notes": self.notes,
        }

    def _iso(self, moment: datetime) -> str:
        return moment.astimezone(ZoneInfo(self.desk.zone)).isoformat()

    @cached_property
    def _entries(self) -> list[Entry]:
        names = self.desk.names_of(self.name)
        return [entry for entry in self.desk.entries if entry.campaign in names]

    def _takers(self, seen: Decision) -> list[str]:
        """Campaigns that go first and take them on that day."""
        tables = {
            other: self.desk.foresight.decided.get((other, self.at)) for other in before_in_line(self.desk, self.name)
        }
        day = text(str(seen.get("local_day") or self.desk.day(self.at)))
        return [
            other
            for other, table in tables.items()
            if table and self._number(f"select count(*) from {table} where reason is null and local_day = {day}")
        ]

    def _number(self, sql: str) -> int:
        return int((self.desk.connection.execute(sql).fetchone() or (0,))[0])

    def _relation(self, seen: Decision) -> str:
        """Their row with the columns of the row they are asked about."""
        person = self.desk.row.relation
        if not self.campaign.row or seen.get("occasion") is None:
            return person
        own = ", ".join(f"d.{quoted(column)}" for column in seen if column.startswith("row."))
        which = f"{ASKED} d where d.occasion = {text(str(seen['occasion']))}"
        return f"(select p.*, {own} from {person} p, {which})" if own else person

    @property
    def _audience(self) -> Expression | None:
        if self.campaign.audience is EVERYBODY:
            return None
        return self.desk.condition(self.campaign.audience, self.campaign.row)

    def _first_lines(self, seen: Decision) -> list[Line]:
        """Status, schedule and row."""
        status = self.campaign.status
        lines = [_line("status", status == "live", status if status == "live" else f"{status}: nothing leaves")]
        if self._has_ended:
            lines.append(_line("ends", False, f"the last day on which anybody enters was {self.campaign.ends}"))
        if (due := self._due(seen)) is not None:
            lines.append(due)
        walked = self.campaign.for_each
        if walked is not None:
            where = f": {' '.join(walked.where.split())}" if walked.where is not None else ""
            if self._has_no_row(seen):
                lines.append(_line("row", False, f"no row of `{walked.row}` of theirs{where}"))
            else:
                many = len(seen.get("row_ids") or [])
                which = (
                    f"{many} of `{walked.row}` together" if walked.together else f"`{walked.row}` {seen['occasion']}"
                )
                lines.append(_line("row", True, f"{which}{where}"))
        return lines

    def _guards(self, guards: Guards, person: Person) -> list[Line]:
        """What the guards say; a condition of the message leaf by leaf, as the audience is."""
        when, told = self.campaign.messages[0].when, list[Line]()
        for line in guards.lines():
            if line["test"] == "when" and when is not None:
                told += person.lines(self.desk.condition(when, self.campaign.row), "when")
            else:
                told.append(line)
        return told

    def _template(self, seen: Decision, person: Person) -> list[Line]:
        """Of a ladder of templates: the step that held, and what it saw."""
        steps = self.campaign.messages[0].said_as(str(seen.get("variant") or "")).template.steps
        if len(steps) < 2 or not seen.get("template"):
            return []
        for number, step in enumerate(steps, 1):
            if step.otherwise:
                return [_line("template", True, f"{seen['template']}: the last step, none before it held")]
            lines = person.lines(self.desk.condition(step.condition, self.campaign.row), "template")
            if all(line["holds"] for line in lines if not line["says"].startswith(("or ", "with "))):
                says = f"{seen['template']}: step {number}, {' '.join(step.condition.split())}"
                saw = "; ".join(line["saw"] for line in lines if line["saw"])
                return [{"test": "template", "holds": True, "says": says, "saw": saw}]
        return []

    @property
    def _has_ended(self) -> bool:
        return calendar.has_ended(self.campaign, self.at, self.desk.zone)

    def _has_no_row(self, seen: Decision) -> bool:
        walked = self.campaign.for_each
        if walked is None:
            return False
        return not seen.get("row_ids") if walked.together else seen.get("occasion") is None

    def _due(self, seen: Decision) -> Line | None:
        """Whether it is their day; nothing where that goes without saying."""
        schedule, today = self.campaign.schedule, self.desk.day(self.at)
        says = str(schedule)
        if (reason := seen.get("decision", seen.get("reason"))) in (LATER, TOO_LATE) and seen.get("due_at"):
            late = "is not due yet" if reason == LATER else "is too late"
            return _line("due", False, f"{says}: the first message {late}, {self._local(seen['due_at'])}")
        if schedule.kind == "yearly":
            if seen.get("is_due") in (True, None):
                moment = f": {self._local(seen['due_at'])}" if seen.get("due_at") else ""
                return _line("due", True, says + moment)
            return _line("due", False, f"{says}: {self._next_birthday(schedule.column)}")
        if seen.get("is_due") is False and not self._has_no_row(seen):
            return _line("due", False, f"{says}: too late for it")
        if calendar.due_on(schedule, today) or self.basis == "log":
            return None
        following = calendar.next_day(schedule, today)
        told = f"next {spoken_day(following, today)}" if following else "its day is over"
        return _line("due", None, f"{says}: {told}; asked as if it ran {'now' if self.basis == 'live' else 'then'}")

    def _local(self, moment: datetime) -> str:
        local = moment.astimezone(ZoneInfo(self.desk.zone))
        return f"{spoken_day(local.date(), self.desk.day(self.at))} {local:%H:%M}"

    def _next_birthday(self, column: str) -> str:
        day = f"date {text(self.desk.row.day.isoformat())}"
        (following,) = self.desk.connection.execute(
            f"select next_anniversary(cast({quoted(column)} as date), {day} + 1) from {self.desk.row.relation}"
        ).fetchone() or (None,)
        if not isinstance(following, date):
            return f"{column} is unknown"
        return f"next on {spoken_day(following, self.desk.day(self.at))}"

    def _decision(self, seen: Decision, guards: Guards, *, inside: bool) -> str:
        if "decision" in seen:
            return str(seen["decision"])
        if self.campaign.status != "live":
            return self.campaign.status
        if self._has_ended:
            return OVER
        if self._has_no_row(seen):
            return NO_ROW
        if not inside:
            return NOT_IN
        return (guards.reason or "sent") if seen["is_due"] else NOT_DUE

    def _verdict(self, decision: str, guards: Guards) -> str:
        """The first sentence of the answer."""
        told = self._sent(guards) if decision == "sent" else self._not_sent(decision, guards)
        if self.basis == "live" and self.logged:
            return f"{self._decided_today()} If it ran again now: {told.replace(', if it ran now', '')}"
        return told

    def _sent(self, guards: Guards) -> str:
        if self.basis == "log":
            return f"SENT: {guards.would_get}.{self._became()}"
        return f"SENT, if it ran {'now' if self.basis == 'live' else 'then'}: {guards.would_get}."

    def _not_sent(self, decision: str, guards: Guards) -> str:
        if decision == LATER and guards.seen.get("due_at"):
            enters = {"live": "ENTERS, if it ran now", "data": "ENTERS, if it ran then", "log": "ENTERED"}[self.basis]
            due = max(one for one in (guards.seen["due_at"], self._test_over) if one is not None)
            return f"{enters}; the first message is due {self._local(due)}: {guards.would_get}."
        parts = [f"NOT SENT: {decision}."]
        if decision == guards.reason and guards.again:
            parts.append(guards.again)
        if guards.would_get and decision not in (NOT_IN, NO_ROW, NOT_ENTERING, OVER):
            parts.append(f"They would {'get' if self.basis == 'live' else 'have got'}: {guards.would_get}.")
        return " ".join(parts)

    @property
    def _test_over(self) -> datetime | None:
        """When a test of the first message is over, for which they wait."""
        return Wordings(self.desk, self.name, self.campaign.messages[0], self.at).over

    def _decided_today(self) -> str:
        """What the run of this very day decided."""
        last = next((row for row in self.logged if row["decision"] == "sent"), self.logged[-1])
        local = last["at"].astimezone(ZoneInfo(self.desk.zone))
        if last["decision"] != "sent":
            return f"NOT SENT at {local:%H:%M}: {last['decision']}."
        letters = [letter for entry in self._entries if entry.run_id == last["run_id"] for letter in entry.letters[:1]]
        state = f", {Stories(self.desk, self.name, self.at).state(letters[0])}" if letters else ""
        wording = f", as `{last['variant']}`" if last.get("variant") else ""
        return f"SENT at {local:%H:%M}: {last['channel']} in {last['language']}{wording}{state}."

    def _became(self) -> str:
        """What came of the message of a past run."""
        runs = {row["run_id"] for row in self.logged}
        letters = [letter for entry in self.became if entry.run_id in runs for letter in entry.letters[:1]]
        state = Stories(self.desk, self.name, self.at).state(letters[0]) if letters else "sent"
        return "" if state == "sent" else f" It was {state.removeprefix('sent, ')}."


def _line(test: str, holds: bool | None, says: str) -> Line:  # three words in a row, as they are read
    return {"test": test, "holds": holds, "says": says, "saw": ""}
