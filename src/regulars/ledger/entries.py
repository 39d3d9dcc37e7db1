"""Entries that run: where each stands, and when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
from sqlalchemy import Connection, exists, select, update
from sqlmodel import col

from regulars.ledger import bulk
from regulars.ledger.crossing import MOMENT
from regulars.ledger.store import Ledger
from regulars.ledger.tables import FINAL, Code, Enrolment, Message

RUNNING = pa.schema(
    [
        ("enrolment_id", pa.string()),
        ("customer_id", pa.string()),
        ("entered_at", MOMENT),
        ("offer_step", pa.int64()),
        ("name", pa.string()),
        ("state", pa.string()),
        ("due_at", MOMENT),
        ("old_code", pa.string()),
        ("old_kind", pa.string()),
        ("old_value", pa.string()),
        ("old_until", MOMENT),
    ]
)

_RUNNING = """
SELECT enrolment.id, enrolment.customer_id, enrolment.entered_at, enrolment.offer_step,
       message.name, message.state, message.due_at, code.code, code.kind, CAST(code.value AS VARCHAR(20)), code.valid_until
FROM enrolment
LEFT JOIN message ON message.enrolment_id = enrolment.id
     AND message.id = (SELECT max(latest.id) FROM message AS latest WHERE latest.enrolment_id = enrolment.id)
LEFT JOIN code ON code.enrolment_id = enrolment.id AND code.ended_at IS NULL
WHERE enrolment.campaign = :campaign AND enrolment.ended_at IS NULL AND enrolment.arm = 'treated'
"""


def running(ledger: Ledger, campaign: str) -> pa.Table:
    """Entries of a campaign that have not ended, each with its latest message and the code that is still good.

    Columns: enrolment_id, customer_id, entered_at, offer_step, then of the latest message name, state, due_at, and of
    the code old_code, old_kind, old_value, old_until (null where there is none).
    """
    return ledger.arrow(_RUNNING, {"campaign": campaign}, schema=RUNNING)


def end(connection: Connection, enrolment_ids: Sequence[str], at: datetime, reason: str) -> None:
    """Entries are over: `finished`, or `exit`."""
    if enrolment_ids:
        statement = update(Enrolment).where(
            bulk.among(connection, col(Enrolment.id), "ids"), col(Enrolment.ended_at).is_(None)
        )
        connection.execute(
            statement.values(ended_at=at, end_reason=reason), {"ids": bulk.listed(connection, list(enrolment_ids))}
        )


def end_settled(connection: Connection, enrolment_ids: Sequence[str], at: datetime) -> None:
    """Those of the entries that have no message left to send are finished."""
    open_messages = exists().where(col(Message.enrolment_id) == col(Enrolment.id), col(Message.state).not_in(FINAL))
    statement = select(col(Enrolment.id)).where(bulk.among(connection, col(Enrolment.id), "ids"), ~open_messages)
    settled = connection.execute(statement, {"ids": bulk.listed(connection, list(enrolment_ids))}).scalars().all()
    end(connection, settled, at, "finished")


def end_codes(connection: Connection, enrolment_ids: Sequence[str], at: datetime) -> None:
    """A new offer of an entry ends its old code."""
    if enrolment_ids:
        statement = update(Code).where(
            bulk.among(connection, col(Code.enrolment_id), "ids"), col(Code.ended_at).is_(None)
        )
        connection.execute(statement.values(ended_at=at), {"ids": bulk.listed(connection, list(enrolment_ids))})
