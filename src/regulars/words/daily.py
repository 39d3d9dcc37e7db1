"""Templates with `{date}` in their names: words that are written for one day."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from regulars.lang.campaign import DATE

_DAY = r"(\d{4}-\d{2}-\d{2})"


def is_daily(name: str) -> bool:
    """Whether each day has words of its own."""
    return DATE in name


def of_day(name: str, day: date) -> str:
    """The name on `day`; the same where it has no `{date}`."""
    return name.replace(DATE, day.isoformat())


def days_of(name: str, templates: Iterable[str]) -> list[date]:
    """The days for which there are words called `name` among `templates`, the earliest first."""
    first, *rest = map(re.escape, name.split(DATE))
    # A day that is named twice is the same day.
    pattern = re.compile(first + _DAY + r"\1".join(rest)) if rest else re.compile(first)
    found = (pattern.fullmatch(template) for template in templates)
    return sorted({day for match in found if match and rest and (day := _day(match[1]))})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
