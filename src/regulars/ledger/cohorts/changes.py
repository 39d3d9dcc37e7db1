"""What changed since the sums of a cohort were made: written down by whoever changes it, and read when they are told.

Changes of messages' states are not written down: each has a row in `transition`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa
from sqlalchemy import Connection, FromClause, String, delete, func, insert, select, text
from sqlalchemy.orm import aliased
from sqlmodel import col

from regulars.ledger import bulk, intake
from regulars.ledger.tables import Cohort, Cursor, Enrolment, Message, Recount, Transition

READ = "cohorts"
"""The cursor's name: up to which transition the sums hold."""


class Day(NamedTuple):
    """A cohort: the entries of one campaign on one day of the shop's (ISO)."""

    campaign: str
    entered_on: str


@dataclass(frozen=True, slots=True)
class Changed:
    """What changed since the sums were made."""

    days: frozenset[Day] | None
    """Cohorts whose kept sums are not those of now; None where none was ever made, so that all are to be counted."""
    marks: tuple[int, ...]
    """The rows of `recount` that say so."""


def entered(connection: Connection, enrolments: pa.Table) -> None:
    """These rows of `enrolment` are new, and written down.

    Where they entered before others had, the others are counted again too: who was first is not who it was.
    """
    known = "entered_on" in enrolments.column_names
    days = enrolments["entered_on"].to_pylist() if known else [""] * enrolments.num_rows
    new = set(map(Day, enrolments["campaign"].to_pylist(), days))
    since = {name: min(day.entered_on for day in new if day.campaign == name) for name, _ in new}
    own = col(Enrolment.campaign), col(Enrolment.entered_on)
    for campaign, first in since.items():
        later = select(*own).where(own[0] == campaign, own[1] > first)
        if connection.execute(later.limit(1)).first():
            new |= {Day(*row) for row in connection.execute(later.distinct())}
    _mark(connection, new)


def changed(connection: Connection, enrolment_ids: Iterable[str]) -> None:
    """Something of these entries is not as it was: orders, credit, codes, messages.

    Later entries of the same people are counted again with them: what is somebody's first order depends on it.
    """
    ids = sorted({one for one in enrolment_ids if one})
    one, later = aliased(Enrolment), aliased(Enrolment)
    statement = (
        select(col(later.campaign), col(later.entered_on))
        .select_from(one)
        .join(later, (col(later.campaign) == col(one.campaign)) & (col(later.customer_id) == col(one.customer_id)))
        .where(bulk.among(connection, col(one.id), "ids"), col(later.entered_at) >= col(one.entered_at))
        .distinct()
    )
    found: set[Day] = set()
    for start in range(0, len(ids), bulk.SLICE):
        bound = {"ids": bulk.listed(connection, ids[start : start + bulk.SLICE])}
        found |= {Day(*row) for row in connection.execute(statement, bound)}
    _mark(connection, found)


def renamed(connection: Connection, campaigns: Sequence[str]) -> None:
    """Every cohort of these campaigns, kept or not, is another: all their entries are counted again."""
    found: set[Day] = set()
    for table in (Enrolment, Cohort):
        columns = col(table.campaign), col(table.entered_on)
        statement = select(*columns).where(columns[0].in_(campaigns)).distinct()
        found |= {Day(*row) for row in connection.execute(statement)}
    _mark(connection, found)


def since_counted(connection: Connection) -> Changed:
    """What changed since the sums were made."""
    counted = connection.execute(select(col(Cursor.position)).where(col(Cursor.name) == READ)).scalar()
    rows = connection.execute(select(col(Recount.id), col(Recount.campaign), col(Recount.entered_on))).all()
    marks = tuple(number for number, _, _ in rows)
    if counted is None:
        return Changed(None, marks)
    moved = (
        select(col(Enrolment.campaign), col(Enrolment.entered_on))
        .select_from(Transition)
        .join(Message, col(Message.id) == col(Transition.message_id))
        .join(Enrolment, col(Enrolment.id) == col(Message.enrolment_id))
        .where(col(Transition.id) > counted)
        .distinct()
    )
    days = {Day(campaign, day) for _, campaign, day in rows} | {Day(*row) for row in connection.execute(moved)}
    return Changed(frozenset(days), marks)


def last_settled(connection: Connection) -> int:
    """The number of the last transition, once none with a smaller one can appear any more; the first thing asked.

    PostgreSQL gives numbers out before they are committed, so it waits here for those who write; SQLite has one writer.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE transition IN SHARE MODE"))
    return int(connection.execute(select(func.max(col(Transition.id)))).scalar() or 0)


def alone(connection: Connection) -> None:
    """Until this transaction ends nobody else counts. On SQLite one transaction writes at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('regulars.cohorts'))"))


def counted(connection: Connection, marks: Sequence[int], read: int) -> None:
    """The sums hold up to the transition `read`, and what these `marks` say is done."""
    before = intake.position(connection, READ)
    if read >= before:
        intake.advance(connection, READ, before, read)
    for start in range(0, len(marks), bulk.SLICE):
        connection.execute(delete(Recount).where(col(Recount.id).in_(marks[start : start + bulk.SLICE])))


def sizes(connection: Connection, days: Collection[Day] | None) -> dict[Day, int]:
    """These cohorts, or all, with how many entries they have."""
    own = col(Enrolment.campaign), col(Enrolment.entered_on)
    if days is None:
        rows = connection.execute(select(*own, func.count()).group_by(*own))
    else:
        asked = listed(connection)
        same = (own[0] == asked.c.campaign) & (own[1] == asked.c.entered_on)
        entries = func.count(col(Enrolment.id))
        statement = select(*asked.c, entries).select_from(asked).join(Enrolment, same, isouter=True)
        rows = connection.execute(statement.group_by(*asked.c), {ASKED: bound(connection, days)})
    return {Day(campaign, day): number for campaign, day, number in rows}


ASKED = "cohorts"
"""The parameter under which cohorts are bound."""


def listed(connection: Connection) -> FromClause:
    """Cohorts that are bound as `ASKED`, to join with: campaign, entered_on."""
    return bulk.rowset(connection, ASKED, {name: String() for name in Day._fields})


def bound(connection: Connection, days: Iterable[Day]) -> str:
    """The value to bind for them."""
    return bulk.json_of(connection, [day._asdict() for day in sorted(days)])


def _mark(connection: Connection, days: Collection[Day]) -> None:
    if days:
        connection.execute(insert(Recount), [day._asdict() for day in sorted(days)])
