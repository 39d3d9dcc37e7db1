"""Who of the team has let which plan go."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select
from sqlmodel import col

from regulars.ledger import ids
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Approval


def record(connection: Connection, fingerprint: str, campaign: str, name: str, people: int, at: datetime) -> str:
    """Write down that `name` approves what the files of `fingerprint` would send to `people`; the record's id."""
    row = Approval(id=ids.one(), fingerprint=fingerprint, campaign=campaign, name=name, people=people, at=at)
    connection.execute(insert(Approval).values(**row.model_dump()))
    return row.id


def approved(ledger: Ledger, fingerprint: str, campaign: str) -> int:
    """The largest number of people approved for a campaign as the files of `fingerprint` have it; 0 without one."""
    statement = select(col(Approval.people)).where(
        col(Approval.fingerprint) == fingerprint, col(Approval.campaign) == campaign
    )
    with ledger.reading() as connection:
        return max(connection.execute(statement).scalars(), default=0)
