"""Entering: one chunk of people becomes entries, messages and codes, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns import code_files, decided, pool_codes
from regulars.campaigns.budgets.fitting import Held, priced
from regulars.campaigns.desk import Desk
from regulars.campaigns.letters import OWN_CODE, Letters
from regulars.ledger import codes, ids, outbox, referrals
from regulars.people.engine import text

LATER = "later"
"""State of a letter whose first message is not due yet: they enter without it."""
CHUNK = 10_000
"""People in one transaction: a longer one starves every other writer of a SQLite ledger."""


@dataclass(frozen=True)
class Enrolled:
    """What one chunk wrote: entries that are new, and people who had been entered by somebody else meanwhile."""

    new: int
    already: int
    withheld: int = 0
    """People for whom no budget is left: others were given what there was when they were selected."""


def enrol_chunk(desk: Desk, campaign: str, run_id: str, batch: Path, chunk: int, at: datetime) -> Enrolled:
    """Write chunk number `chunk` (from 0) of a batch. Running it twice, or twice at once, changes nothing."""
    # The batch lies in the order of its people, a row group to a chunk.
    rows = desk.arrow(f"select * from read_parquet({text(str(batch))}) where chunk = {chunk}")
    return enrol_rows(desk, campaign, run_id, rows, at)


def enrol_rows(desk: Desk, campaign: str, run_id: str, rows: pa.Table, at: datetime) -> Enrolled:
    """Write people of a batch (10,000 at most), in one transaction."""
    if rows.num_rows == 0:
        return Enrolled(0, 0)
    rows = rows.append_column("enrolment_id", ids.draw(rows.num_rows))
    asked = rows.num_rows
    letters = Letters(desk, campaign, desk.campaign(campaign).messages[0], (desk.day(at),))
    rows = priced(letters, rows, at)
    treated = _written_to(rows)
    invites = "referral" in letters.reads
    # What needs nothing of the ledger is made before its one writer's turn.
    built = None if invites or letters.pool else letters.build(treated, at)
    with desk.ledger.writing() as connection:
        held = Held(desk, connection, letters, at)
        if (fits := held.entering(rows)) is not None:
            without, rows = rows.filter(pc.invert(fits)), rows.filter(fits)
            built, treated = None, _written_to(rows)
        if invites:
            own = referrals.codes_for(connection, treated["customer_id"].combine_chunks(), at)
            treated = with_own_codes(desk, treated, own)
            code_files.lay_own(desk, connection, f"{campaign}-{run_id}", own["customer_id"], at)
        if built is None:
            draw = pool_codes.drawing(connection, letters.pool, at) if letters.pool else codes.draw
            built = letters.build(treated, at, draw)
        letters.begin_test(connection, built[0])
        enrolments = _enrolments(desk, campaign, run_id, rows, at)
        new = outbox.enrol(connection, enrolments, *built, from_pool=bool(letters.pool))
        held.count(built[1], new)
        if letters.offer is not None and not letters.pool:
            code_files.lay(desk, connection, f"{campaign}-{run_id}", new)
    if fits is not None:
        decided.withheld(desk, run_id, campaign, at, without)
    return Enrolled(len(new), rows.num_rows - len(new), asked - rows.num_rows)


def _written_to(rows: pa.Table) -> pa.Table:
    """Those of a batch who have a first message, or a reason not to get it; the others are held out, or it is early."""
    return rows.filter(pc.and_(pc.equal(rows["arm"], "treated"), pc.not_equal(rows["state"], LATER)))


def _enrolments(desk: Desk, campaign: str, run_id: str, rows: pa.Table, at: datetime) -> pa.Table:
    """Rows of the ledger's `enrolment`; who is held out is over as soon as it begins."""
    now = f"timestamptz {text(at.isoformat())}"
    # A first message with a time of its own says nothing about when the entry began.
    due = now if desk.campaign(campaign).messages[0].own_time else "due_at"
    row_ids = "cast(to_json(row_ids) as varchar)" if "row_ids" in rows.column_names else "''"
    return desk.arrow(
        f"""select enrolment_id as id, {text(campaign)} as campaign, customer_id, occasion, arm,
                   {now} as entered_at, {due} as due_at, {text(run_id)} as run_id, offer_step,
                   case when arm <> 'treated' then {due} end as ended_at,
                   case when arm <> 'treated' then 'held out' else '' end as end_reason, {row_ids} as row_ids,
                   {text(desk.day(at).isoformat())} as entered_on
            from entering""",
        entering=rows,
    )


def with_own_codes(desk: Desk, letters: pa.Table, own: pa.Table) -> pa.Table:
    """Letters with the advocate's own code of each (`own` as `referrals.codes_for` gives them)."""
    return desk.arrow(
        f"select l.*, o.code as {OWN_CODE} from letters l join own o using (customer_id)", letters=letters, own=own
    )
