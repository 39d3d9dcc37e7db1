"""What somebody meant by a small word of the language that was written almost right."""

from __future__ import annotations

import re
from dataclasses import dataclass

from regulars.lang.budget import Allowance
from regulars.lang.goals import Goal
from regulars.lang.scalars import WEEKDAYS, Cap, Duration, Money, QuietHours, Repeat, Schedule, Send, Share, Until, Word
from regulars.lang.suggest import nearest


@dataclass(frozen=True, slots=True)
class _Repair:
    """`words` that are mended letter by letter, and `swaps` (pattern, replacement) tried one after the other."""

    words: tuple[str, ...] = ()
    swaps: tuple[tuple[str, str], ...] = ()


_UNITS = ("days", "day", "hours", "hour", "minutes", "minute", "weeks", "week")
_SHORT = (
    (r"(\d)\s*d$", r"\1 days"),
    (r"(\d)\s*h$", r"\1 hours"),
    (r"(\d)\s*(?:m|min|mins)$", r"\1 minutes"),
    (r"(\d)\s*w$", r"\1 weeks"),
    (r"(\d)([a-z])", r"\1 \2"),
    (r"\ba\b|\bone\b", "1"),
    (r"^(\d+)$", r"\1 days"),
)
_NUMBER = ((r"(\d)[ ,'](\d{3})\b", r"\1\2"), (r",(\d{1,2})$", r".\1"), (r"[^\d.]+$", ""), (r"^[^\d]+", ""))
_REPAIRS: dict[type[Word], _Repair] = {
    Duration: _Repair(_UNITS, _SHORT),
    Share: _Repair((), ((r"^(\d+(?:\.\d+)?)$", r"\1%"), (r"\s*(?:percent|per cent|procent\w*|pct)$", "%"), (",", "."))),
    Cap: _Repair(
        ("per", "day", "days", "week", "weeks"),
        ((r"\s*/\s*", " per "), (r"\b(?:a|every|each|in)\b", "per"), (r"^(\d+)$", r"\1 per day")),
    ),
    QuietHours: _Repair((), ((r"\s*(?:to|until|till|—|\.\.)\s*", "-"), (r"\b(\d{1,2})(?![\d:])(?<!:\d\d)", r"\1:00"))),
    Send: _Repair(
        ("email", "sms", "else"),
        ((r"e-mail", "email"), (r",? (?:or|then|otherwise|else)\b", ", else"), (r",\s*(?=email|sms)", ", else ")),
    ),
    Repeat: _Repair(
        ("once", "every", "days", "day", "weeks", "week", "year", "run"),
        ((r"^yearly$|^annually$", "every year"), (r"^always$", "every run"), (r"^(\d)", r"every \1"), *_SHORT),
    ),
    Schedule: _Repair(
        (*WEEKDAYS, "daily", "weekly", "monthly", "yearly", "once", "every", "minutes", "hours", "their", "time"),
        (
            (r"\b(\d{1,2})[.h](\d{2})\b", r"\1:\2"),
            (r"^every day\b", "daily"),
            (rf"^(?:every|on) ({'|'.join(WEEKDAYS)})\b", r"weekly on \1"),
            (r"^every (?:year|birthday)\b", "yearly on birthday"),
            (r"\bat (\d{1,2})\b(?!:)", r"at \1:00"),
            (r"(?<!at) (\d{1,2}:\d{2})\b", r" at \1"),
            (rf"^weekly (?=(?:{'|'.join(WEEKDAYS)})\b)", "weekly on "),
            (r"^((?:daily|weekly|monthly|yearly|once)(?: on \S+)?)$", r"\1 at 10:00"),
        ),
    ),
    Until: _Repair((), ((r"(\d{1,2})\.(\d{1,2})\.(\d{4})", r"\3-\2-\1"), (r"T(?=\d)", " "))),
    Money: _Repair((), _NUMBER),
    Allowance: _Repair(
        ("per", "day", "week", "month", "year", "in", "all"),
        (
            (r"(\d)[ ,'](\d{3})\b", r"\1\2"),
            (r"\s*/\s*", " per "),
            (r"\b(?:a|every|each)\b", "per"),
            (r"\bdaily$", "per day"),
            (r"\b(week|month|year)ly$", r"per \1"),
            (r"\b(?:total|ever|overall)$", "in all"),
            (r"^(\d+(?:\.\d+)?) ?[A-Za-z]{1,3} (?=per |in all)", r"\1 "),
            (r"^(\d{3,}(?:\.\d+)?)$", r"\1 per month"),
        ),
    ),
    Goal: _Repair(
        ("points", "point", "by"),
        (
            (r"\b(?:until|till|before|to)\b", "by"),
            (r"\s*(?:percent|per cent|procent\w*|pct)\b", "%"),
            (r"(\d{1,2})\.(\d{1,2})\.(\d{4})", r"\3-\2-\1"),
            (r"(\S) (\d{4}-\d{2}-\d{2})$", r"\1 by \2"),
            (r" by by ", " by "),
        ),
    ),
}  # fmt: skip  # a table


def meant(word: type[Word], text: str) -> str:
    """What `text` was probably meant to be as a `word`; empty where nothing near is one."""
    repair = _REPAIRS.get(word)
    if repair is None or len(text) > 80:
        return ""
    written = " ".join(text.split())
    spelt = re.sub(r"[A-Za-z]{3,}", lambda found: nearest(found[0], repair.words) or found[0], written)
    for start in (written, spelt):
        tried = start
        for pattern, replacement in (("", ""), *repair.swaps):
            tried = re.sub(pattern, replacement, tried)
            if _fits(word, tried):
                return tried
    return ""


def _fits(word: type[Word], text: str) -> bool:
    try:
        word.parse(text)
    except (ValueError, OverflowError):
        return False
    return True
