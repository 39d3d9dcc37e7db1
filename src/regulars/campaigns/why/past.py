"""Why somebody got a message on a past day, or did not: what was decided then, as far as it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from regulars.campaigns import decided
from regulars.campaigns.decided import Decision
from regulars.campaigns.desk import Desk
from regulars.campaigns.whom import Somebody
from regulars.campaigns.why.answers import Answer, Explanation
from regulars.campaigns.why.person_desk import PersonDesk
from regulars.campaigns.why.seen import spoken_day
from regulars.errors import RegularsError, WrongUse
from regulars.lang.project import load_texts
from regulars.ledger import editions, entered
from regulars.ledger.editions import LastRun
from regulars.ledger.entered import Entry


@dataclass
class Past:
    """The day of `at`, which is over, as one customer lived it."""

    desk: Desk
    person: Somebody
    at: datetime

    def explained(self, names: Sequence[str]) -> list[Explanation]:
        """Each campaign, by the log of its run, or where there is none by the data as it is now."""
        with ExitStack() as open_desks:
            return [one for name in names for one in self._campaign(name, open_desks)]

    def _campaign(self, name: str, open_desks: ExitStack) -> list[Explanation]:
        names = self.desk.names_of(name)
        runs = entered.runs_of(self.desk.ledger, names, self._midnight(0), self._midnight(1))
        if not runs:
            return self._computed(name, f"No run of {name} on {self._day}: nothing was decided.", self.at)
        logs = [log for log in decided.runs(self.desk, self.desk.day(self.at)) if log.stem[-32:] in _ids(runs)]
        if not logs:
            gone = f"the log of what it decided is gone: it is kept {decided.KEPT_DAYS} days."
            return self._computed(
                name, f"{name} ran on {self._day}, and {gone}{self._by_the_ledger(runs)}", runs[0].as_of
            )
        rows = decided.about(self.desk, self.person.customer, logs)
        run = _run_that_counts(runs, rows, {log.stem[-32:] for log in logs})
        return self._remembered(name, run, [row for row in rows if row["run_id"] == run.id], open_desks)

    def _remembered(
        self, name: str, run: LastRun, rows: Sequence[Decision], open_desks: ExitStack
    ) -> list[Explanation]:
        """By the log: the rules, the ledger and the snapshot as they were."""
        notes: list[str] = []
        whole = self._as_it_was_written(name, run, notes, open_desks)
        called = name if name in whole.project.campaigns else next(iter(self.desk.names_of(name)[1:]), name)
        with closing(PersonDesk.of(whole, self.person, run.as_of)) as alone:
            snapshot = self.desk.folder / "snapshots" / run.snapshot
            if snapshot.is_file():
                alone.lay_from(snapshot, self.desk.day(run.as_of))
            else:
                notes.append("The snapshot of that run is gone: the values are from the data as it is now.")
                alone.lay(whole, run.as_of, [called])
            if not alone.is_customer:
                raise self._stranger(name)
            answer = Answer(alone, called, run.as_of, rows, "log", notes, self._entries)
            told = answer.explanations()
            if not rows:
                for one in told:
                    if one["decision"] == "sent":
                        one["notes"] = [*one["notes"], "The log of the run does not name them."]
            return told

    def _computed(self, name: str, why: str, moment: datetime) -> list[Explanation]:
        """By the data as it is now, and the ledger as it stood at `moment`."""
        with closing(PersonDesk.of(self.desk, self.person, moment)) as alone:
            alone.lay(self.desk, moment, [name])
            if not alone.is_customer:
                raise self._stranger(name)
            notes = [f"{why} What follows is worked out from the data and rules as they are now."]
            return Answer(alone, name, moment, (), "data", notes).explanations()

    def _stranger(self, name: str) -> WrongUse:
        return WrongUse(
            f"The customer {self.person.customer} was none yet on {self._day}, when {name} was to be explained.",
            "Ask about a later day by --as-of.",
        )

    def _as_it_was_written(self, name: str, run: LastRun, notes: list[str], open_desks: ExitStack) -> Desk:
        """A desk with the rules of the run; today's where those are not kept, or do not fit the data any more."""
        if run.fingerprint == self.desk.project.fingerprint:
            return self.desk
        texts = editions.files(self.desk.ledger, run.fingerprint)
        if not texts:
            notes.append("The rules have been edited since, and how they were is not kept: the tests are today's.")
            return self.desk
        if texts == self.desk.project.texts:
            return self.desk
        try:
            project, problems = load_texts(texts, self.desk.root)
            if project is None or problems.errors or not {name, *self.desk.names_of(name)} & project.campaigns.keys():
                raise WrongUse("", "")  # the one way out below
            then = Desk(self.desk.root, project, self.desk.settings, problems, looking=True)
            vars(then)["ledger"] = self.desk.ledger
            open_desks.callback(then.source.connection.close)
            _ = then.vocabulary
        except RegularsError:
            notes.append("The rules have been edited since, and do not fit the data any more: the tests are today's.")
            return self.desk
        notes.append("The rules have been edited since: these are the ones of that run.")
        return then

    @cached_property
    def _entries(self) -> list[Entry]:
        """Their entries as they stand today."""
        return entered.entries_of(self.desk.ledger, self.person.customer)

    def _by_the_ledger(self, runs: Sequence[LastRun]) -> str:
        """What the ledger still knows of these runs."""
        made = [entry for entry in self._entries if entry.run_id in _ids(runs)]
        if not made:
            return " The ledger has no entry of theirs from it."
        sent = [letter for entry in made for letter in entry.letters[:1] if letter.sent_at is not None]
        return " By the ledger they entered" + (f", and were sent `{sent[0].name}`." if sent else ".")

    @property
    def _day(self) -> str:
        day = self.desk.day(self.at)
        return f"{spoken_day(day, day)} {day.year}"

    def _midnight(self, days: int) -> datetime:
        day = self.desk.day(self.at) + timedelta(days=days)
        return datetime.combine(day, time(), ZoneInfo(self.desk.zone)).astimezone(UTC)


def _ids(runs: Sequence[LastRun]) -> set[str]:
    return {run.id for run in runs}


def _run_that_counts(runs: Sequence[LastRun], rows: Sequence[Decision], logged: set[str]) -> LastRun:
    """Of several runs of a day the one that sent, else the last that decided about them, else the last."""
    sent = [row["run_id"] for row in rows if row["decision"] == "sent"] or [row["run_id"] for row in rows][-1:]
    by_id = {run.id: run for run in runs if run.id in logged}
    return by_id[sent[0]] if sent and sent[0] in by_id else by_id[list(by_id)[-1]]
