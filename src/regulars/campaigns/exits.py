"""Who has left: `exit` of a campaign, looked up just before each send."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns.desk import Desk
from regulars.campaigns.inside import ENTRY, known_of
from regulars.lang.campaign import ORDERED
from regulars.lang.expressions import ROW
from regulars.people.engine import name as quoted
from regulars.people.formulas import Formula

EXIT = "exit"
NAMED = 1_000
"""Up to so many customers are named in the question for their orders; of more, everybody's orders are asked for."""


def exited(desk: Desk, campaign: str, entries: pa.Table, at: datetime) -> set[str]:
    """The ids of those among `entries` for whom the campaign's `exit` holds at `at`.

    `entries` has enrolment_id, customer_id, entered_at, occasion and row_ids.
    """
    described = desk.campaign(campaign)
    if described.exit is None or entries.num_rows == 0:
        return set()
    if described.exit.strip() == ORDERED:
        return _ordered(desk, entries, at)
    condition = desk.condition(described.exit, described.row)
    reads_ledger = desk.vocabulary.uses_ledger or desk.vocabulary.asks_ledger(condition)
    snapshot = desk.snapshot(at) if reads_ledger else desk.people(at)
    about_rows = any(name.startswith(f"{ROW}.") for name in condition.names)
    known = known_of(desk, campaign, entries, snapshot, at, with_rows=about_rows)
    found = desk.arrow(
        f"""select {quoted(ENTRY)} as enrolment_id from {known}
            where {Formula(snapshot.day, {})(condition.tree)}"""
    )
    return set(found["enrolment_id"].to_pylist())


def _ordered(desk: Desk, entries: pa.Table, at: datetime) -> set[str]:
    """Any order that counts, since they entered, whoever gets the credit."""
    since = pc.min(entries["entered_at"]).as_py()
    few = entries.num_rows <= NAMED
    customers = sorted(set(entries["customer_id"].to_pylist())) if few else None
    placed = desk.placed(since, at, customers)
    found = desk.arrow(
        """select distinct e.enrolment_id
           from entries e join placed p on p.customer_id = e.customer_id and p.at > e.entered_at""",
        entries=entries,
        placed=placed,
    )
    return set(found["enrolment_id"].to_pylist())
