"""The words of time inside a campaign: `7 days`, `10 days from row.delivered_at`, `30 days to row.expires_on`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time
from typing import ClassVar, Self

from regulars.lang.scalars import Duration, Word

ENTRY = "entry"
ANSWER = "answer"
ROW = "row."
"""What stands before the name of a column of the row that `for_each` walks."""

_AT = r"(?: at (?P<at>\d{1,2}:\d{2}))?"
_COLUMN = r"row\.[A-Za-z_]\w*"


def _clock(text: str | None) -> time | None:
    if text is None:
        return None
    hour, minute = (int(part) for part in text.split(":"))
    return time(hour, minute)


@dataclass(frozen=True, slots=True)
class After(Word):
    """`7 days` since the message above was due; or since something else, at a time of the customer's clock.

    `origin` is empty for the message above, `entry`, `answer`, or `row.COLUMN`.
    """

    length: Duration
    origin: str = ""
    at: time | None = None
    form: ClassVar[str] = (
        "a length of time, such as `7 days`, `1 day at 18:00`, `10 days from row.delivered_at`, `14 days from entry` "
        "or `1 hour from answer`"
    )
    code: ClassVar[str] = "duration"

    @classmethod
    def parse(cls, text: str) -> Self:
        found = re.fullmatch(
            rf"(?P<length>\d+ \w+?)(?: from (?P<origin>{ENTRY}|{ANSWER}|{_COLUMN}))?{_AT}", text.strip(), re.IGNORECASE
        )
        if not found:
            raise ValueError(text)
        return cls(Duration.parse(found["length"]), found["origin"] or "", _clock(found["at"]))

    @property
    def column(self) -> str:
        """The column of the row it counts from; empty where it counts from something else."""
        return self.origin.removeprefix(ROW) if self.origin.startswith(ROW) else ""

    @property
    def of_answer(self) -> bool:
        """Whether it counts from an answer."""
        return self.origin == ANSWER

    def __str__(self) -> str:
        return (
            f"{self.length}{f' from {self.origin}' if self.origin else ''}{f' at {self.at:%H:%M}' if self.at else ''}"
        )


@dataclass(frozen=True, slots=True)
class Before(Word):
    """`30 days to row.expires_on`: so long before a day of the row, at a time of the customer's clock."""

    length: Duration
    origin: str
    at: time | None = None
    form: ClassVar[str] = "a length of time to a day of the row, such as `30 days to row.expires_on`"
    code: ClassVar[str] = "duration"

    @classmethod
    def parse(cls, text: str) -> Self:
        found = re.fullmatch(rf"(?P<length>\d+ \w+?) to (?P<origin>{_COLUMN}){_AT}", text.strip(), re.IGNORECASE)
        if not found:
            raise ValueError(text)
        return cls(Duration.parse(found["length"]), found["origin"], _clock(found["at"]))

    @property
    def column(self) -> str:
        """The column of the row it counts to."""
        return self.origin.removeprefix(ROW)

    def __str__(self) -> str:
        return f"{self.length} to {self.origin}{f' at {self.at:%H:%M}' if self.at else ''}"


@dataclass(frozen=True, slots=True)
class Day(Word):
    """`2026-12-31`: a day of the shop's calendar."""

    on: date
    form: ClassVar[str] = "a day, such as `2026-12-31`"
    code: ClassVar[str] = "day"

    @classmethod
    def parse(cls, text: str) -> Self:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text.strip()):
            raise ValueError(text)
        return cls(date.fromisoformat(text.strip()))

    def __str__(self) -> str:
        return self.on.isoformat()


@dataclass(frozen=True, slots=True)
class ApprovalLimit(Word):
    """`over 1000`: a plan that would reach more people than this waits until somebody approves it."""

    people: int
    form: ClassVar[str] = "a number of people, such as `over 1000`"
    code: ClassVar[str] = "approval"

    @classmethod
    def parse(cls, text: str) -> Self:
        found = re.fullmatch(r"over (\d{1,9})", text.strip(), re.IGNORECASE)
        if not found:
            raise ValueError(text)
        return cls(int(found[1]))

    def __str__(self) -> str:
        return f"over {self.people}"
