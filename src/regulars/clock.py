"""What time it is: the only place that asks.

Every moment in Regulars is an aware UTC `datetime`; a day is a `date` in a named zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_frozen: ContextVar[datetime | None] = ContextVar("regulars_clock", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _frozen.get() or datetime.now(UTC)


def is_set() -> bool:
    """Whether the time is set (`frozen`) rather than the machine's."""
    return _frozen.get() is not None


def today(zone: str) -> date:
    """The present day where the clocks show `zone` (an IANA name)."""
    return now().astimezone(ZoneInfo(zone)).date()


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Inside, `now()` is `at` (aware). For tests, `--as-of` and simulation."""
    token = _frozen.set(at.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)
