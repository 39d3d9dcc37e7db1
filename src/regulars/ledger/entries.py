"""Entries that run: where each stands, and when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
from sqlalchemy import Connection, exists, select, update
from sqlalchemy.orm import aliased
from sqlmodel import col

from regulars.ledger import bulk
from regulars.ledger.crossing import MOMENT
from regulars.ledger.store import Ledger
from regulars.ledger.tables import FINAL, Code, Enrolment, Message

RUNNING = pa.schema(
    [
        ("enrolment_id", pa.string()),
        ("customer_id", pa.string()),
        ("occasion", pa.string()),
        ("row_ids", pa.string()),
        ("entered_at", MOMENT),
        ("entry_due", MOMENT),
        ("offer_step", pa.int64()),
        ("name", pa.string()),
        ("state", pa.string()),
        ("due_at", MOMENT),
        ("old_code", pa.string()),
        ("old_kind", pa.string()),
        ("old_value", pa.string()),
        ("old_until", MOMENT),
        ("old_gift", pa.string()),
    ]
)

_RUNNING = """
SELECT enrolment.id, enrolment.customer_id, enrolment.occasion, enrolment.row_ids, enrolment.entered_at,
       enrolment.due_at, enrolment.offer_step,
       message.name, message.state, {due},
       code.code, code.kind, CAST(code.value AS VARCHAR(20)), code.valid_until, code.gift
FROM enrolment
LEFT JOIN message ON message.id = (
    SELECT one.id FROM message AS one WHERE one.enrolment_id = enrolment.id
    ORDER BY {place} DESC, one.id DESC LIMIT 1)
LEFT JOIN code ON code.enrolment_id = enrolment.id AND code.message_name = (
    SELECT one.message_name FROM code AS one
    JOIN message AS carrier ON carrier.enrolment_id = one.enrolment_id AND carrier.name = one.message_name
    WHERE one.enrolment_id = enrolment.id AND one.ended_at IS NULL
      AND carrier.state NOT IN ('suppressed', 'expired', 'skipped', 'dead')
    ORDER BY one.issued_at DESC, carrier.id DESC LIMIT 1)
WHERE enrolment.campaign IN (:campaign, :former) AND enrolment.ended_at IS NULL AND enrolment.arm = 'treated'
"""

# A message that the campaign no longer has was due all the same: what comes now is counted from the last of them.
_LAST_DUE = """(SELECT max(own.due_at) FROM message AS own
     WHERE own.enrolment_id = enrolment.id AND (own.id = message.id OR own.name NOT IN ({names})))"""


def running(ledger: Ledger, campaign: str, names: Sequence[str] = (), *, former: str = "") -> pa.Table:
    """Entries of a campaign that have not ended, each with its latest message and the code that is still good.

    Those under its `former` name too, where it has one. The latest message is the one that comes last in `names`, the
    campaign's messages in order; those that the campaign no longer has come before all others, and `due_at` is theirs
    where they were due later. A code whose message never went out is not good.

    Columns: enrolment_id, customer_id, occasion, row_ids, entered_at, entry_due, offer_step, then of the latest message
    name, state, due_at, and of the code old_code, old_kind, old_value, old_until, old_gift (null where there is none).
    """
    place, due = "one.due_at", "message.due_at"
    if names:
        arms = " ".join(f"WHEN :name_{place} THEN {place}" for place in range(len(names)))
        place = f"CASE one.name {arms} ELSE -1 END"
        due = _LAST_DUE.format(names=", ".join(f":name_{place}" for place in range(len(names))))
    statement = _RUNNING.format(place=place, due=due)
    bound = {f"name_{place}": name for place, name in enumerate(names)}
    asked = {"campaign": campaign, "former": former or campaign, **bound}
    return ledger.arrow(statement, asked, schema=RUNNING)


def entered(connection: Connection, campaign: str, people: pa.Table) -> pa.Array:
    """Which of `people` (columns customer_id and occasion; 10,000 at most) have entered a campaign, as bools."""
    statement = select(col(Enrolment.customer_id), col(Enrolment.occasion)).where(
        col(Enrolment.campaign) == campaign, bulk.among(connection, col(Enrolment.customer_id), "customers")
    )
    asked = list(zip(*(people[name].to_pylist() for name in ("customer_id", "occasion")), strict=True))
    bound = {"customers": bulk.listed(connection, [customer for customer, _ in asked])}
    known = {tuple(row) for row in connection.execute(statement, bound)}
    return pa.array([one in known for one in asked], pa.bool_())


def written(connection: Connection, name: str, letters: pa.Table) -> pa.Array:
    """Which of the entries in `letters` (column enrolment_id; 10,000 at most) have a message called so, as bools."""
    statement = select(col(Message.enrolment_id)).where(
        col(Message.name) == name, bulk.among(connection, col(Message.enrolment_id), "entries")
    )
    asked = letters["enrolment_id"].to_pylist()
    known = set(connection.execute(statement, {"entries": bulk.listed(connection, asked)}).scalars())
    return pa.array([one in known for one in asked], pa.bool_())


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


def end_replaced_codes(connection: Connection, message_ids: Sequence[str], at: datetime) -> None:
    """These messages went out: where one brought a code, the older codes of its entry end."""
    if not message_ids:
        return
    sent, older = aliased(Message), Code
    brought = aliased(Code)
    newer = (
        exists()
        .where(bulk.among(connection, col(sent.id), "ids"), col(sent.enrolment_id) == col(older.enrolment_id))
        .where(col(brought.enrolment_id) == col(sent.enrolment_id), col(brought.message_name) == col(sent.name))
        .where(col(older.message_name) != col(sent.name), col(older.issued_at) <= col(brought.issued_at))
    )
    # Where to look is said again outside: else all codes that are still good would be asked, for each wave.
    theirs = select(col(Message.enrolment_id)).where(bulk.among(connection, col(Message.id), "ids"))
    older_ones = (col(older.enrolment_id).in_(theirs), col(older.ended_at).is_(None), newer)
    statement = update(older).where(*older_ones).values(ended_at=at)
    connection.execute(statement, {"ids": bulk.listed(connection, list(message_ids))})
