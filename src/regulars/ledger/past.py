"""Messages that went out before this ledger began: the shop's word for it, as an event and a transition."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from regulars.ledger import bulk, crossing
from regulars.ledger.tables import Event, Transition

SHOP = "shop"
"""The provider of these events."""


def went_out(connection: Connection, messages: pa.Table, at: datetime) -> None:
    """Write down that these messages (id, sent_at), which stand as `accepted`, were sent, by the shop's word."""
    if not messages.num_rows:
        return
    n, keys = messages.num_rows, pc.binary_join_element_wise("earlier", messages["id"], " ")

    def same(value: str) -> pa.Array:
        return pa.repeat(pa.scalar(value, pa.string()), n)

    event = {
        "key": keys, "provider": same(SHOP), "message_id": messages["id"], "kind": same("accepted"),
        "at": messages["sent_at"], "received_at": pa.repeat(pa.scalar(at, crossing.MOMENT), n),
    }  # fmt: skip
    bulk.insert(connection, Event, pa.table(event))
    moved = {
        "message_id": messages["id"], "before": same("planned"), "after": same("accepted"),
        "at": messages["sent_at"], "cause": same("sent before"),
    }  # fmt: skip
    bulk.insert(connection, Transition, pa.table(moved))
