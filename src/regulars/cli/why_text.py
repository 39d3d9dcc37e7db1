"""Why somebody gets a message, or does not, as text (LANGUAGE section 5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from regulars.campaigns.why.answers import Explanation
from regulars.campaigns.why.explain import Why
from regulars.campaigns.why.seen import MARKS, Line
from regulars.cli.layout import width, wrapped

NAME = 14
"""Columns for the name of a test, with what stands before it."""
SAYS, LEAST = 42, 24
"""Columns for what a test says at most and at least; what it saw stands behind, or below where the test is longer."""
BELOW = ("or ", "with ")
"""How tests begin that are parts of the one above them."""
BASES = {"live": "", "log": "", "data": "WORKED OUT NOW. "}


def of_why(told: Why) -> str:
    """Everything about one customer, test by test."""
    lines = list(_head(told))
    for one in told["campaigns"]:
        if len(told["campaigns"]) > 1:
            lines += ["", f"{one['campaign']}  {one['title']}{_row(one)}{_moment(one, told)}"]
        lines += _campaign(one)
    lines += ["", wrapped("", _closing(told))] if len(told["campaigns"]) > 1 else [wrapped("", _closing(told))]
    return "\n".join(lines)


def _head(told: Why) -> Iterator[str]:
    """`Ioana Popa #10482 · winback, Thu 27 Aug 2026 10:00 · data read 08:58`."""
    at, campaign, row, read_at = told["as_of"], "", "", told["read_at"]
    if len(told["campaigns"]) == 1:
        (one,) = told["campaigns"]
        at, campaign, row, read_at = one["at"], f"{one['campaign']}, ", _row(one), one["read_at"]
    moment = datetime.fromisoformat(at)
    read = f" · data read {_clock(read_at, moment)}" if read_at else ""
    yield f"{told['name']} #{told['customer']}".strip() + f" · {campaign}{moment:%a %-d %b %Y %H:%M}{row}{read}"
    if told["also"]:
        yield wrapped("", f"The same address belongs to #{', #'.join(told['also'])} too.")


def _row(one: Explanation) -> str:
    return f" · row {one['row']}" if one["row"] else ""


def _moment(one: Explanation, told: Why) -> str:
    """When the run was, where that is not the moment of the whole answer."""
    if one["basis"] != "log":
        return ""
    return f" · run at {_clock(one['at'], datetime.fromisoformat(told['as_of']))}"


def _clock(at: str, beside: datetime) -> str:
    """`08:58`, with its day where that is another."""
    moment = datetime.fromisoformat(at)
    day = "" if moment.date() == beside.date() else f"{moment:%a} {moment.day} {moment:%b} "
    return f"{day}{moment:%H:%M}"


def _campaign(one: Explanation) -> Iterator[str]:
    yield wrapped("", BASES[one["basis"]] + one["verdict"])
    for note in one["notes"]:
        yield wrapped("  ! ", note)
    longest = max(
        (len(line["says"]) + 2 * line["says"].startswith(BELOW) for line in one["lines"] if line["saw"]), default=0
    )
    says, before = max(min(longest, SAYS), LEAST), ""
    for line in one["lines"]:
        yield _test(line, says, named=line["test"] != before)
        before = line["test"]
    if one["not_asked"]:
        yield wrapped(f"  {', '.join(one['not_asked'])}   {MARKS[None]} ", "not asked: a test before them failed")
    for number, entry in enumerate(one["before"]):
        yield wrapped(f"  {'before' if number == 0 else '':<{NAME - 2}}", entry)


def _test(line: Line, says: int, *, named: bool) -> str:
    name = f"  {line['test'] if named else '':<{NAME - 2}}{MARKS[line['holds']]} "
    indent = "  " if line["says"].startswith(BELOW) else ""
    if not line["saw"]:
        return wrapped(name + indent, line["says"])
    if len(indent + line["says"]) <= says and width() >= len(name) + says + LEAST:
        return wrapped(f"{name}{indent + line['says']:<{says}}   ", line["saw"])
    return wrapped(name + indent, line["says"]) + "\n" + wrapped(" " * (len(name) + 4), line["saw"])


def _closing(told: Why) -> str:
    other = f"regulars why {told['customer']}"
    ways = "" if len(told["campaigns"]) != 1 else f" · all campaigns: {other}"
    last_week = datetime.fromisoformat(told["as_of"]).date() - timedelta(days=7)
    return f"Another day: --as-of {last_week}{ways}"
