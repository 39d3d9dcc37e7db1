"""Why somebody gets a message, or does not, as text (LANGUAGE section 5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from regulars.campaigns.explain import Explanation, Why
from regulars.campaigns.seen import Line
from regulars.cli.layout import wrapped

MARKS = {True: "✓", False: "✗", None: "?"}
SAYS = 38
"""Columns for what a test says; what it saw stands behind, or below when the test is longer."""


def of_why(told: Why) -> str:
    """Everything about one customer, test by test."""
    at = datetime.fromisoformat(told["as_of"])
    lines = [f"{told['name']} #{told['customer']}".strip() + f" · {at:%a %d %b %Y %H:%M}"]
    if told["also"]:
        lines.append(wrapped("", f"The same address belongs to #{', #'.join(told['also'])} too."))
    for one in told["campaigns"]:
        lines += ["", *_campaign(one)]
    if told["log"]:
        lines += ["", "Decided that day, by the runs:"]
        lines += [
            f"  {row['at'][11:16]} {row['campaign']}: {row['decision']} {row['channel']}".rstrip()
            for row in told["log"]
        ]
    lines += ["", _closing(told)]
    return "\n".join(lines)


def _campaign(one: Explanation) -> Iterator[str]:
    yield f"{one['campaign']}  {one['title']}"
    get = f" They would get: {one['would_get']}." if one["would_get"] else ""
    if one["decision"] == "sent":
        yield wrapped("", f"SENT, if it ran now: {one['would_get']}.")
    else:
        yield wrapped("", f"NOT SENT: {one['decision']}.{get}")
    before = ""
    for line in one["lines"]:
        yield _test(line, named=line["test"] != before)
        before = line["test"]
    for number, message in enumerate(one["before"]):
        yield f"  {'before' if number == 0 else '':<12}  {message}"


def _test(line: Line, *, named: bool) -> str:
    says = f"  {line['test'] if named else '':<12}{MARKS[line['holds']]} {line['says']}"
    if not line["saw"]:
        return says
    column = 2 + 12 + 2 + SAYS
    if len(says) >= column:
        return says + "\n" + wrapped(" " * 18, line["saw"])
    return wrapped(f"{says:<{column}}", line["saw"])


def _closing(told: Why) -> str:
    other = f"regulars why {told['customer']}"
    ways = "" if len(told["campaigns"]) != 1 else f" · all campaigns: {other}"
    last_week = datetime.fromisoformat(told["as_of"]).date() - timedelta(days=7)
    return f"Another day: --as-of {last_week}{ways}"
