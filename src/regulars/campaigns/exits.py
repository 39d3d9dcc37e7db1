"""Who has left: `exit` of a campaign, looked up just before each send."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns.desk import Desk
from regulars.lang.campaign import ORDERED
from regulars.people.engine import name as quoted
from regulars.people.formulas import Formula
from regulars.people.vocabulary import LEDGER_FACTS

EXIT = "exit"
NAMED = 1_000
"""Up to so many customers are named in the question for their orders; of more, everybody's orders are asked for."""


def exited(desk: Desk, campaign: str, entries: pa.Table, at: datetime) -> set[str]:
    """Customers among `entries` (customer_id, entered_at) for whom the campaign's `exit` holds at `at`."""
    text = desk.campaign(campaign).exit
    if text is None or entries.num_rows == 0:
        return set()
    if text.strip() == ORDERED:
        return _ordered(desk, entries, at)
    condition = desk.condition(text)
    reads_ledger = desk.vocabulary.uses_ledger or condition.names & LEDGER_FACTS.keys()
    snapshot = desk.snapshot(at) if reads_ledger else desk.people(at)
    key = quoted(snapshot.id_column)
    found = desk.arrow(
        f"""select s.{key} as customer_id from {snapshot.relation} s semi join entries e on e.customer_id = s.{key}
            where {Formula(snapshot.day, {})(condition.tree)}""",
        entries=entries,
    )
    return set(found["customer_id"].to_pylist())


def _ordered(desk: Desk, entries: pa.Table, at: datetime) -> set[str]:
    """Any order that counts, since they entered, whoever gets the credit."""
    since = pc.min(entries["entered_at"]).as_py()
    few = entries.num_rows <= NAMED
    customers = sorted(set(entries["customer_id"].to_pylist())) if few else None
    placed = desk.placed(since, at, customers)
    found = desk.arrow(
        """select distinct e.customer_id
           from entries e join placed p on p.customer_id = e.customer_id and p.at > e.entered_at""",
        entries=entries,
        placed=placed,
    )
    return set(found["customer_id"].to_pylist())
