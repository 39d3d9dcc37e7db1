"""What is known of those inside a campaign: their customer, and the row or rows that their entry is about."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from regulars.campaigns import rows
from regulars.campaigns.desk import Desk
from regulars.lang.surveys import ANSWER
from regulars.people import engine
from regulars.people.engine import name as quoted
from regulars.people.snapshot import Snapshot

ENTRY = "regulars entry"
"""Column: the entry's id. No table of a shop has a column with a space like this."""
ROWS = "regulars rows"
"""Column: the rows of an entry that is about several, as a list of structs."""
_ENTRIES, _NEWEST = "regulars_entries_inside", "regulars_newest_rows"


def known_of(
    desk: Desk, campaign: str, entries: pa.Table, snapshot: Snapshot, at: datetime, *, with_rows: bool = True
) -> str:
    """A subquery of DuckDB: a line for each of `entries` whose customer is in `snapshot`.

    `entries` has enrolment_id, customer_id, occasion and row_ids, and `answer` where it was asked for. Columns:
    `ENTRY`, those of the snapshot, that answer, and those of the entry's row as it is at `at` ("row.COLUMN" each, or
    `ROWS`), unless nobody asks for them.
    """
    heard = ANSWER in entries.column_names
    engine.keep(
        desk.connection, _ENTRIES, entries.select(["enrolment_id", "customer_id", *([ANSWER] if heard else [])])
    )
    answer = f", e.{ANSWER}" if heard else ""
    hidden = f" exclude ({ANSWER})" if heard and ANSWER in _columns(desk, snapshot) else ""
    own = _own(desk, campaign) if with_rows else ""
    laid = rows.lay(desk, campaign, at, inside=entries) if own else ""
    return f"""(select e.enrolment_id as {quoted(ENTRY)}, s.*{hidden}{answer}{f", {own}" if own else ""}
                from {_ENTRIES} e join {snapshot.relation} s on s.{quoted(snapshot.id_column)} = e.customer_id
                {f"left join {laid} r using (enrolment_id)" if own else ""})"""


def _columns(desk: Desk, snapshot: Snapshot) -> set[str]:
    """A shop may have a column of the name of an answer."""
    return {row[0] for row in desk.connection.execute(f"describe select * from {snapshot.relation}").fetchall()}


def _own(desk: Desk, campaign: str) -> str:
    if desk.campaign(campaign).for_each is None:
        return ""
    return ", ".join(f"r.{quoted(one)}" for one in row_columns(desk, campaign)) or f"r.rows as {quoted(ROWS)}"


def row_columns(desk: Desk, campaign: str) -> list[str]:
    """The columns of the one row that each entry is about, as "row.COLUMN"; none where entries are about no one row."""
    return rows.columns(desk, campaign) if desk.campaign(campaign).row else []


def newest_rows(desk: Desk, campaign: str, at: datetime, customer: str = "") -> str:
    """A relation with what a run at `at` would be about: for `customer`, or everybody, the newest row, or all `rows`.

    Of somebody for whom `where` holds of no row, the newest of all. Empty where the campaign walks no rows.
    """
    walked = desk.campaign(campaign).for_each
    if walked is None:
        return ""
    laid = rows.lay(desk, campaign, at, only=customer)
    if not desk.arrow(f"select 1 from {laid} limit 1").num_rows:
        laid = rows.lay(desk, campaign, at, only=customer, whatever=True)
    own = "rows" if walked.together else ", ".join(map(quoted, row_columns(desk, campaign)))
    newest = "" if walked.together else "qualify row_number() over (partition by customer_id order by nth desc) = 1"
    desk.connection.execute(f"create or replace temp table {_NEWEST} as select customer_id, {own} from {laid} {newest}")
    return _NEWEST
