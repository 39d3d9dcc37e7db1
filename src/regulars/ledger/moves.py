"""How messages change their state: rows that the caller holds are set, and each change is written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Integer, String, case, func, null, update
from sqlalchemy.types import TypeEngine
from sqlmodel import col

from regulars.ledger import bulk, crossing
from regulars.ledger.columns import Moment
from regulars.ledger.tables import Message, Transition

_LEAVING: dict[str, TypeEngine[Any]] = {
    "id": String(),
    "after": String(),
    "reason": String(),
    "not_before": Moment(),
    "local_day": String(),
    "provider_id": String(),
    "company": Integer(),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One message from one state to another. Where a day, time or provider's id is None it stays."""

    message_id: str
    before: str
    after: str
    reason: str = ""
    attempt_id: str = ""
    """The attempt that this belongs to, for the record."""
    not_before: datetime | None = None
    local_day: str | None = None
    provider_id: str | None = None
    company: int | None = None
    """At most so many may share its next request (`message.company`)."""


def leave(connection: Connection, changes: Sequence[Change], at: datetime, cause: str) -> None:
    """Take messages out of their worker's hands into their new states.

    The caller has found each in its state `before`, in this transaction, and holds it (a row lock, or SQLite's write
    lock). One that goes back to `planned` forgets its attempt; any other keeps it, so that late evidence finds it.
    """
    if not changes:
        return
    new = bulk.rowset(connection, "changes", _LEAVING)
    again = new.c.after == "planned"
    statement = (
        update(Message)
        .where(col(Message.id) == new.c.id)
        .values(
            state=new.c.after,
            reason=new.c.reason,
            not_before=func.coalesce(new.c.not_before, col(Message.not_before)),
            local_day=func.coalesce(new.c.local_day, col(Message.local_day)),
            provider_id=func.coalesce(new.c.provider_id, col(Message.provider_id)),
            company=func.coalesce(new.c.company, col(Message.company)),
            claim_token="",
            lease_until=null(),
            attempt_id=case((again, ""), else_=col(Message.attempt_id)),
            sent_at=case((again, null()), else_=col(Message.sent_at)),
        )
    )
    rows = [
        {
            "id": change.message_id,
            "after": change.after,
            "reason": change.reason,
            "not_before": change.not_before,
            "local_day": change.local_day,
            "provider_id": change.provider_id,
            "company": change.company,
        }
        for change in changes
    ]
    connection.execute(statement, {"changes": bulk.json_of(connection, rows)})
    write_down(connection, changes, at, cause)


def write_down(connection: Connection, changes: Sequence[Change], at: datetime, cause: str) -> None:
    """A row in `transition` for each change, with its own reason as the cause, or else `cause`."""
    n = len(changes)
    rows = {
        "message_id": pa.array([change.message_id for change in changes], pa.string()),
        "before": pa.array([change.before for change in changes], pa.string()),
        "after": pa.array([change.after for change in changes], pa.string()),
        "at": pa.repeat(pa.scalar(at, crossing.MOMENT), n),
        "cause": pa.array([change.reason or cause for change in changes], pa.string()),
        "attempt_id": pa.array([change.attempt_id for change in changes], pa.string()),
    }
    bulk.insert(connection, Transition, pa.table(rows))
