"""Whom the figures by month are about: everybody, or those of a segment as it is today."""

from __future__ import annotations

import re

from regulars.campaigns.desk import Desk, ProblemsFoundError
from regulars.errors import WrongUse
from regulars.lang.expressions import Expression
from regulars.lang.written import Written
from regulars.people.engine import name as quoted
from regulars.people.formulas import Formula
from regulars.people.snapshot import Snapshot

MEMBERS = "regulars_segment_members"
"""DuckDB: the `customer_id` of those who are asked about."""
_SHORT = re.compile(r"\s*([a-z_][a-z0-9_]*)\s*=\s*([A-Za-z0-9_]+)\s*")


def condition(desk: Desk, asked: str) -> str:
    """What somebody typed after `--segment` as a condition: the value of a ladder needs no quotes there."""
    found = _SHORT.fullmatch(asked)
    known = desk.vocabulary.fields.get(found[1]) if found else None
    return f"{found[1]} = '{found[2]}'" if found and known and found[2] in known.values else asked.strip()


def typed(desk: Desk, asked: Written) -> Expression:
    """`asked` as a condition about customers; raises WrongUse for what is none."""
    try:
        return desk.condition(asked)
    except ProblemsFoundError as refused:
        problem = refused.problems.errors[0]
        raise WrongUse(problem.sentence, problem.way_out) from None


def lay(desk: Desk, snapshot: Snapshot, asked: Written) -> int:
    """Leave `MEMBERS` in DuckDB: those for whom the condition `asked` holds today; how many they are."""
    tree = typed(desk, asked).tree
    desk.connection.execute(
        f"""create or replace temp table {MEMBERS} as select {quoted(snapshot.id_column)} as customer_id
            from {snapshot.relation} where {Formula(snapshot.day, {})(tree)}"""
    )
    row = desk.connection.execute(f"select count(*) from {MEMBERS}").fetchone()
    return int(row[0]) if row else 0
