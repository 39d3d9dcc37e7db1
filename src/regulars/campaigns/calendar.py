"""Schedules by the calendar: on which day a campaign is due, and at which moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from regulars.lang.model import Campaign
from regulars.lang.scalars import Schedule

NOON = time(12)
WESTERNMOST, EASTERNMOST = -12, 14
"""Hours that clocks are behind and ahead of UTC at most."""


def day_of(moment: datetime, zone: str) -> date:
    """The calendar day of `moment` where the clocks show `zone`."""
    return moment.astimezone(ZoneInfo(zone)).date()


def at_noon(day: date, zone: str) -> datetime:
    """The moment a day stands for when somebody names only the day (`--as-of 2026-08-27`)."""
    return datetime.combine(day, NOON, ZoneInfo(zone))


def due_on(schedule: Schedule, day: date) -> bool:
    """Whether the schedule falls on `day`. A yearly one asks every day: somebody has their birthday."""
    if schedule.kind == "weekly":
        return day.weekday() == schedule.weekday
    if schedule.kind == "monthly":
        return day.day == schedule.day
    if schedule.kind == "once":
        return day == schedule.on
    if schedule.kind == "cron":
        return _cron_falls_on(schedule.cron, day)
    return True


def due(campaign: Campaign, moment: datetime, zone: str) -> bool:
    """Whether a campaign is due on the day of `moment`: the shop's, or with `their time` anybody's.

    After its last day (`ends`, the shop's) it never is.
    """
    if has_ended(campaign, moment, zone):
        return False
    days = {day_of(moment, zone)}
    if campaign.schedule.their_time:
        days = {(moment.astimezone(UTC) + timedelta(hours=hours)).date() for hours in (WESTERNMOST, 0, EASTERNMOST)}
    return any(due_on(campaign.schedule, day) for day in days)


def has_ended(campaign: Campaign, moment: datetime, zone: str) -> bool:
    """Whether the last day on which anybody enters is over."""
    return campaign.ends is not None and day_of(moment, zone) > campaign.ends.on


def next_day(schedule: Schedule, after: date) -> date | None:
    """The first day from `after` on (included) on which it falls; None when there is none within a year."""
    return next((day for days in range(367) if due_on(schedule, day := after + timedelta(days=days))), None)


def slot(schedule: Schedule, moment: datetime, zone: str) -> datetime:
    """The beginning of the slot that `moment` belongs to: one run of `repeat: every run` each."""
    local = moment.astimezone(ZoneInfo(zone))
    if schedule.kind != "every":
        return datetime.combine(local.date(), time(0), ZoneInfo(zone))
    minutes = local.hour * 60 + local.minute
    hour, minute = divmod(minutes - minutes % schedule.every, 60)
    # An hour that comes twice has slots of its own the second time.
    return local.replace(hour=hour, minute=minute, second=0, microsecond=0)


def _cron_falls_on(cron: str, day: date) -> bool:
    """The day fields of a cron line; day of month and day of week join by `or` when both are given, as cron does."""
    _, _, days, months, weekdays = cron.split()
    if not _in_field(months, day.month, 1, 12):
        return False
    by_day, by_weekday = _in_field(days, day.day, 1, 31), _in_field(weekdays, day.isoweekday() % 7, 0, 7)
    if days == "*" or weekdays == "*":
        return by_day and by_weekday
    return by_day or by_weekday


_NAMES = {name: str(number) for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_NAMES |= {
    name: str(number)
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}


def _in_field(field: str, value: int, lowest: int, highest: int) -> bool:
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        first, _, last = ("*", "", "") if span == "*" else span.partition("-")
        start = lowest if first == "*" else int(_NAMES.get(first, first))
        end = highest if first == "*" or (step and not last) else int(_NAMES.get(last, last)) if last else start
        # Sunday is 0 and 7.
        if any(
            candidate in (value, 7 if value == 0 and highest == 7 else value)
            for candidate in range(start, end + 1, int(step or 1))
        ):
            return True
    return False
