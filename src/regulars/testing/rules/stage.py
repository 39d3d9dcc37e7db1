"""Cases played on a stage: their people in a throw-away copy of the project, and the day lived through."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa

from regulars import clock
from regulars.campaigns import running
from regulars.campaigns.trying.rehearsal import RehearsalDesk, hurry, live_day, time_of
from regulars.lang.model import Campaign, Expect, Offer, Rules, Table
from regulars.lang.project import Project
from regulars.lang.rule_tests import RuleTest, SentBefore
from regulars.lang.scalars import Share
from regulars.lang.surveys import SCALES
from regulars.lang.written import Written
from regulars.ledger import answered, contacts, ids, outbox
from regulars.ledger.outbox import Connection
from regulars.people.engine import name as quoted
from regulars.people.engine import text
from regulars.settings import Settings
from regulars.testing.rules.columns import Columns
from regulars.testing.rules.given import Rows

MOMENT = pa.timestamp("us", tz="UTC")


@dataclass
class Seen:
    """What came of one customer of one case."""

    traits: dict[str, object]
    """Traits, segments and columns, by name."""
    messages: list[str] = field(default_factory=list)
    """Of the day: `winback/first by email`."""
    decisions: dict[str, str] = field(default_factory=dict)
    """Campaign, or campaign/message: `sent`, or why not."""


@dataclass
class Stage:
    """Plays cases of one day together.

    Nobody is held out, and no `expect` stops a run: both are about the whole shop.
    """

    project: Project
    settings: Settings
    columns: Columns
    scratch: Path
    played: int = 0

    def play(self, cases: Mapping[int, RuleTest], *, live: bool) -> dict[tuple[int, str], Seen]:
        """What is seen of everybody, by (case, customer). `live`: let the day's campaigns run, too."""
        with self.opened(cases) as desk:
            day = next(iter(cases.values())).today
            if live:
                _remember_the_day_before(desk, day)
                live_day(desk, day, list(desk.project.campaigns))
                # Who is who was asked in the morning: what the ledger knows since then is tomorrow's.
            seen = self._people(desk, day)
            if live:
                _messages(desk, day, seen)
                _decisions(desk, day, seen)
            return seen

    @contextmanager
    def opened(self, cases: Mapping[int, RuleTest]) -> Iterator[RehearsalDesk]:
        """A desk over the rows of `cases`, their history told to a ledger of its own."""
        self.played += 1
        data, ours = self.scratch / f"data-{self.played}", self.scratch / ".regulars"
        Rows(self.columns).lay(data, cases)
        project = replace(self.project, rules=_with_files(self.project.rules, data, self.columns))
        for used in ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"):
            (ours / used).unlink(missing_ok=True)
        shutil.rmtree(ours / "decisions", ignore_errors=True)
        with RehearsalDesk(self.scratch, project, self.settings, project.problems) as desk:
            hurry(desk)
            for mark, case in cases.items():
                _tell_history(desk, mark, case)
            yield desk
        shutil.rmtree(data)

    def _people(self, desk: RehearsalDesk, day: date) -> dict[tuple[int, str], Seen]:
        snapshot = desk.snapshot(datetime.combine(day, datetime.min.time(), ZoneInfo(desk.zone)))
        rows = desk.arrow(f"select * from {snapshot.relation} order by {quoted(snapshot.id_column)}").to_pylist()
        return {marked(row[snapshot.id_column]): Seen(row) for row in rows}


def marked(customer: str) -> tuple[int, str]:
    """(case, customer) of an id on the stage, `3:ana`."""
    mark, _, name = customer.partition(":")
    return int(mark), name


def for_tests(project: Project) -> Project:
    """The project without holdouts and limits, and with codes that are made on the spot."""
    nobody = Share(0.0)
    guards = project.rules.guards.model_copy(update={"holdout": nobody, "approval": None})
    calm = {"holdout": nobody, "expect": Expect()}
    campaigns = {name: _with_made_codes(one).model_copy(update=calm) for name, one in project.campaigns.items()}
    return replace(project, rules=project.rules.model_copy(update={"guards": guards}), campaigns=campaigns)


