"""Months by the shop's clock, and the days at which rows are cut so that each month, and each year before, adds up."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from regulars.people.traits import Counting


@dataclass(frozen=True)
class Month:
    """Days of the shop: from the first of a month up to, and without, `end`; `end` is earlier while it lasts."""

    start: date
    end: date

    @property
    def name(self) -> str:
        """`2026-08`."""
        return f"{self.start:%Y-%m}"

    @property
    def whole(self) -> bool:
        """Whether it is over."""
        return self.end.day == 1

    @property
    def last_day(self) -> date:
        """The last day that is counted."""
        return self.end - timedelta(days=1)


def months(day: date, number: int) -> list[Month]:
    """The `number` months up to and with that of `day`, which is the last day that counts."""
    end, found = day + timedelta(days=1), list[Month]()
    for _ in range(number):
        start = (end - timedelta(days=1)).replace(day=1)
        found.append(Month(start, end))
        end = start
    return found[::-1]


def a_year_before(day: date) -> date:
    """The same day of the year before; 28 February for the 29th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


@dataclass(frozen=True)
class Cuts:
    """Days at which rows are cut into parts: part `i` is before `days[i]` and not before `days[i - 1]`.

    Part 0 is all that happened before the first of them, and what happened nobody knows when.
    """

    months: Sequence[Month]

    @cached_property
    def days(self) -> list[date]:
        """In order, each once: the edges of the months, and the same days a year before."""
        edges = {edge for month in self.months for edge in (month.start, month.end)}
        return sorted(edges | {a_year_before(edge) for edge in edges})

    def until(self, day: date) -> int:
        """The last part that is before `day`, one of `days`."""
        return bisect_left(self.days, day)

    def within(self, start: date, end: date) -> tuple[int, int]:
        """The first and the last part from `start` up to, and without, `end`."""
        return self.until(start) + 1, self.until(end)

    def part(self, counting: Counting, at: Any) -> Any:
        """The Ibis value that gives each row's part; `at` is when it happened, as the source writes times."""
        import ibis

        arms = [(counting.before(at, day), number) for number, day in enumerate(self.days)]
        return ibis.cases((at.isnull(), 0), *arms, else_=len(self.days))
