"""Campaigns whose files were renamed: what they did goes on under the new name."""

from __future__ import annotations

from sqlalchemy import Connection, case, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col

from regulars.ledger.cohorts import changes
from regulars.ledger.store import Ledger
from regulars.ledger.tables import (
    Approval,
    Code,
    Conversion,
    Enrolment,
    Membership,
    Message,
    PoolCode,
    Redemption,
    Run,
    Salt,
    Touch,
    Trial,
)

_RENAMED: tuple[type[SQLModel], ...] = (
    Message,
    Code,
    Conversion,
    Touch,
    Redemption,
    Run,
    Approval,
    Membership,
    Trial,
)
_DRAWN = "campaign "
"""What stands before a campaign's name in the salt that says under which name its arms are drawn."""


def is_known(ledger: Ledger, campaign: str) -> bool:
    """Whether it ever ran, or anybody entered it."""
    with ledger.reading() as connection:
        return _is_known(connection, campaign)


def _is_known(connection: Connection, campaign: str) -> bool:
    ran = exists().where(col(Run.campaign) == campaign)
    entered = exists().where(col(Enrolment.campaign) == campaign)
    return bool(connection.execute(select(or_(ran, entered))).scalar())


def inside(ledger: Ledger) -> dict[str, int]:
    """Campaign → entries that run."""
    running = select(col(Enrolment.campaign), func.count()).where(col(Enrolment.ended_at).is_(None))
    with ledger.reading() as connection:
        return {name: n for name, n in connection.execute(running.group_by(col(Enrolment.campaign)))}  # noqa: C416  # rows are no pairs to a type checker


def entered(ledger: Ledger, campaign: str) -> int:
    """How many people ever entered a campaign."""
    people = select(func.count(func.distinct(col(Enrolment.customer_id)))).where(col(Enrolment.campaign) == campaign)
    with ledger.reading() as connection:
        return int(connection.execute(people).scalar() or 0)


def drawn_as(ledger: Ledger, campaign: str, former: str) -> str:
    """The name under which the campaign's arms are drawn: its first one, however often it was renamed."""
    wanted = [_DRAWN + campaign, _DRAWN + former]
    statement = select(col(Salt.name), col(Salt.value)).where(col(Salt.name).in_(wanted))
    with ledger.reading() as connection:
        kept = {row.name: row.value for row in connection.execute(statement)}
    return str(kept.get(wanted[0]) or kept.get(wanted[1]) or former)


def rename(ledger: Ledger, campaign: str, former: str, *, pool: bool = False) -> bool:
    """Let everything `former` did be what `campaign` did, and its arms stay drawn as they were; whether it changed any.

    `pool`: the codes of the pool called `former` too. Entries of one customer for one occasion under both names stay
    two: the older one's occasion says where it comes from.
    """
    drawn = drawn_as(ledger, campaign, former)
    with ledger.reading() as connection:
        kept = connection.execute(select(exists().where(col(Salt.name) == _DRAWN + campaign))).scalar()
        if kept and not _is_known(connection, former):
            return False
    with ledger.writing() as connection:
        if not connection.execute(select(exists().where(col(Salt.name) == _DRAWN + campaign))).scalar():
            connection.execute(insert(Salt).values(name=_DRAWN + campaign, value=drawn))
        _rename_entries(connection, campaign, former)
        there = aliased(Membership)
        twice = exists().where(col(there.campaign) == campaign, col(there.customer_id) == col(Membership.customer_id))
        connection.execute(delete(Membership).where(col(Membership.campaign) == former, twice))
        tried = aliased(Trial)
        known = exists().where(
            col(tried.campaign) == campaign,
            col(tried.message) == col(Trial.message),
            col(tried.variants) == col(Trial.variants),
        )
        connection.execute(delete(Trial).where(col(Trial.campaign) == former, known))
        for table in _RENAMED:
            column = table.__table__.c.campaign  # type: ignore[attr-defined]  # SQLModel adds it to table classes
            connection.execute(update(table).where(column == former).values(campaign=campaign))
        if pool:
            connection.execute(update(PoolCode).where(col(PoolCode.pool) == former).values(pool=campaign))
        changes.renamed(connection, [campaign, former])
    return True


def _rename_entries(connection: Connection, campaign: str, former: str) -> None:
    there = aliased(Enrolment)
    twice = exists().where(
        col(there.campaign) == campaign,
        col(there.customer_id) == col(Enrolment.customer_id),
        col(there.occasion) == col(Enrolment.occasion),
    )
    told = case((twice, col(Enrolment.occasion) + f" of {former}"), else_=col(Enrolment.occasion))
    renamed = update(Enrolment).where(col(Enrolment.campaign) == former)
    connection.execute(renamed.values(campaign=campaign, occasion=told))