def _with_made_codes(campaign: Campaign) -> Campaign:
    """A pool is of the real ledger."""

    def made(offer: Offer | None) -> Offer | None:
        return offer and offer.model_copy(update={"codes": None})

    messages = [one.model_copy(update={"offer": made(one.offer)}) for one in campaign.messages]
    return campaign.model_copy(update={"offer": made(campaign.offer), "messages": messages})


def _with_files(rules: Rules, folder: Path, columns: Columns) -> Rules:
    """The rules over the files in `folder`, with every column's kind said."""
    source, tables, types = rules.source, {}, dict(rules.source.types)
    for name, table in source.tables.items():
        tables[name] = Table(
            file=Written(str(folder / f"{name}.csv"), name.position),
            customer=table.customer or Written(columns.meanings(str(name)).get("customer", "")) or None,
            at=table.at,
            id=table.id,
        )
        types |= {Written(f"{name}.{column}"): kind for column, kind in columns.kinds(str(name)).items()}
    changed = {"connect": Written("duckdb://"), "tables": tables, "types": types}
    return rules.model_copy(update={"source": source.model_copy(update=changed)})


def _remember_the_day_before(desk: RehearsalDesk, day: date) -> None:
    """Let campaigns with `repeat: on entry` see who was in their audience the day before: that day is their first."""
    for name, campaign in desk.project.campaigns.items():
        if campaign.status == "live" and campaign.repeat.kind == "entry":
            before = datetime.combine(day - timedelta(days=1), time_of(campaign.schedule), ZoneInfo(desk.zone))
            with clock.frozen(before):
                running.select(desk, name, before)
    desk.forget_day()


def _messages(desk: RehearsalDesk, day: date, seen: dict[tuple[int, str], Seen]) -> None:
    """The messages of the day itself: what is told as history went out before its runs began."""
    zone = ZoneInfo(desk.zone)
    people = [f"{mark}:{name}" for mark, name in seen]
    for row in contacts.sent_to(desk.ledger, people, date.fromordinal(day.toordinal() - 1)).to_pylist():
        if row["sent_at"].astimezone(zone).date() == day and row["state"] != HISTORY:
            seen[marked(row["customer_id"])].messages.append(f"{row['campaign']}/{row['name']} by {row['channel']}")


def _decisions(desk: RehearsalDesk, day: date, seen: dict[tuple[int, str], Seen]) -> None:
    files = sorted((desk.folder / "decisions").glob(f"{day}-*.parquet"))
    if files:
        listed = ", ".join(text(str(file)) for file in files)
        decided = desk.arrow(
            f'select customer_id, campaign, decision from read_parquet([{listed}]) order by "at"'
        ).to_pylist()
        for row in decided:
            seen[marked(row["customer_id"])].decisions[row["campaign"]] = row["decision"]
    for row in contacts.left_out(desk.ledger).to_pylist():
        place = f"{row['campaign']}/{row['name']}"
        seen[marked(row["customer_id"])].decisions[place] = row["reason"]


HISTORY = "delivered"
"""The state of messages that a test says were sent; what a rehearsal sends is `accepted`."""


def _tell_history(desk: RehearsalDesk, mark: int, case: RuleTest) -> None:
    """Write what was `sent` into the ledger: an entry begins with a message that the entry before it has already."""
    entries: dict[tuple[str, str, str], list[list[tuple[datetime, str]]]] = defaultdict(list)
    said = sorted(((_moment(desk, one, case.today), one) for one in case.sent), key=lambda pair: pair[0])
    for moment, one in said:
        campaign, _, message = one.campaign.strip().partition("/")
        message = message or str(desk.campaign(campaign).messages[0].name)
        runs = entries[str(one.customer), campaign, f"{mark}:{one.row}" if one.row is not None else ""]
        if not runs or message in [name for _, name in runs[-1]]:
            runs.append([])
        runs[-1].append((moment, message))
    rows = [
        (f"{mark}:{customer}", campaign, row or str(number), messages, number < len(runs))
        for (customer, campaign, row), runs in entries.items()
        for number, messages in enumerate(runs, 1)
    ]
    if rows:
        with desk.ledger.writing() as connection:
            outbox.enrol(connection, *_entries(desk, rows), pa.table({}))
            for moment, one in said:
                if one.answer is not None:
                    _answer(desk, connection, f"{mark}:{one.customer}", one, moment)


