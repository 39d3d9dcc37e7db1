"""What a campaign's codes usually come to, what a usual day sends, and whether words were used before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from regulars.ledger import vouchers
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Run, Template


def redemption(ledger: Ledger, campaigns: Sequence[str], at: datetime) -> float | None:
    """The share of codes that were used, of these names of one campaign, else of all; None without any given."""
    with ledger.reading() as connection:
        given = vouchers.given(connection, at)
    own = [one for one in given if one.campaign in campaigns]
    for some in (own, given):
        if total := sum(one.given for one in some):
            return sum(one.used for one in some) / total
    return None


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
