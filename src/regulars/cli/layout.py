"""Lines of an answer: aligned, wrapped at the terminal's width, without colour, fit for a ticket too."""

from __future__ import annotations

import shutil
import textwrap

WIDTH = 100
NAME = 11


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
