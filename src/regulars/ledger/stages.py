"""Stages: who stands where in each ladder since when, and how many people moved on which day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, case, delete, func, insert, or_, select, update
from sqlmodel import col

from regulars.ledger import bulk, facts, forgotten
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Stage, StageFlow, StageRun, StageTotal

NOW = pa.schema([("customer_id", pa.string()), ("since", pa.string()), ("value", pa.string()), ("before", pa.string())])
FLOWS = ("day", "ladder", "before", "after", "by_edit", "people")


@dataclass(frozen=True)
class Looked:
    """The last time that the stages of a ladder were looked at (see `StageRun`). `as_of` is aware."""

    ladder: str
    day: str
    as_of: datetime
    rules: str
    counted: str
    people: str


def looked(ledger: Ledger) -> dict[str, Looked]:
    """Ladder → when it was looked at last."""
    columns = (StageRun.ladder, StageRun.day, StageRun.as_of, StageRun.rules, StageRun.counted, StageRun.people)
    with ledger.reading() as connection:
        rows = connection.execute(select(*(col(one) for one in columns)))
        return {row.ladder: Looked(*row) for row in rows}


def current(ledger: Ledger, ladder: str) -> pa.Table:
    """Where everybody stands: customer_id, since (empty: found there), value, before."""
    columns = (Stage.customer_id, Stage.since, Stage.value, Stage.before)
    statement = select(*(col(one) for one in columns)).where(col(Stage.ladder) == ladder, col(Stage.until) == "")
    return ledger.arrow(statement, schema=NOW)


def found(connection: Connection, ladder: str, people: pa.Table) -> None:
    """They were there when the ladder was looked at for the first time: customer_id, value. Some thousands at once."""
    people = forgotten.remembered(connection, people)
    names = {"ladder": ladder, "since": ""}
    rows = {name: pa.repeat(pa.scalar(word), people.num_rows) for name, word in names.items()}
    rows |= {name: people[name] for name in ("customer_id", "value")}
    bulk.insert(connection, Stage, pa.table(rows), skip_existing=True)


def move(connection: Connection, ladder: str, day: str, people: pa.Table) -> None:
    """They stand somewhere else than they did. Some thousands at once; again changes nothing.

    `people`: customer_id, start (where `day` found them), value (where they are now), by_edit.
    """
    people = forgotten.remembered(connection, people)
    if not people.num_rows:
        return
    theirs = bulk.among(connection, col(Stage.customer_id), "customers")
    of_ladder = col(Stage.ladder) == ladder
    everybody = {"customers": bulk.listed(connection, people["customer_id"].to_pylist())}
    # Back to where the day found them first: whatever it moves, it moves once.
    connection.execute(delete(Stage).where(of_ladder, col(Stage.since) == day, theirs), everybody)
    connection.execute(update(Stage).where(of_ladder, col(Stage.until) == day, theirs).values(until=""), everybody)
    moved = people.filter(pc.not_equal(people["start"], people["value"]))
    if not moved.num_rows:
        return
    them = {"customers": bulk.listed(connection, moved["customer_id"].to_pylist())}
    connection.execute(update(Stage).where(of_ladder, col(Stage.until) == "", theirs).values(until=day), them)
    names = {"ladder": ladder, "since": day}
    rows = {name: pa.repeat(pa.scalar(word), moved.num_rows) for name, word in names.items()}
    rows |= {name: moved[name] for name in ("customer_id", "value", "by_edit")} | {"before": moved["start"]}
    bulk.insert(connection, Stage, pa.table(rows), skip_existing=True)


def close(connection: Connection, run: Looked, totals: Sequence[Mapping[str, Any]], since: str) -> None:
    """Add up the flows of the ladder from the day `since` on, and write down that it was looked at.

    `totals`: rows of `stage_total` of the day, in the place of those that are there.
    """
    add_up(connection, run.ladder, since)
    if totals:
        names = sorted({row["ladder"] for row in totals})
        connection.execute(delete(StageTotal).where(col(StageTotal.day) == run.day, col(StageTotal.ladder).in_(names)))
        connection.execute(insert(StageTotal), list(totals))
    connection.execute(delete(StageRun).where(col(StageRun.ladder) == run.ladder))
    connection.execute(insert(StageRun).values(**asdict(run)))


def add_up(connection: Connection, ladder: str, since: str) -> None:
    """The flows of a ladder from the day `since` on, anew from `stage`."""
    connection.execute(delete(StageFlow).where(col(StageFlow.ladder) == ladder, col(StageFlow.day) >= since))
    keys = (Stage.since, Stage.ladder, Stage.before, Stage.value, Stage.by_edit)
    moves = (
        select(*(col(key) for key in keys), func.count())
        .where(col(Stage.ladder) == ladder, col(Stage.since) >= since, col(Stage.since) != "")
        .group_by(*(col(key) for key in keys))
    )
    connection.execute(insert(StageFlow).from_select(list(FLOWS), moves))


def flows(ledger: Ledger, since: str, until: str) -> list[tuple[str, str, str, bool, int]]:
    """(ladder, before, after, by_edit, people) of the days from `since` to `until`, the largest first."""
    keys = (StageFlow.ladder, StageFlow.before, StageFlow.after, StageFlow.by_edit)
    people = func.sum(col(StageFlow.people))
    statement = (
        select(*(col(key) for key in keys), people)
        .where(col(StageFlow.day) >= since, col(StageFlow.day) <= until)
        .group_by(*(col(key) for key in keys))
        .order_by(people.desc(), *(col(key) for key in keys))
    )
    with ledger.reading() as connection:
        return [(*row[:3], bool(row[3]), int(row[4])) for row in connection.execute(statement)]


def totals(ledger: Ledger, until: str) -> list[tuple[str, str, str, int]]:
    """(day, ladder, value, people) of the last day of each month, up to `until`, on which a ladder was looked at."""
    month = func.substr(col(StageTotal.day), 1, 7)
    last = (
        select(col(StageTotal.ladder), func.max(col(StageTotal.day)).label("day"))
        .where(col(StageTotal.day) <= until)
        .group_by(col(StageTotal.ladder), month)
        .subquery("last")
    )
    columns = (StageTotal.day, StageTotal.ladder, StageTotal.value, StageTotal.people)
    statement = (
        select(*(col(one) for one in columns))
        .join(last, (last.c.ladder == col(StageTotal.ladder)) & (last.c.day == col(StageTotal.day)))
        .order_by(col(StageTotal.day), col(StageTotal.ladder), col(StageTotal.value))
    )
    with ledger.reading() as connection:
        return [(*row[:3], int(row[3])) for row in connection.execute(statement)]


def first_days(ledger: Ledger) -> dict[str, str]:
    """Ladder (audience, programme) → the first day that was kept of it."""
    statement = select(col(StageTotal.ladder), func.min(col(StageTotal.day))).group_by(col(StageTotal.ladder))
    with ledger.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(statement)}


def known(ledger: Ledger, day: date, moment: datetime, entered: Mapping[str, tuple[str, str]]) -> pa.Table:
    """`facts.contact_facts`, and for each name of `entered` the day somebody last came to a value of a ladder.

    `entered`: name → (ladder, value). Only who came by themselves, and not before the ladder was first looked at.
    """
    contact = facts.contact_facts(ledger, day, moment)
    if not entered:
        return contact
    came = _entered(ledger, day, entered)
    return contact.join(came, "customer_id", join_type="full outer") if came.num_rows else contact


def _entered(ledger: Ledger, day: date, entered: Mapping[str, tuple[str, str]]) -> pa.Table:
    there = {
        name: (col(Stage.ladder) == ladder) & (col(Stage.value) == value) for name, (ladder, value) in entered.items()
    }
    latest = [func.max(case((which, col(Stage.since)))).label(name) for name, which in there.items()]
    statement = (
        select(col(Stage.customer_id), *latest)
        .where(~col(Stage.by_edit), col(Stage.since) != "", col(Stage.since) <= day.isoformat(), or_(*there.values()))
        .group_by(col(Stage.customer_id))
    )
    schema = pa.schema([("customer_id", pa.string()), *((name, pa.string()) for name in there)])
    rows = ledger.arrow(statement, schema=schema)
    return rows.cast(pa.schema([("customer_id", pa.string()), *((name, pa.date32()) for name in there)]))
