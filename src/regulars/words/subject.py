"""Subjects: one line, never HTML, never an orphaned comma.

`"{{ customer.first_name }}, we kept something for you"` to somebody without a name is "We kept something for you":
an empty value at the start takes the punctuation after it along, elsewhere the comma before it, and the line begins
with a capital letter. `"Happy birthday, {{ customer.first_name }}!"` becomes "Happy birthday!".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_AFTER = " \t\r\n,;:!–—-"
_BEFORE = " \t\r\n,"


def one_line(pieces: Iterable[str]) -> str:
    """Put the pieces of a rendered subject together. Plain `str` are the template's words, any subclass is a value."""
    said, orphaned = "", False
    for piece in pieces:
        value = piece.__class__ is not str
        if value and not piece.strip():
            orphaned = not said.strip()
            said = "" if orphaned else said.rstrip(_BEFORE)
        elif orphaned and not value:
            said = piece.lstrip(_AFTER)
            said, orphaned = said[:1].upper() + said[1:], not said
        else:
            said, orphaned = said + piece, False
    return " ".join(_CONTROL.sub(" ", said).split())
