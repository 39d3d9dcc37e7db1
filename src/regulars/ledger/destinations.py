"""Where the links of text messages lead: addresses of our own project, each under a number."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, text
from sqlmodel import col

from regulars import clock
from regulars.ledger.columns import Moment
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Link

FIRST = 1

_KEEP = text("INSERT INTO link (url, first_used_at) VALUES (:url, :at) ON CONFLICT DO NOTHING").bindparams(
    bindparam("at", type_=Moment())
)


def number(ledger: Ledger, url: str) -> int:
    """The number that `url` is kept under, from now on where it is new. A ledger that is looked at says 1 instead."""
    with ledger.reading() as connection:
        known = _known(connection, url)
    if known is not None or ledger.looking:
        return known or FIRST
    with ledger.writing() as connection:
        connection.execute(_KEEP, {"url": url, "at": clock.now()})
        return _known(connection, url) or FIRST


def leads_to(connection: Connection, number: int) -> str:
    """The address under `number`; empty where there is none."""
    return str(connection.execute(select(col(Link.url)).where(col(Link.number) == number)).scalar() or "")


def _known(connection: Connection, url: str) -> int | None:
    return connection.execute(select(col(Link.number)).where(col(Link.url) == url)).scalar()
