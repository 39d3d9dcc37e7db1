"""The rows that a campaign with `for_each` walks, laid in DuckDB.

Of single rows a relation has a line for each: `customer_id`, `row_id`, `nth` (its place among the rows of this
customer, from 1), and every column as "row.COLUMN". With `together` it has a line for each customer: `customer_id`,
`row_ids` (list of texts) and `rows` (list of structs of the columns), both in the order of the table's `at`.
"""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from regulars.campaigns.desk import Desk
from regulars.campaigns.friends import laying
from regulars.lang.campaign import ForEach
from regulars.lang.expressions import ROW
from regulars.ledger import facts
from regulars.people import engine
from regulars.people.engine import name as quoted
from regulars.people.traits import Counting
from regulars.people.walked import Walk

WALKED, INSIDE = "regulars_walked", "regulars_walked_inside"
_ENTRIES, _EACH, _FOUND = "regulars_walking_entries", "regulars_each_row", "regulars_rows_found"
COVERED = "regulars_covered"
"""DuckDB: customer_id and row_id of the rows for which somebody entered before."""


def columns(desk: Desk, campaign: str) -> list[str]:
    """The columns of a line that are the row's, in their order: "row.COLUMN" each, or `rows`; none without rows."""
    walked = desk.campaign(campaign).for_each
    if walked is None:
        return []
    own = [f"{ROW}.{column}" for column in desk.source.fields(str(walked.row))]
    return ["row_ids", "rows"] if walked.together else own


def lay(
    desk: Desk, campaign: str, at: datetime, *, inside: pa.Table | None = None, only: str = "", whatever: bool = False
) -> str:
    """Leave the rows of `campaign` in DuckDB and return the relation's name.

    Without `inside`: the rows for which `where` holds on the day of `at`, of the customer `only` or of everybody; those
    of which each entry with `together` is made are only those that no earlier entry covered. `whatever`: all rows,
    whether `where` holds, and whoever entered for them before.

    `inside` has entries of the campaign: `enrolment_id`, `customer_id`, `occasion`, `row_ids` (JSON, empty where an
    entry is about one row). Then the relation has a line for each of them, with `enrolment_id` too, and the rows as
    they are now, whatever `where` says: a row that is gone has no values, or is missing in `rows`.
    """
    walked = _walked(desk, campaign)
    if desk.source.is_ledgers(str(walked.row)):
        laying.lay(desk, str(walked.row), at)
    walk = Walk(Counting(desk.vocabulary, desk.day(at)), str(walked.row))
    if inside is not None:
        return _inside(desk, walked, walk, inside)
    where = desk.row_condition(str(walked.row), walked.where) if walked.where is not None and not whatever else None
    if not walked.together:
        walk.matching(where, WALKED, only)
        return WALKED
    walk.matching(where, _FOUND, only)
    covered = facts.covered_rows(desk.ledger, *desk.names_of(campaign))
    engine.keep(desk.connection, COVERED, covered.slice(0, 0) if whatever else covered)
    desk.connection.execute(
        f"""create or replace temp table {WALKED} as
            select customer_id, {_gathered(desk, walked)}
            from {_FOUND} anti join {COVERED} using (customer_id, row_id) group by customer_id"""
    )
    return WALKED


def _walked(desk: Desk, campaign: str) -> ForEach:
    walked = desk.campaign(campaign).for_each
    if walked is None:
        raise ValueError(f"{campaign} does not walk rows")
    return walked


def _inside(desk: Desk, walked: ForEach, walk: Walk, inside: pa.Table) -> str:
    """The rows of entries: found by the entry's occasion, or by the ids it keeps."""
    engine.keep(desk.connection, _ENTRIES, inside.select(["enrolment_id", "customer_id", "occasion", "row_ids"]))
    ids = "coalesce(nullif(from_json(nullif(row_ids, ''), '[\"varchar\"]'), []), [occasion])"
    desk.connection.execute(
        f"""create or replace temp table {_EACH} as
            select enrolment_id, customer_id, unnest({ids}) as row_id from {_ENTRIES}"""
    )
    found = desk.arrow(f"select distinct row_id from {_EACH} order by row_id")
    walk.named(found["row_id"].to_pylist(), _FOUND)
    joined = f"{_EACH} e left join {_FOUND} f using (customer_id, row_id)"
    if walked.together:
        lines = f"""select enrolment_id, any_value(customer_id) as customer_id, {_gathered(desk, walked)}
                    from (select e.enrolment_id, f.* exclude (customer_id, row_id), e.customer_id as customer_id,
                                 e.row_id as row_id
                          from {joined}) group by enrolment_id"""
    else:
        lines = f"select e.enrolment_id, e.customer_id, e.row_id, f.* exclude (customer_id, row_id) from {joined}"
    desk.connection.execute(f"create or replace temp table {INSIDE} as {lines}")
    return INSIDE


def _gathered(desk: Desk, walked: ForEach) -> str:
    """The rows of one customer, or of one entry, as lists."""
    fields = ", ".join(
        f"{quoted(column)} := {quoted(f'{ROW}.{column}')}" for column in desk.source.fields(str(walked.row))
    )
    there = "filter (where nth is not null)"
    return (
        f"coalesce(list(row_id order by nth) {there}, []) as row_ids, "
        f"coalesce(list(struct_pack({fields}) order by nth) {there}, []) as rows"
    )