def _answer(desk: RehearsalDesk, connection: Connection, customer: str, one: SentBefore, moment: datetime) -> None:
    """Write down what somebody answered to a message that went to them at `moment`: to all its questions alike."""
    campaign, _, name = one.campaign.strip().partition("/")
    messages = desk.campaign(campaign).messages
    asks = next(message for message in messages if str(message.name) == (name or str(messages[0].name)))
    sent = contacts.message_at(connection, customer, campaign, str(asks.name), moment)
    if asks.survey is not None and one.answer is not None:
        scores = dict.fromkeys(SCALES[asks.survey].questions, one.answer)
        answered.record(connection, sent, asks.survey, scores, moment)


def _entries(
    desk: RehearsalDesk, rows: list[tuple[str, str, str, list[tuple[datetime, str]], bool]]
) -> tuple[pa.Table, pa.Table]:
    """(enrolments, messages) as the ledger keeps them."""
    enrolments: list[dict[str, object]] = []
    messages: list[dict[str, object]] = []
    for own, (customer, campaign, occasion, sent, followed) in zip(ids.draw(len(rows)).to_pylist(), rows, strict=True):
        described, first = desk.campaign(campaign), sent[0][0]
        over = followed or sent[-1][1] == str(described.messages[-1].name)
        yearly = described.schedule.kind == "yearly"
        enrolments.append(
            {
                "id": own,
                "campaign": campaign,
                "customer_id": customer,
                "arm": "treated",
                "entered_at": first,
                "due_at": first,
                "occasion": str(desk.day(first).year) if yearly else occasion,
                "row_ids": _covered(desk, campaign, occasion),
                "ended_at": sent[-1][0] if over else None,
                "end_reason": "finished" if over else "",
            }
        )
        channels = {str(one.name): one.send.channels[0] for one in described.messages}
        for moment, name in sent:
            messages.append(
                {
                    "id": ids.one(),
                    "enrolment_id": own,
                    "campaign": campaign,
                    "name": name,
                    "customer_id": customer,
                    "channel": channels[name],
                    "language": "",
                    "template": "",
                    "template_hash": "",
                    "address": "",
                    "address_hash": "",
                    "context": "{}",
                    "state": HISTORY,
                    "due_at": moment,
                    "not_before": moment,
                    "expires_at": moment,
                    "sent_at": moment,
                    "local_day": desk.day(moment).isoformat(),
                }
            )
    return _table(enrolments), _table(messages)


def _covered(desk: RehearsalDesk, campaign: str, occasion: str) -> str:
    """The rows of an entry that took several together: the one that the test names."""
    walked = desk.campaign(campaign).for_each
    return json.dumps([occasion]) if walked is not None and walked.together and ":" in occasion else ""


def _table(rows: list[dict[str, object]]) -> pa.Table:
    moments = {"entered_at", "due_at", "ended_at", "not_before", "expires_at", "sent_at"}
    return pa.table(
        {name: pa.array([row[name] for row in rows], MOMENT if name in moments else pa.string()) for name in rows[0]}
    )


def _moment(desk: RehearsalDesk, one: SentBefore, today: date) -> datetime:
    """When it went out: at the campaign's own time where only a day is named."""
    schedule = desk.campaign(one.campaign.strip().partition("/")[0]).schedule
    meant = one.at.on(today)
    if one.at.clock is None:
        meant = datetime.combine(meant.date(), time_of(schedule))
    return meant.replace(tzinfo=ZoneInfo(desk.zone))
