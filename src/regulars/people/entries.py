"""`entered_lapsed`: when somebody last came to a value of a ladder, a trait that the ledger knows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping

from regulars.lang.expressions import ENTERED
from regulars.lang.model import Rules

Entered = dict[str, tuple[str, str]]
"""Name → (ladder, value)."""


def of_ladders(rules: Rules, taken: Container[str]) -> Entered:
    """A name for each value that one ladder alone has, unless something of the shop's is called so (`taken`)."""
    steps = [(str(ladder), value) for ladder, segment in rules.segments.items() for value in segment.values]
    often = Counter(value for _, value in steps)
    return {
        ENTERED + value: (ladder, value)
        for ladder, value in steps
        if often[value] == 1 and ENTERED + value not in taken
    }


def mentioned(entered: Entered, texts: Iterable[str]) -> Entered:
    """Those of `entered` that stand somewhere in `texts`: the others need not be looked up for everybody."""
    words = {word for text in texts for word in re.findall(rf"\b{ENTERED}[a-z0-9_]+", text)}
    return {name: where for name, where in entered.items() if name in words}


def columns(entered: Mapping[str, tuple[str, str]], known: Container[str]) -> list[str]:
    """DuckDB's SQL of each trait, from the relation `f` where it has them (`known`); a day, or null."""
    return [f"{f'f.{name}' if name in known else 'cast(null as date)'} as {name}" for name in entered]
