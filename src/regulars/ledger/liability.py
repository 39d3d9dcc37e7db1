"""What offers may still cost, and what they did: sums that reports are made of. Each is one statement."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, cast, exists, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from regulars.ledger.tables import Enrolment, Redemption, Run


class Out(NamedTuple):
    """Codes of one campaign and value that can still be used, and were not."""

    campaign: str
    kind: str
    value: Decimal
    codes: int


class Redeemed(NamedTuple):
    """Orders that carried codes of one campaign, by where they stand (`used`, `late` …)."""

    campaign: str
    standing: str
    orders: int
    discount: Decimal
    customers: int


class Sums(NamedTuple):
    """What is known of the offers of all campaigns."""

    out: list[Out]
    redeemed: list[Redeemed]
    over: dict[str, tuple[int, int]]
    """Campaign → (codes whose time is over, how many of these were used)."""
    withheld: dict[str, int]
    """Campaign → whom its last run withheld the message from, because of a budget."""

    def campaigns(self) -> set[str]:
        """Every campaign that gave something that is out, or was used."""
        return {row.campaign for row in self.out} | {row.campaign for row in self.redeemed}


def redeemed(connection: Connection, since: str = "", until: str = "") -> list[Redeemed]:
    """Redemptions by campaign and standing: all, or of the codes of who entered from one day to another (ISO)."""
    hundredths = cast(func.sum(func.round(col(Redemption.discount) * 100)), BigInteger)
    people = func.count(func.distinct(col(Redemption.customer_id)))
    kind = col(Redemption.campaign), col(Redemption.standing)
    statement = select(*kind, func.count(), hundredths, people).group_by(*kind).order_by(*kind)
    if since or until:
        statement = statement.join(Enrolment, col(Enrolment.id) == col(Redemption.enrolment_id))
        statement = statement.where(col(Enrolment.entered_on) >= since)
    if until:
        statement = statement.where(col(Enrolment.entered_on) <= until)
    return [
        Redeemed(campaign, standing, orders, Decimal(int(taken_off)).scaleb(-2), customers)
        for campaign, standing, orders, taken_off, customers in connection.execute(statement)
    ]


def withheld(connection: Connection, reason: str) -> dict[str, int]:
    """Campaign → whom its last run withheld the message from for `reason`."""
    later = aliased(Run)
    newest = ~exists().where(col(later.campaign) == col(Run.campaign), col(later.started_at) > col(Run.started_at))
    rows = connection.execute(select(col(Run.campaign), col(Run.counts)).where(newest))
    return {campaign: int(counts.get("withheld", {}).get(reason, 0)) for campaign, counts in rows}
