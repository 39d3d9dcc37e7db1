"""Rows of a plan: names, numbers and words in the same columns everywhere."""

from __future__ import annotations

from datetime import datetime

from regulars.cli.layout import wrapped

NUMBER, WORDS = 9, 31
"""Columns where numbers end in a row below another, and where the words of all rows begin."""


def top(name: str, number: str, words: str, label: str = "") -> str:
    """`  audience   1,312 people      yesterday 1,221: +188 in`; the words begin in the same column everywhere."""
    first = f"  {name:<9}{number:>7} {label}"
    return wrapped(f"{first:<{WORDS}}", words) if words else first.rstrip()


def below(number: str, label: str, words: str) -> str:
    """A row below another: `     +157 BY YOUR EDIT         line 2: …`."""
    first = f"{number:>{NUMBER}} {label}"
    return wrapped(f"{first:<{WORDS}}", words) if words else first.rstrip()


def since_when(iso: str, now: datetime) -> str:
    """`yesterday`, `today 08:30`, `Thu 20 Aug`: the day of an earlier moment, by the clock of `now`."""
    moment = datetime.fromisoformat(iso).astimezone(now.tzinfo)
    days = (now.date() - moment.date()).days
    if days == 0:
        return f"today {moment:%H:%M}"
    return "yesterday" if days == 1 else f"{moment:%a %-d %b}"


def ranges(lines: list[int]) -> str:
    """`2, 5–7`."""
    spans: list[list[int]] = []
    for line in lines:
        if spans and line == spans[-1][1] + 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in spans)
