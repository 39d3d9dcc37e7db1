"""The preview text: what a mailbox shows beside the subject, hidden at the top of an HTML letter.

A layout may place it itself, by `preview_text`. Letters that come from elsewhere need not know of it: it then stands
right behind `<body>`. The place is made in the source, so that a letter is still rendered in one way only.
"""

from __future__ import annotations

import re

PLACED = "preview_text"
"""The variable of templates that say where it stands."""
UNPLACED = "preview_text_unplaced"
"""The variable of the place that is made for it."""

_HIDDEN = "display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px;mso-hide:all"
# `+` keeps the newline behind it, which Jinja would swallow.
_PLACE = f'{{% if {UNPLACED} is defined %}}<div style="{_HIDDEN}">{{{{ {UNPLACED} }}}}</div>{{% endif +%}}'
# What may stand inside a tag. Possessive: a letter with many braces and no end of a tag is given up at once.
_INSIDE = r"""(?>\{\{.*?\}\}|\{%.*?%\}|"[^"]*"|'[^']*'|[^<>"'])*+"""
_BODY = re.compile(rf"<body\b{_INSIDE}>", re.IGNORECASE | re.DOTALL)
_HEAD = re.compile(rf"</head\s*>|<html\b{_INSIDE}>|<!doctype\b[^>]*>", re.IGNORECASE | re.DOTALL)
_EXTENDS = re.compile(r"\{%[-+]?\s*extends\b")


def with_place(text: str) -> str:
    """The source of an HTML file with a place for a preview text; on the same lines as before.

    A file that stands on a layout has none: it is the layout that begins the letter.
    """
    if found := _BODY.search(text):
        return text[: found.end()] + _PLACE + text[found.end() :]
    if _EXTENDS.search(text):
        return text
    end = max((found.end() for found in _HEAD.finditer(text)), default=0)
    return text[:end] + _PLACE + text[end:]
