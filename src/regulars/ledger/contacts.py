"""What a few customers were sent: the last look before sending, and the story `why` tells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pyarrow as pa
from sqlalchemy import select
from sqlmodel import col

from regulars.ledger import bulk
from regulars.ledger.crossing import MOMENT
from regulars.ledger.store import Ledger
from regulars.ledger.tables import SENT, Message

SENT_TO = pa.schema(
    [
        ("customer_id", pa.string()),
        ("channel", pa.string()),
        ("local_day", pa.string()),
        ("campaign", pa.string()),
        ("name", pa.string()),
        ("state", pa.string()),
        ("sent_at", MOMENT),
    ]
)


def sent_to(ledger: Ledger, customers: Sequence[str], since: date) -> pa.Table:
    """Messages that reached, or may have reached, these customers on their calendar days from `since` on.

    customer_id, channel, local_day (ISO), campaign, name, state (texts), sent_at (moment); in the order they were sent.
    """
    with ledger.reading() as connection:
        own = (
            Message.customer_id,
            Message.channel,
            Message.local_day,
            Message.campaign,
            Message.name,
            Message.state,
            Message.sent_at,
        )
        statement = select(*(col(column) for column in own)).where(
            bulk.among(connection, col(Message.customer_id), "customers"),
            col(Message.local_day) >= since.isoformat(),
            col(Message.state).in_(SENT),
        )
        listed = bulk.listed(connection, sorted(set(customers)))
        return bulk.read(connection, statement.order_by(col(Message.sent_at)), {"customers": listed}, schema=SENT_TO)
