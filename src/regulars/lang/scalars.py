"""The small words of the language: `90 days`, `10%`, `1 per day`, `21:00-09:00`, `daily at 10:00`, `sms, else email`.

Each is a frozen value with `parse`; pydantic calls it, so the models, the JSON Schemas and the messages share it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Literal, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

Channel = Literal["email", "sms"]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Word:
    """A scalar with a grammar of its own. Subclasses give `form` (what is allowed, for people) and `parse`."""

    form: ClassVar[str]
    code: ClassVar[str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `text`; raise ValueError where it does not fit."""
        raise NotImplementedError

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def accept(value: Any) -> Any:
            if isinstance(value, cls):
                return value
            try:
                if isinstance(value, (bool, dict, list)) or value is None:
                    raise ValueError  # noqa: TRY301  # one way out for everything that does not fit
                return cls.parse(" ".join(str(value).split()))
            except (ValueError, OverflowError):
                raise PydanticCustomError(cls.code, "{form}", {"form": cls.form}) from None

        return core_schema.no_info_plain_validator_function(accept, serialization=core_schema.to_string_ser_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": ["string", "number"], "form": cls.form}


def _match(pattern: str, text: str) -> re.Match[str]:
    found = re.fullmatch(pattern, text.strip(), re.IGNORECASE)
    if not found:
        raise ValueError(text)
    return found


def _clock_time(text: str) -> time:
    hour, minute = (int(part) for part in text.split(":"))
    return time(hour, minute)


@dataclass(frozen=True, slots=True)
class Duration(Word):
    """`14 days`, `6 hours`, `10 minutes`, `2 weeks`. Days and weeks are calendar days, hours and minutes exact."""

    amount: int
    unit: Literal["minute", "hour", "day"]
    form: ClassVar[str] = "a length of time, such as `14 days`, `6 hours`, `10 minutes` or `2 weeks`"
    code: ClassVar[str] = "duration"

    @classmethod
    def parse(cls, text: str) -> Self:
        found = _match(r"(\d{1,5}) (minute|hour|day|week)s?", text)
        amount, unit = int(found[1]), found[2].lower()
        if unit == "week":
            return cls(amount * 7, "day")
        return cls(amount, unit)  # type: ignore[arg-type]  # the pattern allows only these

    @property
    def delta(self) -> timedelta:
        """The exact length; a calendar day counts as 24 hours."""
        return timedelta(**{self.unit + "s": self.amount})

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}{'' if self.amount == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Share(Word):
    """`10%`: a share of people, kept as a fraction from 0 to 1."""

    fraction: float
    form: ClassVar[str] = "a share, such as `10%`"
    code: ClassVar[str] = "share"

    @classmethod
    def parse(cls, text: str) -> Self:
        percent = float(_match(r"(\d{1,3}(?:\.\d+)?) ?%", text)[1])
        if percent > 100:
            raise ValueError(text)
        return cls(percent / 100)

    def __str__(self) -> str:
        return f"{self.fraction * 100:g}%"


@dataclass(frozen=True, slots=True)
class Cap(Word):
    """`3 per 7 days`: at most `messages` in any `days` calendar days of the customer."""

    messages: int
    days: int
    form: ClassVar[str] = "a cap, such as `1 per day` or `3 per 7 days`"
    code: ClassVar[str] = "cap"

    @classmethod
    def parse(cls, text: str) -> Self:
        found = _match(r"(\d{1,4}) per (?:(\d{1,3}) )?(day|week)s?", text)
        days = int(found[2] or 1) * (7 if found[3].lower() == "week" else 1)
        if days < 1 or int(found[1]) < 1:
            raise ValueError(text)
        return cls(int(found[1]), days)

    def __str__(self) -> str:
        return f"{self.messages} per {'day' if self.days == 1 else f'{self.days} days'}"


@dataclass(frozen=True, slots=True)
class QuietHours(Word):
    """`21:00-09:00`: nothing arrives from `start` until `end`, by the customer's clock; may pass midnight."""

    start: time
    end: time
    form: ClassVar[str] = 'hours in quotes, such as `"21:00-09:00"`'
    code: ClassVar[str] = "hours"

    @classmethod
    def parse(cls, text: str) -> Self:
        found = _match(r"(\d{1,2}:\d{2}) ?[-–] ?(\d{1,2}:\d{2})", text)
        start, end = _clock_time(found[1]), _clock_time(found[2])
        if start == end:
            raise ValueError(text)
        return cls(start, end)

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True, slots=True)
class Send(Word):
    """`email`, `sms`, or `sms, else email`: the first that can reach the customer."""

    channels: tuple[Channel, ...]
    form: ClassVar[str] = "`email`, `sms`, `email, else sms` or `sms, else email`"
    code: ClassVar[str] = "send"

    @classmethod
    def parse(cls, text: str) -> Self:
        found = _match(r"(email|sms)(?:, ?else (email|sms))?", text)
        channels = tuple(c.lower() for c in found.groups() if c)
        if len(set(channels)) != len(channels):
            raise ValueError(text)
        return cls(channels)  # type: ignore[arg-type]  # the pattern allows only these

    def __str__(self) -> str:
        return ", else ".join(self.channels)


