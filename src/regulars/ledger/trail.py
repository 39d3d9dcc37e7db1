"""Everything that one ledger sent and promised, row by row: what a simulation is summed up from."""

from __future__ import annotations

import pyarrow as pa
from sqlalchemy import func, select
from sqlmodel import col

from regulars.ledger.crossing import MONEY
from regulars.ledger.store import Ledger
from regulars.ledger.tables import SENT, Answer, Code, Enrolment, Message

_TEXT = pa.string()
MESSAGES = pa.schema([(name, _TEXT) for name in ("campaign", "name", "customer_id", "channel", "local_day")])
CODES = pa.schema([("campaign", _TEXT), ("kind", _TEXT), ("value", MONEY), ("gift", _TEXT)])
LEFT_OUT = pa.schema([("campaign", _TEXT), ("reason", _TEXT), ("n", pa.int64())])
ANSWERS = pa.schema(
    [("campaign", _TEXT), ("survey", _TEXT), ("question", _TEXT), ("score", pa.int64()), ("n", pa.int64())]
)
SETTLED_UNSENT = ("suppressed", "expired", "skipped", "dead")
ENTRIES = pa.schema([(name, _TEXT) for name in ("campaign", "customer_id", "arm")])


def messages(ledger: Ledger) -> pa.Table:
    """Messages that went out: campaign, name, customer_id, channel, local_day (ISO; the customer's)."""
    statement = select(*(col(getattr(Message, name)) for name in MESSAGES.names)).where(col(Message.state).in_(SENT))
    return ledger.arrow(statement, schema=MESSAGES)


def answers(ledger: Ledger) -> pa.Table:
    """Answers to surveys, counted: campaign, survey, question (texts), score, n."""
    own = tuple(col(getattr(Answer, name)) for name in ("campaign", "survey", "question", "score"))
    statement = select(*own, func.count()).where(~col(Answer.machine)).group_by(*own).order_by(*own)
    return ledger.arrow(statement, schema=ANSWERS)


def left_out(ledger: Ledger) -> pa.Table:
    """Messages that were settled without being sent, counted: campaign, reason (texts), n."""
    own = (col(Message.campaign), col(Message.reason))
    statement = select(*own, func.count()).where(col(Message.state).in_(SETTLED_UNSENT)).group_by(*own)
    return ledger.arrow(statement, schema=LEFT_OUT)


def codes(ledger: Ledger) -> pa.Table:
    """Codes that were issued: campaign, kind, value, gift."""
    return ledger.arrow(select(*(col(getattr(Code, name)) for name in CODES.names)), schema=CODES)


def entries(ledger: Ledger) -> pa.Table:
    """Entries of all arms: campaign, customer_id, arm."""
    return ledger.arrow(select(*(col(getattr(Enrolment, name)) for name in ENTRIES.names)), schema=ENTRIES)
