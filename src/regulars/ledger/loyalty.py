"""What loyalty figures are made of in the ledger: answers to questions, and codes by the month they were given in."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
from sqlalchemy import case, exists, select
from sqlmodel import col

from regulars.ledger.crossing import MOMENT
from regulars.ledger.store import Ledger
from regulars.ledger.tables import Answer, Code, Redemption

ANSWERS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("survey", pa.string()),
        ("question", pa.string()),
        ("score", pa.int64()),
        ("at", MOMENT),
    ]
)
GIVEN = pa.schema([("customer_id", pa.string()), ("issued_at", MOMENT), ("used", pa.bool_())])


def answers(ledger: Ledger, since: datetime, until: datetime) -> pa.Table:
    """People's answers of some time (aware; `until` is left out), scanners' apart: one row for each question."""
    statement = select(
        col(Answer.customer_id), col(Answer.survey), col(Answer.question), col(Answer.score), col(Answer.at)
    ).where(~col(Answer.machine), col(Answer.at) >= since, col(Answer.at) < until)
    return ledger.arrow(statement, schema=ANSWERS)


def codes_given(ledger: Ledger, since: datetime, until: datetime) -> pa.Table:
    """Unique codes given in some time (aware; `until` is left out), and whether an order has used each in time."""
    mine = (
        col(Redemption.enrolment_id) == col(Code.enrolment_id),
        col(Redemption.message_name) == col(Code.message_name),
    )
    used = exists().where(*mine, col(Redemption.standing) == "used")
    statement = select(col(Code.customer_id), col(Code.issued_at), case((used, 1), else_=0)).where(
        ~col(Code.shared), col(Code.issued_at) >= since, col(Code.issued_at) < until
    )
    return ledger.arrow(statement, schema=GIVEN)
