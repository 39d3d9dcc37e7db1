"""Did you mean …: the nearest of what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST = 60
"""Longer words are no typing mistakes, and cost time to compare."""


def nearest(word: str, allowed: Iterable[str]) -> str:
    """The one of `allowed` that `word` was probably meant to be; empty where none is near."""
    if len(word) > _LONGEST:
        return ""
    folded = {name.lower().replace("-", "_"): name for name in allowed}
    found = difflib.get_close_matches(word.lower().replace("-", "_").replace(" ", "_"), folded, 1, 0.6)
    return folded[found[0]] if found else ""


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """` Did you mean `x`?`, with a space before it, or nothing."""
    found = nearest(word, allowed)
    return f" Did you mean `{found}`?" if found else ""


def listed(words: Iterable[str], *, most: int = 20) -> str:
    """`a, b, c`, cut after `most`."""
    names = list(words)
    return ", ".join(names[:most]) + (f" … ({len(names) - most} more)" if len(names) > most else "")
