"""The stages of ladders, kept day by day: who moved from which value to which, by themselves or by an edit.

A run looks once a day, and again when the shop's data or the rules change; nothing is written but what changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pyarrow as pa

from regulars.campaigns import makings
from regulars.campaigns.desk import Desk
from regulars.campaigns.enrol import CHUNK
from regulars.ledger import stages
from regulars.ledger.stages import Looked
from regulars.people import engine
from regulars.people.engine import name as quoted
from regulars.people.engine import text
from regulars.people.formulas import Formula
from regulars.people.snapshot import Snapshot

PROGRAMME = "programme "
"""How the name of a programme begins in `stage_total`; with it, nobody takes it for a ladder's."""
STANDING, BEFORE = "regulars_standing", "regulars_standing_before"


def keep(desk: Desk, at: datetime) -> int:
    """Bring the stages of every ladder up to the day of `at`; how many people moved. Again changes nothing.

    A day before the last one that was looked at is left alone: stages only go forward.
    """
    programmes = [desk.condition(one.members) for one in desk.rules.programmes.values()]
    snapshot = desk.snapshot_for(at, programmes)
    before, moved, totals = stages.looked(desk.ledger), 0, None
    for ladder in _ladders(desk):
        made = makings.of(desk, [ladder])
        run = Looked(ladder, snapshot.day.isoformat(), at, made.rules(), made.tables(), snapshot.people.name)
        last = before.get(ladder)
        if last is not None and (last.day > run.day or _same(last, run)):
            continue
        totals = _totals(desk, snapshot) if totals is None else totals
        moved += _look(desk, snapshot, last, run, made)
        with desk.ledger.writing() as connection:
            stages.close(connection, run, totals, min(last.day, run.day) if last else run.day)
    return moved


def _ladders(desk: Desk) -> list[str]:
    return [str(name) for name, segment in desk.rules.segments.items() if segment.steps]


def _same(last: Looked, run: Looked) -> bool:
    return (last.day, last.rules, last.people) == (run.day, run.rules, run.people)


def _look(desk: Desk, snapshot: Snapshot, last: Looked | None, run: Looked, made: makings.Makings) -> int:
    """Write down who stands elsewhere than they did; how many."""
    if last is None:
        people = desk.arrow(f"select * from ({_now(snapshot, run.ladder)}) order by customer_id")
        _written(desk, people, partial(stages.found, ladder=run.ladder))
        return 0
    people = changed(desk, snapshot, last, run, made)
    _written(desk, people, partial(stages.move, ladder=run.ladder, day=run.day))
    return int(people.num_rows)


def changed(desk: Desk, snapshot: Snapshot, last: Looked, run: Looked, made: makings.Makings) -> pa.Table:
    """Who stands elsewhere: customer_id, start (where the day found them), value, by_edit."""
    engine.keep(desk.connection, STANDING, stages.current(desk.ledger, run.ladder))
    edited = last.rules != run.rules
    if edited:
        kept = last.people if last.counted == run.counted else ""
        then = desk.as_ruled_now(last.as_of, kept, made.names)
        desk.connection.execute(f"create or replace temp table {BEFORE} as {_now(then, run.ladder)}")
    join = f"left join {BEFORE} b on b.customer_id = k.customer_id" if edited else ""
    day = text(run.day)
    return desk.arrow(
        f"""select coalesce(n.customer_id, k.customer_id) as customer_id,
                   case when k.since = {day} then k.before else coalesce(k.value, '') end as start,
                   coalesce(n.value, '') as value,
                   {"coalesce(b.value <> k.value, false)" if edited else "false"} as by_edit
            from ({_now(snapshot, run.ladder)}) n full join {STANDING} k on k.customer_id = n.customer_id {join}
            where coalesce(k.value, '') <> coalesce(n.value, '') order by 1"""
    )


def _now(snapshot: Snapshot, ladder: str) -> str:
    """DuckDB: customer_id and value of everybody in the snapshot."""
    return f"select {quoted(snapshot.id_column)} as customer_id, {quoted(ladder)} as value from {snapshot.relation}"


def _written(desk: Desk, people: pa.Table, write: Any) -> None:
    """`write` them, at most `CHUNK` in one transaction: a longer one starves every other writer."""
    for start in range(0, people.num_rows, CHUNK):
        with desk.ledger.writing() as connection:
            write(connection, people=people.slice(start, CHUNK))


def _totals(desk: Desk, snapshot: Snapshot) -> list[dict[str, Any]]:
    """Rows of `stage_total`: every ladder, audience and programme of the day."""
    found = desk.connection.execute(" union all ".join(_counts(desk, snapshot))).fetchall()
    day = snapshot.day.isoformat()
    return [{"day": day, "ladder": name, "value": value, "people": people} for name, value, people in found]


def _counts(desk: Desk, snapshot: Snapshot) -> Iterator[str]:
    formula = Formula(snapshot.day, {})
    for name, segment in desk.rules.all_segments().items():
        value = quoted(name) if segment.steps else f"if({quoted(name)}, 'in', 'out')"
        yield f"select {text(name)}, {value}, count(*) from {snapshot.relation} group by all"
    for programme, described in desk.rules.programmes.items():
        member = f"if({formula(desk.condition(described.members).tree)}, 'in', 'out')"
        yield f"select {text(PROGRAMME + programme)}, {member}, count(*) from {snapshot.relation} group by all"