@dataclass(frozen=True, slots=True)
class Repeat(Word):
    """`once`, `every 90 days`, `every year`, `every run`, `on entry`: when somebody may enter again.

    `on entry`: whenever they came into the audience since the last run.
    """

    kind: Literal["once", "days", "year", "run", "entry"]
    days: int = 0
    form: ClassVar[str] = "`once`, `every 90 days`, `every year`, `every run` or `on entry`"
    code: ClassVar[str] = "repeat"

    @classmethod
    def parse(cls, text: str) -> Self:
        words = text.lower()
        if words in ("once", "every year", "every run", "on entry"):
            return cls(words.split()[-1])  # type: ignore[arg-type]  # the last word is the kind
        found = _match(r"every (\d{1,4}) (day|week)s?", text)
        days = int(found[1]) * (7 if found[2].lower() == "week" else 1)
        if days < 1:
            raise ValueError(text)
        return cls("days", days)

    def __str__(self) -> str:
        if self.kind == "days":
            return f"every {self.days} days"
        return {"once": "once", "year": "every year", "run": "every run", "entry": "on entry"}[self.kind]


@dataclass(frozen=True, slots=True)
class Schedule(Word):
    """When a campaign is due, by the shop's clock, or (`their time`) by the customer's.

    `kind`: daily, weekly (`weekday` 0 = Monday), monthly (`day` 1–28), yearly (on a date column, `column`),
    once (`on`), every (`every` minutes), cron (`cron`).
    """

    kind: Literal["daily", "weekly", "monthly", "yearly", "once", "every", "cron"]
    at: time = time(0)
    weekday: int = 0
    day: int = 1
    column: str = ""
    on: date | None = None
    every: int = 0
    cron: str = ""
    their_time: bool = False
    form: ClassVar[str] = (
        "a schedule, such as `daily at 10:00`, `weekly on thursday at 9:00`, `monthly on 1 at 8:00`, "
        "`yearly on birthday at 10:00 their time`, `once on 2026-11-26 at 9:00`, `every 10 minutes` or "
        "`cron: 0 9 * * 4`"
    )
    code: ClassVar[str] = "schedule"

    @classmethod
    def parse(cls, text: str) -> Self:
        for pattern, build in cls._FORMS:
            if found := re.fullmatch(pattern + r"(?P<their> their time)?", text, re.IGNORECASE):
                return cls(**build(found), their_time=bool(found["their"]))
        if found := re.fullmatch(r"every (\d{1,3}) (minute|hour)s?", text, re.IGNORECASE):
            every = int(found[1]) * (60 if found[2].lower() == "hour" else 1)
            if every < 1:
                raise ValueError(text)
            return cls("every", every=every)
        found = _match(r"cron: ?(.+)", text)
        if not re.fullmatch(r"[\d*/,\-]+( [\d*/,\-A-Za-z]+){4}", found[1]):
            raise ValueError(text)
        return cls("cron", cron=found[1])

    _FORMS: ClassVar[tuple[tuple[str, Callable[[re.Match[str]], dict[str, Any]]], ...]] = (
        (r"daily at (?P<at>\d{1,2}:\d{2})", lambda m: {"kind": "daily", "at": _clock_time(m["at"])}),
        (
            rf"weekly on (?P<day>{'|'.join(WEEKDAYS)}) at (?P<at>\d{{1,2}}:\d{{2}})",
            lambda m: {"kind": "weekly", "weekday": WEEKDAYS.index(m["day"].lower()), "at": _clock_time(m["at"])},
        ),
        (
            r"monthly on (?P<day>[1-9]|1\d|2[0-8]) at (?P<at>\d{1,2}:\d{2})",
            lambda m: {"kind": "monthly", "day": int(m["day"]), "at": _clock_time(m["at"])},
        ),
        (
            r"yearly on (?P<column>[a-z_][a-z0-9_]*) at (?P<at>\d{1,2}:\d{2})",
            lambda m: {"kind": "yearly", "column": m["column"].lower(), "at": _clock_time(m["at"])},
        ),
        (
            r"once on (?P<on>\d{4}-\d{2}-\d{2}) at (?P<at>\d{1,2}:\d{2})",
            lambda m: {"kind": "once", "on": date.fromisoformat(m["on"]), "at": _clock_time(m["at"])},
        ),
    )

    def __str__(self) -> str:
        at = f" at {self.at:%H:%M}" if self.kind not in ("every", "cron") else ""
        words = {
            "daily": "daily",
            "weekly": f"weekly on {WEEKDAYS[self.weekday]}",
            "monthly": f"monthly on {self.day}",
            "yearly": f"yearly on {self.column}",
            "once": f"once on {self.on}",
            "every": f"every {self.every} minutes",
            "cron": f"cron: {self.cron}",
        }[self.kind]
        return words + at + (" their time" if self.their_time else "")


