"""Rule tests in YAML (`tests/rules/*.yaml`): given customers and orders on a day, what is expected of whom."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field

from regulars.lang import yaml_text
from regulars.lang.binding import bind
from regulars.lang.keys import Key
from regulars.lang.problems import Problems
from regulars.lang.scalars import Word
from regulars.lang.written import Written
from regulars.lang.yaml_text import Document, Spot

NOON = time(12)
CASES = "cases"
"""Where the list of a file is kept; nobody writes it."""


@dataclass(frozen=True, slots=True)
class When(Word):
    """`2026-08-27`, `2026-08-27 10:30`, `today`, `yesterday`, `tomorrow`, `5 days ago`, `in 2 weeks`."""

    day: date | None = None
    days: int = 0
    """From the test's day on, where no day is named."""
    clock: time | None = None
    form: ClassVar[str] = "a day, such as `2026-08-27`, `2026-08-27 10:30`, `today`, `5 days ago` or `in 2 weeks`"
    code: ClassVar[str] = "test-day"

    @classmethod
    def parse(cls, text: str) -> Self:
        words = text.strip().lower()
        near = {"today": 0, "yesterday": -1, "tomorrow": 1}
        if words in near:
            return cls(days=near[words])
        if found := re.fullmatch(r"(?:(in) )?(\d{1,5}) (day|week)s?(?: (ago))?", words):
            if bool(found[1]) == bool(found[4]):
                raise ValueError(text)
            days = int(found[2]) * (7 if found[3] == "week" else 1)
            return cls(days=days if found[1] else -days)
        found = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(?:[ t](\d{1,2}:\d{2})(?::\d{2})?)?", words)
        if found is None:
            raise ValueError(text)
        clock = datetime.strptime(found[2], "%H:%M").time() if found[2] else None  # noqa: DTZ007  # a wall clock has no zone
        return cls(day=date.fromisoformat(found[1]), clock=clock)

    def on(self, today: date) -> datetime:
        """The wall-clock time it means where the test's day is `today`; noon where only a day is named."""
        return datetime.combine(self.day or today + timedelta(days=self.days), self.clock or NOON)

    def __str__(self) -> str:
        return f"{self.day or self.days}"


class Day(When):
    """A day that is named: what `as_of` takes."""

    form: ClassVar[str] = "a day, such as `2026-08-27`"
    code: ClassVar[str] = "test-as-of"

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(day=date.fromisoformat(text.strip()))


class SentBefore(Key):
    """A message that somebody had got."""

    noun: ClassVar[str] = "a message of `sent`"

    customer: Written = Field(description="whom it went to")
    campaign: Written = Field(description="a campaign, or one of its messages: winback/first")
    at: When = Field(description="when: a day, or `5 days ago`")
    row: Written | None = Field(None, description="which row it was about, by its id, where the campaign walks rows")
    answer: int | None = Field(None, description="what they answered to its survey, at once")


class Expected(Key):
    """What is expected of one customer. What is not named is not looked at."""

    noun: ClassVar[str] = "what is expected of a customer"

    segments: dict[Written, Written] = Field({}, description="segment: its value; in or out for a plain condition")
    audiences: list[Written] = Field([], description="audiences they are in; `not vip` for one they are not in")
    traits: dict[Written, Written] = Field({}, description="trait: its value, or `unknown`")
    messages: list[Written] | None = Field(
        None, description="all they get on the day, such as `winback/first by email`; [] for nothing"
    )
    withheld: dict[Written, Written] = Field({}, description="campaign: why it sends them nothing that day")


class RuleTest(Key):
    """One case."""

    noun: ClassVar[str] = "a rule test"

    name: Written = Field(description="a sentence that says what holds")
    as_of: Day = Field(description="the day it is taken to be")
    given: dict[Written, list[dict[Written, Written]]] = Field(
        description="rows of the tables; what a row does not say is neutral"
    )
    sent: list[SentBefore] = Field([], description="messages that went out before")
    expect: dict[Written, Expected] = Field(description="customer: what is expected")

    @property
    def today(self) -> date:
        """The day it is taken to be."""
        return self.as_of.on(date.min).date()


class RuleTests(Key):
    """A file of rule tests."""

    noun: ClassVar[str] = "a file of rule tests"

    cases: list[RuleTest] = Field(min_length=1, description="the tests")


@dataclass(frozen=True)
class RuleTestFile:
    """One file, read. `document` knows the place of every value, under `("cases", number, …)`."""

    file: str
    cases: list[RuleTest]
    document: Document


def load(root: Path, path: Path, problems: Problems) -> RuleTestFile | None:
    """Read the rule tests in `path`; what is wrong goes to `problems`, and None comes back where nothing can be run."""
    file = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    document = yaml_text.read(path, file, problems)
    if document is None:
        return None
    if not isinstance(document.value, list):
        sentence = "A file of rule tests is a list of cases, each with a dash."
        problems.add("wrong-shape", document.position(()), sentence, f"a case takes: {', '.join(RuleTest.takes())}")
        return None
    document = _under_cases(document)
    bound = bind(RuleTests, document, problems)
    return RuleTestFile(file, bound.cases, document) if bound else None


def _under_cases(document: Document) -> Document:
    """The file's list as the value of one key, as the models want it."""

    def moved(spots: dict[Spot, Any]) -> dict[Spot, Any]:
        return {(CASES, *spot): place for spot, place in spots.items()}

    keys, values = moved(document.keys), moved(document.values)
    return replace(document, value={Written(CASES): document.value}, keys=keys, values=values)
