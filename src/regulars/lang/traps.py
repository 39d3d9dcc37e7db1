"""What YAML reads without complaint, and otherwise than it looks."""

from __future__ import annotations

import re
from typing import Any

from regulars.lang.problems import Position, Problems
from regulars.lang.source_text import Source

_COMMENT = re.compile(r" #[^\s#]")
_TYPOGRAPHIC = {"“": "”", "„": "”“", "«": "»", "‘": "’", "”": "”", "’": "’"}


def traps(source: Source, event: Any, key: Position | None, problems: Problems, *, flow: bool) -> None:
    """What YAML reads without complaint, and otherwise than it looks. `key`: where the value's key stands, if any."""
    if getattr(event, "value", None) is None or event.style is not None:
        return
    start, end, value = event.start_mark.index, event.end_mark.index, event.value
    if not value:
        if flow and key is not None:
            _comma(source, key, start, problems)
        return
    if found := _COMMENT.match(source.text, end):
        problems.add(
            "cut-by-comment",
            source.position(found.start() + 1),
            f"` #` starts a comment, so the text ends before it: `{value[:60]}`.",
            "put the text in quotes; a comment has a space after its #",
        )
    if value[-1] in _TYPOGRAPHIC.get(value[0], "") and len(value) > 1:
        problems.add(
            "typographic-quotes",
            source.position(start),
            f"`{value[0]}` is not a quote for YAML: it and `{value[-1]}` are part of the text.",
            'quote with straight quotes: "…"; if they are meant to be seen, put straight ones around them',
            "warning",
        )


def _comma(source: Source, key: Position, end: int, problems: Problems) -> None:
    """`{discount: 20,000}`, `{subject: Hello, world}`: the part after the comma became a key without a value."""
    before = source.line(key.line)[: key.column - 1].rstrip()
    word = source.line(key.line)[key.column - 1 :][: max(end - source.starts[key.line - 1] - key.column + 1, 0)].strip()
    if not before.endswith(",") or ":" not in before:
        return
    number = re.search(r"(\d+),$", before)
    if number and re.match(r"\d{3}\b", word):
        problems.add(
            "comma-in-number",
            Position(key.file, key.line, key.column - len(number[0]), len(number[0]) + len(word)),
            f"Inside {{ }} a comma separates, so this is two entries: `{number[1]}` and `{word}`.",
            f"write   {number[1]}{word}",
        )
    else:
        problems.add(
            "comma-in-text",
            Position(key.file, key.line, key.column, max(len(word), 1)),
            f"Inside {{ }} a comma separates, so `{word}` is a key without a value.",
            "put the text with the comma in quotes, or write `key: value`",
        )
