"""Lines of an answer: aligned, wrapped at the terminal's width, without colour, fit for a ticket too."""

from __future__ import annotations

import shutil
import textwrap

WIDTH = 100
NAME = 11
WITHHELD = "withheld: "


def width() -> int:
    """Columns to fill: those of the terminal between 60 and 140, else a hundred."""
    return min(max(shutil.get_terminal_size((WIDTH, 24)).columns, 60), 140)


def wrapped(first: str, words: str) -> str:
    """`first`, then `words` wrapped below themselves."""
    room = max(width() - len(first), 30)
    lines = textwrap.wrap(words, room, break_long_words=False, break_on_hyphens=False) or [""]
    return f"\n{' ' * len(first)}".join([first + lines[0], *lines[1:]]).rstrip()


def row(name: str, words: str, number: str = "") -> str:
    """A named row: `  audience     1,312   people`. Without a number, the words begin where numbers do."""
    return wrapped(f"  {name:<{NAME}}" + (f"{number:>8}   " if number else ""), words)


def counted(numbers: dict[str, int], joint: str = " · ") -> str:
    """`874 email · 27 sms`."""
    return joint.join(f"{number:,} {what}" for what, number in numbers.items())


def of_run(figures: dict[str, int]) -> str:
    """What a run did: `38 in the audience · 35 entered, 2 of them held out · 33 accepted · not sent: 2 no-consent`.

    `figures` as the flows give them: `audience`, `enrolled`, `holdout`, `withheld: REASON`, and messages by state.
    """
    if "audience" not in figures:
        return counted(figures) or "nothing to do"
    left = {what: number for what, number in figures.items() if what not in ("audience", "enrolled", "holdout")}
    withheld = {what.removeprefix(WITHHELD): n for what, n in left.items() if what.startswith(WITHHELD)}
    entered, held = figures.get("enrolled", 0), figures.get("holdout", 0)
    parts = [f"{figures['audience']:,} in the audience"]
    if entered:
        parts.append(f"{entered:,} entered" + (f", {held:,} of them held out" if held else ""))
    else:
        parts.append("nobody new entered, nothing is sent twice")
    if states := {what: number for what, number in left.items() if not what.startswith(WITHHELD)}:
        parts.append(counted(states, ", "))
    if reasons := {what: number for what, number in withheld.items() if not (what == "holdout" and entered)}:
        parts.append(f"not sent: {counted(reasons, ', ')}")
    return " · ".join(parts)
