"""Earlier campaigns: what the shop sent before Regulars, brought into the ledger so that orders find it.

Each is an entry that is over, with a message that went out and the codes it gave. A code counts for those alone who
were given it, since nobody says that it is one person's. Nobody was held out by lot, so these campaigns have earnings
and no lift.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa

from regulars.campaigns.desk import Desk
from regulars.errors import WrongUse
from regulars.ledger import enrolling, ids, past, runs
from regulars.people import history
from regulars.people.engine import text

MESSAGE = "earlier"
CHUNK = 5_000
"""Entries of one transaction; their codes may be many times as many."""


@dataclass(frozen=True)
class Brought:
    """What came into the ledger."""

    campaigns: int
    messages: int
    known: int
    """Messages that had been brought before."""
    unreadable: int
    """Rows of the file without a campaign, a customer or a time."""


def bring(desk: Desk, file: Path, at: datetime, within: timedelta) -> Brought:
    """Bring the campaigns of `file` (see `people.history`); orders count for them `within` so long. Once is enough.

    Raises WrongUse for a file that cannot be read, and for a campaign that the project has.
    """
    told = history.read(desk.connection, file, desk.zone)
    names = sorted(set(told.rows["campaign"].to_pylist()))
    if ours := [name for name in names if name in desk.project.campaigns]:
        raise WrongUse(f"`{ours[0]}` is a campaign of this project.", "Give the earlier one another name in the file.")
    entries = _entries(desk, told.rows, {name: ids.one() for name in names})
    new = 0
    with desk.ledger.writing() as connection:
        for (name, run), of in zip(_runs(entries).items(), _sizes(entries), strict=True):
            runs.begin(
                connection, run, name, as_of=at, audience=of, fingerprint="", snapshot="", counts={},
                converts=("order", int(within.total_seconds())),
            )  # fmt: skip
            runs.finish(connection, run, at)
    for start in range(0, entries.num_rows, CHUNK):
        part = entries.slice(start, CHUNK)
        with desk.ledger.writing() as connection:
            fresh = enrolling.enrol(
                connection, _enrolments(desk, part), _messages(desk, part), _codes(desk, part, told.rows)
            )
            past.went_out(connection, _of(desk, part, fresh), at)
            new += len(fresh)
    return Brought(len(names), new, entries.num_rows - new, told.unreadable)


def _entries(desk: Desk, rows: pa.Table, run_of: dict[str, str]) -> pa.Table:
    """A row per message: id, campaign, customer_id, sent_at, run_id."""
    found = desk.arrow(
        "select distinct campaign, customer_id, sent_at from rows_told order by campaign, customer_id, sent_at",
        rows_told=rows,
    )
    runs_of = pa.array([run_of[name] for name in found["campaign"].to_pylist()], pa.string())
    return found.append_column("id", ids.draw(found.num_rows)).append_column("run_id", runs_of)


def _runs(entries: pa.Table) -> dict[str, str]:
    return dict(zip(entries["campaign"].to_pylist(), entries["run_id"].to_pylist(), strict=True))


def _sizes(entries: pa.Table) -> list[int]:
    counted = entries.group_by("campaign", use_threads=False).aggregate([("id", "count")])
    return [int(n) for n in counted["id_count"].to_pylist()]


def _enrolments(desk: Desk, part: pa.Table) -> pa.Table:
    return desk.arrow(
        f"""select id, campaign, customer_id, strftime(sent_at, '%Y-%m-%d %H:%M:%S') as occasion, 'treated' as arm,
                  sent_at as entered_at, sent_at as due_at, run_id, sent_at as ended_at, 'finished' as end_reason,
                  strftime(timezone({text(desk.zone)}, sent_at), '%Y-%m-%d') as entered_on
           from part""",
        part=part,
    )


def _messages(desk: Desk, part: pa.Table) -> pa.Table:
    empty = ("language", "template", "template_hash", "address", "address_hash")
    return desk.arrow(
        f"""select id, id as enrolment_id, campaign, {text(MESSAGE)} as name, customer_id, 'other' as channel,
                   {", ".join(f"'' as {name}" for name in empty)}, '{{}}' as context, 'accepted' as state,
                   sent_at as due_at, sent_at as not_before, sent_at as expires_at, sent_at,
                   strftime(timezone({text(desk.zone)}, sent_at), '%Y-%m-%d') as local_day from part""",
        part=part,
    )


def _codes(desk: Desk, part: pa.Table, rows: pa.Table) -> pa.Table:
    return desk.arrow(
        f"""select r.code, p.id as enrolment_id, {text(MESSAGE)} as message_name, r.campaign, r.customer_id,
                   'other' as kind, cast(0 as decimal(14, 2)) as value,
                   {text(str(desk.rules.shop.currency))} as currency,
                   r.sent_at as issued_at, r.sent_at as valid_until, true as shared
            from told r join part p using (campaign, customer_id, sent_at) where r.code <> ''""",
        part=part,
        told=rows,
    )


def _of(desk: Desk, part: pa.Table, fresh: pa.Array) -> pa.Table:
    """The messages (id, sent_at) that are new."""
    wanted = pa.table({"id": fresh.cast(pa.string())})
    return desk.arrow("select id, sent_at from part semi join wanted using (id)", part=part, wanted=wanted)
