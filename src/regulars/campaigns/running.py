"""A run of one campaign, step by step, as the Prefect flow tells the story: select, enrol chunk by chunk, finish."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from regulars import clock
from regulars.campaigns import calendar, decided, enrich, formerly, stopping
from regulars.campaigns.budgets import fitting
from regulars.campaigns.desk import Desk
from regulars.campaigns.enrol import CHUNK, Enrolled, enrol_chunk, enrol_rows
from regulars.campaigns.letters import OF, Letters
from regulars.campaigns.select import LATER, TOO_LATE, UNREACHED, Selector, entering, in_line, summary
from regulars.campaigns.steps import StepContext
from regulars.errors import ProjectError
from regulars.lang.model import Campaign
from regulars.ledger import editions, ids, runs
from regulars.people.engine import name as quoted
from regulars.people.engine import text
from regulars.people.snapshot import Snapshot

if TYPE_CHECKING:
    from sqlalchemy import Connection

SUMMED = ("audience", "send", "languages", "withheld", "holdout", "held", "later")
"""What `summary` gives and a run keeps."""

_STATES = {"when": "skipped", TOO_LATE: "expired", LATER: "later"} | dict.fromkeys(UNREACHED, "suppressed")
_ARMS = " ".join(f"when {text(why)} then {text(state)}" for why, state in _STATES.items())
_STATE = f"case d.reason {_ARMS} else 'planned' end"
_WHY = f"case when d.reason in ({', '.join(map(text, _STATES))}) then d.reason else '' end"


@dataclass(frozen=True)
class Selected:
    """What a run decided. Numbers only: this travels through Prefect's database."""

    run_id: str
    campaign: str
    audience: int = 0
    enter: int = 0
    """People who enter, held out or not."""
    chunks: int = 0
    send: dict[str, int] = field(default_factory=dict)
    languages: dict[str, dict[str, int]] = field(default_factory=dict)
    withheld: dict[str, int] = field(default_factory=dict)
    holdout: int = 0
    held: int = 0
    """Of those who get it: how many wait for the end of quiet hours."""
    later: int = 0
    """Of those who enter: whose first message has a time of its own, still to come."""
    stopped: str = ""
    """Why nothing happens; empty when it does."""


def due(desk: Desk, at: datetime) -> list[str]:
    """The live campaigns that are due on the day of `at` (see `calendar.due`), in the order of `guards.first`."""
    names = sorted(desk.project.campaigns, key=lambda name: (in_line(desk, name), name))
    campaigns = {name: desk.campaign(name) for name in names}
    return [name for name in names if campaigns[name].status == "live" and calendar.due(campaigns[name], at, desk.zone)]


