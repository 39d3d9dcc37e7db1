"""What a campaign's codes usually come to, what a usual day sends, and whether words were used before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, case, exists, func, or_, select
from sqlmodel import col

from regulars.ledger.budgets import NEVER
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Code, Message, Redemption, Run, Template

ENOUGH = 100
"""Codes of a campaign that have run out before its own share is told; fewer say little, and all of the shop's are."""


class Share(NamedTuple):
    """How many codes were used of those whose time is over. Codes that never went out are none."""

    used: int
    over: int
    own: bool
    """Whether they are the campaign's own; else all of the shop's."""

    @property
    def fraction(self) -> float | None:
        """From 0 to 1; None while none is over."""
        return self.used / self.over if self.over else None


def redeemed(ledger: Ledger, campaigns: Sequence[str], at: datetime) -> Share:
    """What share of codes is used: of these names of one campaign where that can be told, else of the whole shop."""
    with ledger.reading() as connection:
        return share(run_out(connection, at), campaigns)


def share(over: Mapping[str, tuple[int, int]], campaigns: Sequence[str]) -> Share:
    """The same of what `run_out` gives."""
    mine = [over[name] for name in dict.fromkeys(campaigns) if name in over]
    own = sum(number for number, _ in mine) >= ENOUGH
    chosen = mine if own else list(over.values())
    return Share(sum(used for _, used in chosen), sum(number for number, _ in chosen), own)


def run_out(connection: Connection, at: datetime) -> dict[str, tuple[int, int]]:
    """Campaign → (codes whose time is over, how many of these were used). Codes that never went out are none."""
    carrier = col(Message.enrolment_id) == col(Code.enrolment_id), col(Message.name) == col(Code.message_name)
    went_out = ~exists().where(*carrier, col(Message.state).in_(NEVER))
    over = or_(col(Code.valid_until) < at, and_(col(Code.ended_at).is_not(None), col(Code.ended_at) < at))
    theirs = col(Redemption.enrolment_id) == col(Code.enrolment_id)
    used = case((exists().where(theirs, col(Redemption.message_name) == col(Code.message_name)), 1))
    statement = select(col(Code.campaign), func.count(), func.count(used)).where(over, went_out)
    rows = connection.execute(statement.group_by(col(Code.campaign)))
    return {campaign: (number, times) for campaign, number, times in rows}


def sent_by_runs(ledger: Ledger, since: datetime, until: datetime) -> list[tuple[datetime, int]]:
    """(moment, messages) of every run from `since` on and before `until`."""
    statement = select(col(Run.as_of), col(Run.counts)).where(col(Run.as_of) >= since, col(Run.as_of) < until)
    with ledger.reading() as connection:
        rows = connection.execute(statement).all()
    return [(as_of, sum(int(n) for n in counts.get("send", {}).values())) for as_of, counts in rows]


def versions(ledger: Ledger, template: str) -> set[str]:
    """The versions (hashes) of a template that were ever used."""
    with ledger.reading() as connection:
        return set(connection.execute(select(col(Template.hash)).where(col(Template.name) == template)).scalars())
