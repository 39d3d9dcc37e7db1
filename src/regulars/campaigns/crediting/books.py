"""The books: what the ledger knows that may earn an order's credit, laid in DuckDB beside the orders.

Times in these tables are UTC without a zone (`moments`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pyarrow as pa

from regulars.campaigns.crediting.moments import bare
from regulars.campaigns.desk import Desk
from regulars.ledger import credit
from regulars.people.order_search import normal

ENTERED = "regulars_entered"
"""DuckDB: entries of all arms with what counts as success (`of`; null: nobody knows) and the end of their window."""
MINE = "regulars_sent"
"""DuckDB: messages that went out, with their entries."""
CLICKED = "regulars_clicked"
"""DuckDB: clicks that people made."""
GIVEN = "regulars_given"
"""DuckDB: codes of messages, as they are compared."""
LOOKED_FOR = "regulars_looked_for"
"""DuckDB: all codes that mean anything, messages' and advocates'."""


def lay(desk: Desk, whose: Sequence[str] | None = None) -> None:
    """Leave `ENTERED`, `MINE`, `CLICKED` and `GIVEN` in DuckDB: everybody's, or those of some customers."""
    ledger = desk.ledger
    tables = {
        "entries": bare(credit.entries(ledger, whose)),
        "sent": bare(credit.sent_messages(ledger, whose)),
        "clicks": bare(credit.clicks(ledger)),
        "codes": credit.issued_codes(ledger, whose),
        "noted": credit.windows(ledger),
        "written": windows(desk),
    }
    for name, rows in tables.items():
        desk.connection.register(name, rows)
    try:
        for relation, statement in _LAID.items():
            desk.connection.execute(f"create or replace temp table {relation} as {statement}")
    finally:
        for name in tables:
            desk.connection.unregister(name)


_LAID = {
    # An entry is judged by what its run noted; before runs noted it, by the campaign's file.
    ENTERED: """
        select e.enrolment_id, e.campaign, e.customer_id, e.entered_at, coalesce(n."of", w."of") as "of",
               e.entered_at + to_seconds(coalesce(n.seconds, w.seconds)) as ends_at
        from entries e left join noted n on n.run_id = e.run_id left join written w on w.campaign = e.campaign""",
    MINE: f"""
        select m.message_id, m.enrolment_id, m.name, m.state, m.sent_at, e.campaign, e.customer_id, e."of", e.ends_at
        from sent m join {ENTERED} e on e.enrolment_id = m.enrolment_id""",
    CLICKED: 'select message_id, "at" from clicks',
    GIVEN: f"select {normal('code')} as normal, enrolment_id, message_name, customer_id, shared from codes",
}


def windows(desk: Desk) -> pa.Table:
    """Of each campaign of the project: what counts as success, and how long after entering (seconds)."""
    conversions = {name: campaign.conversion for name, campaign in desk.project.campaigns.items()}
    seconds = [int(one.within.delta.total_seconds()) for one in conversions.values()]
    return pa.table(
        {
            "campaign": pa.array(list(conversions), pa.string()),
            "of": pa.array([one.of for one in conversions.values()], pa.string()),
            "seconds": pa.array(seconds, pa.int64()),
        }
    )


def longest(desk: Desk) -> timedelta:
    """The longest window of any entry that is laid."""
    found = desk.arrow(f"select max(ends_at - entered_at) as longest from {ENTERED}")["longest"][0].as_py()
    return timedelta(0) if found is None else found if isinstance(found, timedelta) else timedelta(days=found.days)
