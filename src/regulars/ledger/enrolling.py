"""Entries with their messages and codes, written together: running twice, or twice at once, changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, delete, select
from sqlmodel import col

from regulars.ledger import bulk, codes, forgotten, pools
from regulars.ledger.cohorts import changes
from regulars.ledger.tables import Code, Enrolment, Message


class Redrawn(NamedTuple):
    """A code of an entry that somebody else had already, and the one that took its place."""

    enrolment_id: str
    taken: str
    fresh: str


def enrol(
    connection: Connection, enrolments: pa.Table, messages: pa.Table, issued: pa.Table, *, from_pool: bool = False
) -> pa.Array:
    """Write entries, their first messages and their codes; the ids (string array) of the entries that are new.

    Columns are named as those of `enrolment`, `message` and `code`; missing ones take the model's defaults. An entry
    whose (campaign, customer, occasion) exists is left out, and its messages and codes with it; so is one of somebody
    who was forgotten. A code that somebody has already is drawn anew, in its row and in the messages' contexts; one
    taken `from_pool` is never drawn, and goes back where its entry is left out. Everything in the caller's transaction,
    of at most 10,000 people.
    """
    ids = _text(enrolments, "id")
    enrolments = forgotten.remembered(connection, enrolments)
    if bulk.insert(connection, Enrolment, enrolments, skip_existing=True) == len(ids):
        new = ids
    else:
        # Ids are drawn for this call alone, so those that are in the table now were written by it.
        new = bulk.existing(connection, Enrolment, "id", ids)
        if from_pool:
            pools.give_back(connection, _of(issued, "enrolment_id", new, inside=False)["code"].to_pylist())
        messages, issued = _of(messages, "enrolment_id", new), _of(issued, "enrolment_id", new)
    changes.entered(connection, enrolments)
    bulk.insert(connection, Message, _with_codes(messages, _issue(connection, issued, from_pool=from_pool)))
    return new


def add_messages(connection: Connection, messages: pa.Table, issued: pa.Table, *, from_pool: bool = False) -> pa.Array:
    """Write follow-ups of entries that exist, with their codes; the ids (string array) of the messages that are new.

    A message whose (entry, name) exists is left out, and the codes given with it; see `enrol`.
    """
    ids = _text(messages, "id")
    wanted = forgotten.remembered(connection, messages)
    alone, shared = _apart(issued)
    redrawn = _issue(connection, alone, from_pool=from_pool)
    changes.changed(connection, messages["enrolment_id"].to_pylist())
    if bulk.insert(connection, Message, _with_codes(wanted, redrawn), skip_existing=True) == len(ids):
        _issue(connection, shared)
        return ids
    new = bulk.existing(connection, Message, "id", ids)
    unwritten = _keys(_of(messages, "id", new, inside=False), "name")
    withdrawn = _withdraw(connection, unwritten, alone, redrawn)
    if from_pool:
        pools.give_back(connection, withdrawn)
    keys = zip(*(shared[name].to_pylist() for name in ("enrolment_id", "message_name")), strict=True)
    _issue(connection, shared.filter(pa.array([key not in unwritten for key in keys], pa.bool_())))
    return new


def _apart(issued: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Codes of one person each, and codes that many have."""
    if "shared" not in issued.column_names:
        return issued, issued.slice(0, 0)
    return issued.filter(pc.invert(issued["shared"])), issued.filter(issued["shared"])


def _issue(connection: Connection, issued: pa.Table, *, from_pool: bool = False) -> list[Redrawn]:
    """Write codes. Of those that are one person's alone the ones somebody has already are drawn anew."""
    issued, shared = _apart(issued)
    bulk.insert(connection, Code, shared, skip_existing=True)
    if from_pool:
        bulk.insert(connection, Code, issued)
        return []
    redrawn: list[Redrawn] = []
    while issued.num_rows and bulk.insert(connection, Code, issued, skip_existing=True) < issued.num_rows:
        issued = issued.take(_refused(connection, issued))
        fresh = pa.array(codes.draw(issued.num_rows), pa.string())
        triples = (issued["enrolment_id"].to_pylist(), issued["code"].to_pylist(), fresh.to_pylist())
        redrawn += map(Redrawn, *triples)
        issued = issued.set_column(issued.column_names.index("code"), "code", fresh)
    return redrawn


def _refused(connection: Connection, issued: pa.Table) -> pa.Array:
    """Which rows of `issued` (their places) the table has under another's name."""
    taken = bulk.among(connection, col(Code.code), "codes"), col(Code.shared).is_(False)
    statement = select(col(Code.code), col(Code.enrolment_id)).where(*taken)
    bound = bulk.listed(connection, issued["code"].to_pylist())
    owners = {row.code: row.enrolment_id for row in connection.execute(statement, {"codes": bound})}
    pairs = zip(issued["code"].to_pylist(), issued["enrolment_id"].to_pylist(), strict=True)
    places = []
    for place, (code, owner) in enumerate(pairs):
        # An owner has a code once, however often this chunk drew it for him.
        if owners.get(code) == owner:
            owners[code] = ""
        else:
            places.append(place)
    return pa.array(places, pa.int64())


def _with_codes(messages: pa.Table, redrawn: Sequence[Redrawn]) -> pa.Table:
    """The messages, with codes that were drawn anew in their contexts."""
    if not redrawn:
        return messages
    by_owner: dict[str, list[Redrawn]] = {}
    for change in redrawn:
        by_owner.setdefault(change.enrolment_id, []).append(change)
    contexts = messages["context"].to_pylist()
    for place, owner in enumerate(messages["enrolment_id"].to_pylist()):
        for change in by_owner.get(owner, ()):
            contexts[place] = contexts[place].replace(change.taken, change.fresh)
    return messages.set_column(messages.column_names.index("context"), "context", pa.array(contexts, pa.string()))


def _withdraw(
    connection: Connection, unwritten: set[tuple[str, str]], issued: pa.Table, redrawn: Sequence[Redrawn]
) -> list[str]:
    """Take back the codes issued a moment ago for messages (entry, name) that had been written before; these codes."""
    columns = (issued[name].to_pylist() for name in ("enrolment_id", "message_name", "code"))
    fresh = {(change.enrolment_id, change.taken): change.fresh for change in redrawn}
    withdrawn = []
    for owner, name, code in zip(*columns, strict=True):
        if (owner, name) in unwritten:
            last = code
            while (owner, last) in fresh:
                last = fresh[owner, last]
            withdrawn.append(last)
    statement = delete(Code).where(bulk.among(connection, col(Code.code), "codes"), col(Code.shared).is_(False))
    connection.execute(statement, {"codes": bulk.listed(connection, withdrawn)})
    return withdrawn


def _keys(rows: pa.Table, name: str) -> set[tuple[str, str]]:
    return set(zip(rows["enrolment_id"].to_pylist(), rows[name].to_pylist(), strict=True))


def _of(rows: pa.Table, column: str, ids: pa.Array, *, inside: bool = True) -> pa.Table:
    chosen = pc.is_in(rows[column], value_set=ids.cast(rows[column].type))
    return rows.filter(chosen if inside else pc.invert(chosen))


def _text(rows: pa.Table, column: str) -> pa.Array:
    return rows[column].cast(pa.string()).combine_chunks()
