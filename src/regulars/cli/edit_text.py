"""What an edit, and time, did to an audience, as text: the rows below `audience` in a plan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from regulars.campaigns.planning.changes import Change
from regulars.campaigns.planning.comparison import Comparison
from regulars.campaigns.planning.reasons import Moved, Reason
from regulars.campaigns.planning.uncertain import Undecided, Unknown
from regulars.cli import rows
from regulars.lang.project import RULES

NEVER_RAN = "it has not run yet"


def of_comparison(compared: Comparison, at: datetime) -> Iterator[str]:
    """First the words beside the number of people, then the rows below it."""
    yield _against(compared, at)
    told = False
    for moved in compared["moved"]:
        yield _moved(moved, compared, told=told)
        told = told or moved["by"] == "edit"


def _against(compared: Comparison, at: datetime) -> str:
    """`yesterday 1,221: +188 in, −97 out`."""
    note = f" ({compared['note']})" if compared["note"] else ""
    if compared["audience"] is None:
        return compared["note"] or NEVER_RAN
    when = compared["against"] or rows.since_when(compared["since"], at)
    moves = [f"+{compared['entered']:,} in"] if compared["entered"] else []
    moves += [f"−{compared['left']:,} out"] if compared["left"] else []
    return f"{when} {compared['audience']:,}: {', '.join(moves) or 'the same people'}{note}"


def _moved(moved: Moved, compared: Comparison, *, told: bool) -> str:
    """`told`: whether the edit has been told in a row above."""
    sign = "+" if moved["entered"] else "−"
    both = sum(one["entered"] == moved["entered"] for one in compared["moved"]) > 1
    by_edit = moved["by"] == "edit"
    label = "BY YOUR EDIT" if by_edit else "by themselves" if both else ""
    edits = "the same" if told else of_changes(compared["changes"])
    words = edits if by_edit else of_reasons(moved["reasons"])
    return rows.below(f"{sign}{moved['people']:,}", label, words)


def of_changes(changes: list[Change]) -> str:
    """`line 2: loyalty_type in ('discount') → in ('discount', 'price')`; several with a semicolon between them."""
    return "; ".join(of_change(change) for change in changes)


def of_change(change: Change) -> str:
    """One text that was edited, with its line."""
    if change["file"] == RULES:
        return f"{RULES}:{change['line']} {change['name']}: {change['says']}"
    return f"line {change['line']}: {change['says']}"


def of_reasons(reasons: list[Reason]) -> str:
    """`61 ordered, 20 became 'lost', 16 changed loyalty_type`; a single one without its number."""
    told = [one for one in reasons if one["says"]]
    if len(reasons) == 1:
        return reasons[0]["says"]
    return ", ".join(f"{one['people']:,} {one['says']}" for one in told)


def of_unknown(unknown: Unknown) -> str:
    """`64 unknown   discount_share not known → loyalty_type 'value' → not in`."""
    return rows.below(f"{unknown['people']:,}", "unknown", of_unknown_words(unknown))


def of_undecided(undecided: Undecided) -> str:
    """`12 unknown   p_next_30d not known → no step of the words, and no unless, that asks for it holds`."""
    words = f"{_names(undecided['names'])} not known → no step of the words, and no `unless`, that asks for it holds"
    return rows.below(f"{undecided['people']:,}", "unknown", words)


def _names(names: dict[str, int]) -> str:
    many = len(names) > 1
    return ", ".join(f"{name}{f' ({people:,})' if many else ''}" for name, people in names.items())


def of_unknown_words(unknown: Unknown) -> str:
    """What is not known, and what follows from it."""
    names = _names(unknown["names"])
    became = f" → {unknown['became']}" if unknown["became"] else ""
    return f"{names} not known{became} → not in"
