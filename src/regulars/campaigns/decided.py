"""The decision log: what runs decided about each person of their audience, and what the guards saw. No addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from regulars import clock
from regulars.campaigns.desk import Desk
from regulars.campaigns.reach import FORGOTTEN
from regulars.lang.expressions import ROW
from regulars.ledger import ids
from regulars.people import engine
from regulars.people.engine import text

KEPT_DAYS = 30
FOLDER = "decisions"
GUARDS = ("already", "is_due", "room", "room_all", "campaigns_before", "local_date")
"""Columns on the way to a judgement that tell what the guards saw."""
LATER_WITHHELD = "budget"
"""The one decision that may still be taken while a run is written; it stands over what the run had decided."""
_OF_A_BATCH = (
    "customer_id", "occasion", "arm", "channel", "language", "template", "zone", "offer_step", "due_at", "not_before",
    "expires_at", "local_day", "when_holds", "offer_off", "held",
)  # fmt: skip  # a list of names
OF_CHANNEL = ("agrees", "address", "stopped")

Decision = Mapping[str, Any]
"""A row of the log: what a judgement gives (see `Reach.judgement`), `campaign`, `run_id`, `at` and `decision`, which
is `sent` or the reason. Logs of an older Regulars have fewer columns."""


def seen(channels: Sequence[str]) -> str:
    """What a judgement is asked for beside its own columns, so that `why` can tell it: SQL that begins with a comma."""
    own = [f"{column}_{channel}" for channel in channels for column in OF_CHANNEL]
    return "".join(f", {column}" for column in (*GUARDS, *own))


def keep(desk: Desk, run_id: str, campaign: str, at: datetime, table: str) -> None:
    """Log the decisions in `table`, and leave in it what a judgement gives. Of who was forgotten nothing is kept."""
    folder = desk.folder / FOLDER
    folder.mkdir(exist_ok=True)
    path = folder / f"{desk.day(at)}-{campaign}-{run_id}.parquet"
    cells = ["coalesce(reason, 'sent') as decision"]
    more = set(seen(["email", "sms"]).split(", "))
    extra = []
    for column in (row[0] for row in desk.connection.execute(f"describe {table}").fetchall()):
        if column in more:
            extra.append(column)
        if column.startswith("address_"):
            cells.append(f"{column} <> '' as {column.replace('address', 'addressed')}")
        elif column not in ("reason", "address", "row_ids", "rows") and not column.startswith(f"{ROW}."):
            cells.append(engine.name(column))
    desk.connection.execute(
        f"""copy (select {text(campaign)} as campaign, {text(run_id)} as run_id,
                         timestamptz {text(at.isoformat())} as at, {", ".join(cells)}
                  from {table} where reason is distinct from {text(FORGOTTEN)}) to {text(str(path))} (format parquet)"""
    )
    for column in extra:
        desk.connection.execute(f"alter table {table} drop column {column}")
    _forget_old(desk)


def withheld(desk: Desk, run_id: str, campaign: str, at: datetime, rows: pa.Table) -> None:
    """Log that people of a batch, selected to get it, found no budget left when their part of the run was written."""
    path = desk.folder / FOLDER / f"{desk.day(at)}-{campaign}-{LATER_WITHHELD}-{ids.one()}-{run_id}.parquet"
    path.parent.mkdir(exist_ok=True)
    kept = ", ".join(engine.name(one) for one in rows.column_names if one in _OF_A_BATCH)
    desk.arrow(
        f"""copy (select {text(campaign)} as campaign, {text(run_id)} as run_id,
                         timestamptz {text(at.isoformat())} as at, '{LATER_WITHHELD}' as decision, {kept} from rows)
            to {text(str(path))} (format parquet)""",
        rows=rows,
    )


def runs(desk: Desk, day: date) -> list[Path]:
    """The logs of the runs of `day`, the shop's."""
    return sorted((desk.folder / FOLDER).glob(f"{day}-*.parquet"))


def about(desk: Desk, customer: str, logs: Sequence[Path]) -> list[Decision]:
    """What these logs say about one customer, in the order it was decided."""
    if not logs:
        return []
    listed = ", ".join(text(str(file)) for file in logs)
    found: list[Decision] = desk.arrow(
        f"""select * from read_parquet([{listed}], union_by_name = true)
            where customer_id = {text(customer)}
            qualify row_number() over (partition by campaign, run_id, occasion
                                       order by decision = '{LATER_WITHHELD}' desc) = 1
            order by "at", run_id"""
    ).to_pylist()
    return found


def _forget_old(desk: Desk) -> None:
    """Decisions of long ago go, and so do batches of runs that never came to their end: they are people."""
    oldest = clock.now().timestamp() - KEPT_DAYS * 86_400
    for old in [*(desk.folder / FOLDER).glob("*.parquet"), *(desk.folder / "runs").glob("*/batch.parquet")]:
        if old.stat().st_mtime < oldest:
            old.unlink(missing_ok=True)
