"""Codes as a checkout and a bookkeeper see them: their terms, and what became of them. Nobody's name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa
from sqlalchemy import Connection, and_, case, exists, func, literal_column, or_, select
from sqlmodel import col

from regulars.ledger import bulk, forgotten
from regulars.ledger.columns import Moment
from regulars.ledger.crossing import MOMENT, MONEY
from regulars.ledger.tables import Code, PoolCode, Redemption, ReferralCode

_TEXT = pa.string()
MADE = pa.schema(
    [
        ("code", _TEXT),
        ("campaign", _TEXT),
        ("kind", _TEXT),
        ("value", MONEY),
        ("currency", _TEXT),
        ("gift", _TEXT),
        ("valid_until", MOMENT),
    ]
)


class Given(NamedTuple):
    """What became of the codes of a campaign."""

    campaign: str
    given: int
    """A shared code counts once for everybody who has it."""
    used: int
    """Those that an order has used while they were good."""
    expired: int
    """Past their last moment, and not used."""
    ended: int
    """Replaced by a later offer of the same entry, and neither used nor past their last moment."""


def made(
    connection: Connection,
    *,
    campaign: str = "",
    message: str = "",
    since: datetime | None = None,
    enrolments: Sequence[str] | None = None,
) -> pa.Table:
    """Codes that were made, or are shared, with their terms: what a checkout must know, in the order they were issued.

    Each code once, with the latest end that anybody has; a code that a later offer replaced ended then. Those of a pool
    are left out: the checkout knew them first; so are those of people who were forgotten. `campaign`, `message` and
    `enrolments` (10,000 at most) leave out those of others, `since` those that were issued before and have not been
    replaced since.

    code, campaign, kind, value, currency, gift, valid_until.
    """
    own = (Code.code, Code.campaign, Code.kind, Code.value, Code.currency, Code.gift)
    columns = [col(column) for column in own]
    ended = and_(col(Code.ended_at).is_not(None), col(Code.ended_at) < col(Code.valid_until))
    ends = case((ended, col(Code.ended_at)), else_=col(Code.valid_until))
    statement = select(*columns, func.max(ends, type_=Moment())).where(
        ~exists().where(col(PoolCode.code) == col(Code.code)),
        ~col(Code.code).startswith(forgotten.PSEUDONYM, autoescape=True),
    )
    if campaign:
        statement = statement.where(col(Code.campaign) == campaign)
    if message:
        statement = statement.where(col(Code.message_name) == message)
    if since is not None:
        statement = statement.where(or_(col(Code.issued_at) >= since, col(Code.ended_at) >= since))
    statement = statement.group_by(*columns).order_by(func.min(col(Code.issued_at)), col(Code.code))
    if enrolments is None:
        return bulk.read(connection, statement, schema=MADE)
    among = bulk.among(connection, col(Code.enrolment_id), "enrolments")
    bound = {"enrolments": bulk.listed(connection, list(enrolments))}
    return bulk.read(connection, statement.where(among), bound, schema=MADE)


def own(connection: Connection, *, since: datetime | None = None, customers: Sequence[str] | None = None) -> pa.Table:
    """Advocates' own codes (code): those drawn since a moment, of `customers` (10,000 at most); or all."""
    statement = select(col(ReferralCode.code)).order_by(col(ReferralCode.created_at), col(ReferralCode.code))
    if since is not None:
        statement = statement.where(col(ReferralCode.created_at) >= since)
    schema = pa.schema([("code", _TEXT)])
    if customers is None:
        return bulk.read(connection, statement, schema=schema)
    among = bulk.among(connection, col(ReferralCode.customer_id), "customers")
    return bulk.read(
        connection, statement.where(among), {"customers": bulk.listed(connection, customers)}, schema=schema
    )


def given(connection: Connection, at: datetime) -> list[Given]:
    """Codes by campaign at the moment `at`, by name. Each is used, or else expired, replaced, or still good."""
    mine = (
        col(Redemption.enrolment_id) == col(Code.enrolment_id),
        col(Redemption.message_name) == col(Code.message_name),
    )
    used = exists().where(*mine, col(Redemption.standing) == "used")
    past = col(Code.valid_until) < at
    standing = case(
        (used, literal_column("'used'")),
        (past, literal_column("'expired'")),
        (col(Code.ended_at).is_not(None), literal_column("'replaced'")),
        else_=literal_column("'good'"),
    ).label("standing")
    each = select(col(Code.campaign), standing).subquery()
    sums = (func.count(case((each.c.standing == one, 1))) for one in ("used", "expired", "replaced"))
    statement = select(each.c.campaign, func.count(), *sums).group_by(each.c.campaign).order_by(each.c.campaign)
    return [Given(*row) for row in connection.execute(statement)]