def select(desk: Desk, campaign: str, at: datetime) -> Selected:
    """Decide about everybody, keep the reasons, and lay the batch of those who enter. Nothing enters yet."""
    described = desk.campaign(campaign)
    run_id = ids.one()
    if described.status != "live":
        return Selected(run_id, campaign, stopped=f"its status is {described.status}; only a live campaign sends.")
    formerly.settle(desk, campaign)
    fitting.settle(desk, campaign, at)
    one = _Decisions.of(desk, campaign, at, run_id, decided.seen(described.messages[0].send.channels))
    if one.selected.stopped:
        return one.selected
    decided.keep(desk, run_id, campaign, at, one.table)
    folder = _folder(desk, run_id)
    people = _batch(desk, campaign, at, one.table, one.snapshot, folder / "batch.parquet")
    (folder / "run.json").write_text(
        json.dumps({"campaign": campaign, "at": at.isoformat(), "selected": asdict(one.selected)})
    )
    remembered = one.remembered()
    with desk.ledger.writing() as connection:
        one.begin(connection, remembered, clock.now())
    return replace(one.selected, enter=people, chunks=-(-people // CHUNK))


def run_in_memory(desk: Desk, campaign: str, at: datetime) -> Selected:
    """A whole run of a live campaign that leaves no log and no files: for a rehearsal, which nobody resumes or asks."""
    fitting.settle(desk, campaign, at)
    one = _Decisions.of(desk, campaign, at, ids.one())
    if one.selected.stopped:
        return one.selected
    people = entrants(desk, campaign, at, one.table, one.snapshot)
    remembered = one.remembered()
    with desk.ledger.writing() as connection:
        one.begin(connection, remembered, at)
        runs.finish(connection, one.selected.run_id, at)
    starts = range(0, people.num_rows, CHUNK)
    for start in starts:
        enrol_rows(desk, campaign, one.selected.run_id, people.slice(start, CHUNK), at)
    return replace(one.selected, enter=people.num_rows, chunks=len(starts))


@dataclass(frozen=True)
class _Decisions:
    """What a run decided about everybody, before anything of it is kept."""

    desk: Desk
    at: datetime
    selector: Selector
    snapshot: Snapshot
    table: str
    """DuckDB: a row for each decision."""
    selected: Selected

    @classmethod
    def of(cls, desk: Desk, campaign: str, at: datetime, run_id: str, extra: str = "") -> _Decisions:
        """Decide. `extra`: more columns of the decisions (see `Selector`)."""
        snapshot, selector = desk.snapshot(at), Selector(desk, campaign, at, extra=extra)
        table = selector.run(snapshot, "regulars_selected")
        counts = summary(desk, table)
        summed = {key: counts[key] for key in SUMMED}
        selected = Selected(run_id, campaign, **summed, stopped=stopping.reason(desk, campaign, at, table, counts))
        return cls(desk, at, selector, snapshot, table, selected)

    def remembered(self) -> dict[str, Any]:
        """What `repeat: on entry` keeps for the next run."""
        return self.selector.entering.remember(self.table) if self.selector.entering.asked else {}

    def begin(self, connection: Connection, remembered: dict[str, Any], now: datetime) -> None:
        """Write down that the run begins, and the rules it goes by."""
        editions.keep(connection, self.desk.project.fingerprint, self.desk.project.texts, now)
        conversion = self.desk.campaign(self.selected.campaign).conversion
        runs.begin(
            connection,
            self.selected.run_id,
            self.selected.campaign,
            as_of=self.at,
            audience=self.selected.audience,
            fingerprint=self.desk.project.fingerprint,
            snapshot=self.snapshot.path.name,
            counts=asdict(self.selected) | remembered,
            converts=(str(conversion.of), int(conversion.within.delta.total_seconds())),
        )


def enrol(desk: Desk, run_id: str, chunk: int) -> Enrolled:
    """Write chunk number `chunk` (from 0) of the run. Safe to run again."""
    folder, run = _run(desk, run_id)
    return enrol_chunk(
        desk, run["campaign"], run_id, folder / "batch.parquet", chunk, datetime.fromisoformat(run["at"])
    )


def finish(desk: Desk, run_id: str) -> None:
    """Close the run; its batch, which holds people, is deleted."""
    folder, _ = _run(desk, run_id)
    with desk.ledger.writing() as connection:
        runs.finish(connection, run_id, clock.now())
    shutil.rmtree(folder, ignore_errors=True)


def _folder(desk: Desk, run_id: str) -> Path:
    folder = desk.folder / "runs" / run_id
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _run(desk: Desk, run_id: str) -> tuple[Path, dict[str, str]]:
    folder = _folder(desk, run_id)
    if not (folder / "run.json").exists():
        raise ProjectError(
            f"The run {run_id} is over, or was never selected.", "Run the campaign again: nobody enters twice."
        )
    return folder, json.loads((folder / "run.json").read_text())


def _batch(desk: Desk, campaign: str, at: datetime, table: str, snapshot: Snapshot, path: Path) -> int:
    """Those who enter, with what the words read of them, as Parquet in chunks; returns how many."""
    people = entrants(desk, campaign, at, table, snapshot)
    options = f"format parquet, row_group_size {CHUNK}"
    desk.arrow(f"copy (select * from entrants) to {text(str(path))} ({options})", entrants=people)
    return int(people.num_rows)


def entrants(desk: Desk, campaign: str, at: datetime, table: str, snapshot: Snapshot) -> pa.Table:
    """Those who enter by the decisions in `table`, as letters (see `letters`) with their `chunk` number from 0.

    `state` is `planned`, or why they enter without the first message: `skipped`, `expired`, `suppressed` or `later`.
    """
    described = desk.campaign(campaign)
    letters = Letters(desk, campaign, described.messages[0], (desk.day(at),))
    columns = {row[0] for row in desk.connection.execute(f"describe select * from {snapshot.relation}").fetchall()}
    usual, reasons = described.messages[0].send.channels[0], ", ".join(map(text, entering(described)))
    people = desk.arrow(
        f"""select d.* exclude (reason) replace (coalesce(d.channel, {text(usual)}) as channel),
                   {_STATE} as state, {_WHY} as why,
                   (row_number() over (order by d.customer_id, d.occasion) - 1) // {CHUNK} as chunk
                   {letters.customer_columns("s", columns)}
            from {table} d join {snapshot.relation} s on s.{quoted(snapshot.id_column)} = d.customer_id
            where coalesce(d.reason in ({reasons}), true) order by d.customer_id, d.occasion"""
    )
    return enriched(desk, described, campaign, people, letters, at)


def enriched(desk: Desk, campaign: Campaign, name: str, entering: pa.Table, letters: Letters, at: datetime) -> pa.Table:
    """Letters with the columns that the campaign's steps add and its words read."""
    if not campaign.enrich or entering.num_rows == 0:
        return entering
    context = StepContext(ask=desk.ask, as_of=desk.day(at), campaign=name)
    # A step sees a person once, however many rows of theirs enter.
    customers = entering["customer_id"].combine_chunks()
    once = pa.table({"customer_id": customers.unique()})
    added = enrich.enriched(once, campaign.enrich, desk.steps, context)
    places = pc.index_in(customers, value_set=added["customer_id"].combine_chunks())
    reads = letters.reads.get("customer") or set()
    for column in added.column_names:
        if column != "customer_id" and column in reads:
            entering = entering.append_column(OF + column, added[column].take(places))
    return entering
