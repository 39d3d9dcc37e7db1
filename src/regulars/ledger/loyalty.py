"""What loyalty figures are made of in the ledger: answers to questions, and codes by the month they were given in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
from sqlalchemy import Select, and_, case, distinct, func, select
from sqlmodel import col

from regulars.ledger.crossing import MOMENT
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Answer, Code, Conversion, Message

ANSWERS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("survey", pa.string()),
        ("question", pa.string()),
        ("score", pa.int64()),
        ("at", MOMENT),
    ]
)
GIVEN = pa.schema(
    [
        ("customer_id", pa.string()),
        ("campaign", pa.string()),
        ("part", pa.int64()),
        ("issued", pa.int64()),
        ("redeemed", pa.int64()),
    ]
)


def answers(ledger: Ledger, since: datetime, until: datetime) -> pa.Table:
    """People's answers of some time (aware; `until` is left out), scanners' apart: one row for each question."""
    statement = select(
        col(Answer.customer_id), col(Answer.survey), col(Answer.question), col(Answer.score), col(Answer.at)
    ).where(~col(Answer.machine), col(Answer.at) >= since, col(Answer.at) < until)
    return ledger.arrow(statement, schema=ANSWERS)


def codes_given(ledger: Ledger, edges: Sequence[datetime], *, by_customer: bool = False) -> pa.Table:
    """Unique codes by campaign and the part of time they were given in, and how many of them an order brought back.

    `edges` (aware, in order) are where parts begin; part 0 begins at the first, the last ends at the last edge.
    `by_customer`: a row for each customer; otherwise `customer_id` is empty.
    """
    return ledger.arrow(_given(edges, by_customer=by_customer), schema=GIVEN)


def _given(edges: Sequence[datetime], *, by_customer: bool) -> Select[tuple[str, str, int, int, int]]:
    used = (
        select(col(Conversion.enrolment_id), col(Message.name))
        .join(Message, col(Message.id) == col(Conversion.message_id))
        .where(col(Conversion.evidence) == "code")
        .distinct()
        .subquery("used")
    )
    whose = col(Code.customer_id) if by_customer else func.coalesce("", "")
    arms = [(col(Code.issued_at) < edge, number) for number, edge in enumerate(edges[1:])]
    rows = (
        select(
            whose.label("customer_id"),
            col(Code.campaign),
            case(*arms, else_=len(arms)).label("part"),
            col(Code.code),
            case((used.c.enrolment_id.is_not(None), col(Code.code))).label("used"),
        )
        .join(
            used,
            and_(used.c.enrolment_id == col(Code.enrolment_id), used.c.name == col(Code.message_name)),
            isouter=True,
        )
        .where(~col(Code.shared), col(Code.issued_at) >= edges[0], col(Code.issued_at) < edges[-1])
        .subquery("given")
    )
    keys = (rows.c.customer_id, rows.c.campaign, rows.c.part)
    return select(*keys, func.count(), func.count(distinct(rows.c.used))).group_by(*keys)