@dataclass(frozen=True, slots=True)
class Until(Word):
    """`2026-11-27 24:00` or `2026-11-27` (its end): the moment an offer ends, by the shop's clock."""

    on: datetime
    form: ClassVar[str] = "a moment, such as `2026-11-27 24:00`"
    code: ClassVar[str] = "moment"

    @classmethod
    def parse(cls, text: str) -> Self:
        found = _match(r"(\d{4}-\d{2}-\d{2})(?: (\d{1,2}:\d{2}))?", text)
        day = date.fromisoformat(found[1])
        if found[2] in (None, "24:00"):
            return cls(datetime.combine(day + timedelta(days=1), time(0)))
        return cls(datetime.combine(day, _clock_time(found[2])))

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class Money(Word):
    """An amount or a percentage, kept exactly."""

    value: Decimal
    form: ClassVar[str] = "a positive number, such as `10` or `12.50`"
    code: ClassVar[str] = "number"

    @classmethod
    def parse(cls, text: str) -> Self:
        value = Decimal(_match(r"\d{1,9}(?:\.\d{1,2})?", text)[0])
        if value <= 0:
            raise ValueError(text)
        return cls(value)

    def __str__(self) -> str:
        return f"{self.value.normalize():f}"


@dataclass(frozen=True, slots=True)
class Price(Word):
    """What one part of a text message costs, in the shop's currency."""

    value: Decimal
    form: ClassVar[str] = "a price, such as `0.30`"
    code: ClassVar[str] = "number"

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(Decimal(_match(r"\d{1,6}(?:\.\d{1,6})?", text)[0]))

    def __str__(self) -> str:
        return f"{self.value.normalize():f}"
