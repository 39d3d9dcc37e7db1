"""What must not go on until somebody lifts it: a campaign, a channel, or this whole ledger."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, text, update
from sqlmodel import col

from regulars.ledger import ids
from regulars.ledger.tables import Halt

LEDGER = "ledger"
RESTORED = "restored"
"""Reason of a halt of the ledger: it is an older copy of itself, and has forgotten what it sent since."""

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('regulars.halt'))"


def campaign(name: str) -> str:
    """The scope of a campaign."""
    return f"campaign {name}"


def channel(kind: str) -> str:
    """The scope of a channel, `email` or `sms`."""
    return f"channel {kind}"


def raise_halt(connection: Connection, scope: str, reason: str, at: datetime) -> bool:
    """Halt `scope`, in the caller's transaction; whether that is new. The first reason stays until it is lifted."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(_ONE_AT_A_TIME))
    if scope in in_force(connection):
        return False
    row = Halt(id=ids.one(), scope=scope, reason=reason, at=at)
    connection.execute(insert(Halt).values(**row.model_dump()))
    return True


def in_force(connection: Connection) -> dict[str, str]:
    """What is halted now: scope → reason."""
    statement = select(col(Halt.scope), col(Halt.reason)).where(col(Halt.lifted_at).is_(None)).order_by(col(Halt.id))
    return {row.scope: row.reason for row in connection.execute(statement)}


def lift(connection: Connection, scope: str, by: str, at: datetime) -> bool:
    """Let `scope` go on; whether it was halted. `by` is who said so, for the record."""
    statement = update(Halt).where(col(Halt.scope) == scope, col(Halt.lifted_at).is_(None))
    return connection.execute(statement.values(lifted_at=at, lifted_by=by)).rowcount > 0
