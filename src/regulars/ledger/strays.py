"""Events that cannot be applied, or not yet: of a message, an attempt or an address that this ledger does not know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa
from sqlalchemy import Connection, delete, exists, func, or_, select
from sqlmodel import col

from regulars.ledger import bulk, crossing, halts
from regulars.ledger.events import Known, News
from regulars.ledger.tables import Attempt, Halt, Message, Stray, Transition

UNKNOWN_MESSAGE, UNKNOWN_ATTEMPT, OTHER_ADDRESS = "unknown-message", "unknown-attempt", "other-address"
KEPT = timedelta(days=30)
"""How long a stray is kept: its message may still come, and an operator may want to know."""
AT_ONCE = 5_000

_TEXTS = (
    *("key", "provider", "message_id", "attempt_id", "same", "kind", "address_hash"),
    *("detail", "verdict", "link", "provider_id"),
)


@dataclass(slots=True)
class Sorted:
    """Events that belong to messages of this ledger, and those that stray, each with the reason."""

    placed: list[News] = field(default_factory=list)
    carried: dict[str, str] = field(default_factory=dict)
    """Message → an attempt that carried it by our own records, and that the events tell of."""
    strays: list[tuple[News, str]] = field(default_factory=list)
    forgotten: list[News] = field(default_factory=list)
    """Events that name this ledger and an attempt it has no record of: it must be an older copy of itself."""


def sort(connection: Connection, news: Iterable[News], known: Mapping[str, Known], own: str) -> Sorted:
    """Tell which events may be applied. `own` is this ledger's id."""
    found = Sorted()
    news = list(news)
    carried = _carried(connection, news, known)
    absent = _absent(connection, {item.attempt_id for item in news if item.attempt_id and item.ledger_id == own})
    for item in news:
        message = known.get(item.message_id)
        if item.attempt_id in absent and item.ledger_id == own:
            found.forgotten.append(item)
        if not item.message_id:
            found.placed.append(item)
        elif message is None:
            found.strays.append((item, UNKNOWN_MESSAGE))
        elif message.address_hash != item.address_hash:
            found.strays.append((item, OTHER_ADDRESS))
        elif item.attempt_id and (item.message_id, item.attempt_id) not in carried:
            found.strays.append((item, UNKNOWN_ATTEMPT))
        else:
            found.placed.append(item)
            if item.attempt_id:
                found.carried[item.message_id] = item.attempt_id
    return found


def park(connection: Connection, strays: Sequence[tuple[News, str]], received_at: datetime) -> int:
    """Keep strays; how many are new."""
    if not strays:
        return 0
    news = [item for item, _ in strays]
    rows = {name: pa.array([getattr(item, name) for item in news], pa.string()) for name in _TEXTS}
    rows["why"] = pa.array([why for _, why in strays], pa.string())
    rows["machine"] = pa.array([item.machine for item in news], pa.bool_())
    rows["at"] = pa.array([item.at for item in news], crossing.MOMENT)
    rows["received_at"] = pa.array([item.received_at or received_at for item in news], crossing.MOMENT)
    return bulk.insert(connection, Stray, pa.table(rows), skip_existing=True)


def arrived(connection: Connection) -> list[News]:
    """Strays whose message, and attempt, this ledger knows by now; at most 5,000."""
    sent = exists().where(
        col(Transition.message_id) == col(Stray.message_id), col(Transition.attempt_id) == col(Stray.attempt_id)
    )
    names = (*_TEXTS, "machine", "at", "received_at")
    statement = (
        select(*(col(getattr(Stray, name)) for name in names))
        .join(Message, col(Message.id) == col(Stray.message_id))
        .where(col(Stray.why) != OTHER_ADDRESS, or_(col(Stray.attempt_id) == "", sent))
        .order_by(col(Stray.key))
        .limit(AT_ONCE)
    )
    return [News(**row) for row in connection.execute(statement).mappings()]


def forget(connection: Connection, keys: Sequence[str]) -> None:
    """These are no strays any more."""
    statement = delete(Stray).where(bulk.among(connection, col(Stray.key), "keys"))
    connection.execute(statement, {"keys": bulk.listed(connection, list(keys))})


def purge(connection: Connection, at: datetime) -> int:
    """Throw away strays that nothing came for in 30 days; how many."""
    return connection.execute(delete(Stray).where(col(Stray.received_at) < at - KEPT)).rowcount


def remember(connection: Connection, forgotten: Sequence[News], at: datetime) -> bool:
    """Halt the ledger where events prove that it is an older copy of itself; whether that is new.

    Once: what was lost before somebody said that the ledger counts all the same goes on being told of for weeks.
    """
    restored = (col(Halt.scope) == halts.LEDGER, col(Halt.reason) == halts.RESTORED)
    accepted: datetime | None = connection.execute(select(func.max(col(Halt.lifted_at))).where(*restored)).scalar()
    if accepted and not any(_drawn(item.attempt_id) > accepted for item in forgotten):
        return False
    return bool(forgotten) and halts.raise_halt(connection, halts.LEDGER, halts.RESTORED, at)


def _drawn(attempt_id: str) -> datetime:
    """When an id was drawn: it begins with the millisecond (UUIDv7)."""
    try:
        return datetime.fromtimestamp(int(attempt_id[:12], 16) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.max.replace(tzinfo=UTC)


def _carried(connection: Connection, news: Iterable[News], known: Mapping[str, Known]) -> set[tuple[str, str]]:
    """Which attempts carried which messages, as far as the events ask."""
    asked = {(item.message_id, item.attempt_id) for item in news if item.attempt_id and item.message_id in known}
    present = {pair for pair in asked if known[pair[0]].attempt_id == pair[1]}
    earlier = sorted({message_id for message_id, _ in asked - present})
    if not earlier:
        return present
    statement = (
        select(col(Transition.message_id), col(Transition.attempt_id))
        .where(bulk.among(connection, col(Transition.message_id), "ids"), col(Transition.attempt_id) != "")
        .distinct()
    )
    rows = connection.execute(statement, {"ids": bulk.listed(connection, earlier)})
    return present | {(message_id, attempt_id) for message_id, attempt_id in rows}


def _absent(connection: Connection, attempts: set[str]) -> set[str]:
    if not attempts:
        return set()
    present = bulk.existing(connection, Attempt, "id", pa.array(sorted(attempts), pa.string()))
    return attempts - set(present.to_pylist())
