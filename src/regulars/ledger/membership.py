"""Who was in the audience of a campaign with `repeat: on entry` when it last ran."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from sqlalchemy import Connection, delete, update
from sqlmodel import col

from regulars.ledger import bulk
from regulars.ledger.crossing import MOMENT
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Membership

MEMBERS = pa.schema([("customer_id", pa.string()), ("since", MOMENT), ("waiting", pa.bool_())])

_MEMBERS = "SELECT customer_id, since, waiting FROM membership WHERE campaign IN (:campaign, :former)"


def members(ledger: Ledger, campaign: str, former: str = "") -> pa.Table:
    """Everybody who was there, under the campaign's name or its `former` one: customer_id, since, waiting."""
    return ledger.arrow(_MEMBERS, {"campaign": campaign, "former": former or campaign}, schema=MEMBERS)


def join(connection: Connection, people: pa.Table) -> None:
    """They are there now: rows with the columns of `membership`. Who is there already stays as they are."""
    bulk.insert(connection, Membership, people, skip_existing=True)


def leave(connection: Connection, campaign: str, customers: Sequence[str]) -> None:
    """They are not there any more."""
    if customers:
        gone = bulk.among(connection, col(Membership.customer_id), "customers")
        statement = delete(Membership).where(col(Membership.campaign) == campaign, gone)
        connection.execute(statement, {"customers": bulk.listed(connection, customers)})


def wait(connection: Connection, campaign: str, customers: Sequence[str], *, waiting: bool) -> None:
    """Whether they still wait for the message that entering brings."""
    if customers:
        these = bulk.among(connection, col(Membership.customer_id), "customers")
        statement = update(Membership).where(col(Membership.campaign) == campaign, these).values(waiting=waiting)
        connection.execute(statement, {"customers": bulk.listed(connection, customers)})
