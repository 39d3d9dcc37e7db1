"""SQL of the customer's clock: their zone, their quiet hours, lengths of time by their calendar.

Daylight saving is DuckDB's business. An hour that does not exist is read as the one after it, one that exists twice as
the second: what ends then ends late rather than early.
"""

from __future__ import annotations

from collections.abc import Mapping

from regulars.campaigns.desk import Desk
from regulars.lang.scalars import Channel, Duration, QuietHours
from regulars.people.engine import text


def zones(desk: Desk) -> str:
    """The table of all zone names (`name`): who names none of them lives by the shop's clock."""
    desk.connection.execute("create temp table if not exists regulars_zones as select name from pg_timezone_names()")
    return "regulars_zones"


def interval(duration: Duration) -> str:
    """A length of time as SQL."""
    return f"interval {text(f'{duration.amount} {duration.unit}s')}"


def later(moment: str, duration: Duration, zone: str) -> str:
    """SQL: `moment` and a duration, days by the calendar of `zone`, hours and minutes exactly."""
    if duration.unit == "day":
        return f"timezone({zone}, timezone({zone}, {moment}) + {interval(duration)})"
    return f"{moment} + {interval(duration)}"


def quiet_hours(desk: Desk) -> dict[Channel, QuietHours]:
    """The quiet hours that are set, by channel."""
    quiet = desk.rules.guards.quiet_hours
    both: tuple[tuple[Channel, QuietHours | None], ...] = (("email", quiet.email), ("sms", quiet.sms))
    return {channel: hours for channel, hours in both if hours}


def after_quiet(quiet: Mapping[Channel, QuietHours], moment: str) -> str:
    """SQL over rows with `channel` and `zone`: `moment`, or when it falls into the channel's quiet hours, their end."""
    arms = " ".join(f"when channel = {text(channel)} then {_after(hours, moment)}" for channel, hours in quiet.items())
    return f"case {arms} else {moment} end" if arms else moment


def next_quiet(quiet: Mapping[Channel, QuietHours], moment: str) -> str:
    """SQL over rows with `channel` and `zone`: when the channel's quiet hours begin next after `moment`, or null."""
    arms = " ".join(f"when channel = {text(channel)} then {_begin(hours, moment)}" for channel, hours in quiet.items())
    return f"case {arms} end" if arms else "null::timestamptz"


def _begin(hours: QuietHours, moment: str) -> str:
    start, local = f"time {text(hours.start.isoformat())}", f"timezone(zone, {moment})"
    day = f"cast({local} as date)"
    return f"timezone(zone, case when cast({local} as time) < {start} then {day} else {day} + 1 end + {start})"


def _after(hours: QuietHours, moment: str) -> str:
    start, end = f"time {text(hours.start.isoformat())}", f"time {text(hours.end.isoformat())}"
    local = f"timezone(zone, {moment})"
    clock, day = f"cast({local} as time)", f"cast({local} as date)"
    if hours.start < hours.end:
        return f"case when {clock} >= {start} and {clock} < {end} then timezone(zone, {day} + {end}) else {moment} end"
    return f"""case when {clock} >= {start} then timezone(zone, {day} + 1 + {end})
                    when {clock} < {end} then timezone(zone, {day} + {end}) else {moment} end"""
