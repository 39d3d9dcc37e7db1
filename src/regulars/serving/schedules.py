"""What a campaign's `schedule` means to Prefect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from regulars.errors import ProjectError
from regulars.lang.scalars import Schedule as Written

if TYPE_CHECKING:
    from prefect.schedules import Schedule

HOURLY = "0 * * * *"
ADVANCE = timedelta(minutes=5)
CONVERSIONS = timedelta(hours=1)
ROUND = datetime(2020, 1, 1, tzinfo=UTC)
"""Intervals count from here: `every 10 minutes` is on the round minutes, and registering again moves nothing."""


def schedule(campaign: str, written: Written, timezone: str) -> Schedule:
    """The Prefect schedule for `written`, by the clocks of `timezone` (an IANA name).

    With `their time` somebody's hour comes every hour of ours, so the campaign runs hourly and finds who is due.
    Raises ProjectError where a `cron:` is none.
    """
    from prefect.schedules import Cron, RRule

    try:
        if written.kind == "every":
            return every(timedelta(minutes=written.every), timezone)
        if written.kind == "once" and not written.their_time:
            return RRule(
                f"DTSTART:{written.on:%Y%m%d}T{written.at:%H%M%S}\nRRULE:FREQ=DAILY;COUNT=1", timezone=timezone
            )
        return Cron(HOURLY if written.their_time else cron(written), timezone=timezone)
    except ValueError as error:
        raise ProjectError(
            f"The schedule of `{campaign}`, `{written}`, cannot be kept.", "See `regulars explain schedule`."
        ) from error


def every(length: timedelta, timezone: str = "UTC") -> Schedule:
    """Every `length`, on round times."""
    from prefect.schedules import Interval

    return Interval(length, anchor_date=ROUND, timezone=timezone)


def cron(written: Written) -> str:
    """`written` as a cron line. A yearly campaign runs daily: it is somebody's day every day."""
    minute_hour = f"{written.at.minute} {written.at.hour}"
    return {
        "daily": f"{minute_hour} * * *",
        "yearly": f"{minute_hour} * * *",
        "weekly": f"{minute_hour} * * {(written.weekday + 1) % 7}",
        "monthly": f"{minute_hour} {written.day} * *",
        "cron": written.cron,
    }[written.kind]
