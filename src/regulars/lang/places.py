"""Where each character of a value stands in its file: the way back from a scalar to lines and columns."""

from __future__ import annotations

import re

from regulars.lang.problems import Position
from regulars.lang.source_text import Source

_BLANK = " \t\r\n"
_HEADER = re.compile(r"[|>][^\r\n]*(?:\r\n|\r|\n)")
_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|\r\n|.)", re.DOTALL)


def place(
    source: Source, value: str, style: str | None, start: int, end: int
) -> tuple[Position, tuple[tuple[int, int], ...]]:
    """Where a scalar stands.

    Args:
        source: the file.
        value: the scalar as YAML reads it.
        style: None (plain), `'`, `"`, `|` or `>`.
        start: offset of its first character in the file, quotes and block headers included.
        end: offset behind its last.

    Returns:
        The position of the value's first character, its length as far as the first line shows it, and a (line, column)
        per character of the value: empty where the columns simply count on.
    """
    text = source.text
    first, last = start, end
    if style in ('"', "'"):
        first, last = start + 1, end - 1
    elif style in ("|", ">"):
        header = _HEADER.match(text, start)
        first = header.end() if header else start
    shown = text[first:last]
    if value == shown and "\n" not in value and "\r" not in value:
        return source.position(first, len(value) or 1), ()
    if not value:
        return source.position(first), ()
    places = tuple(source.place(index) for index in _align(value, shown, style, first))
    line, column = places[0]
    shown_there = [at for sign, (row, at) in zip(value, places, strict=True) if row == line and not sign.isspace()]
    return Position(source.file, line, column, max(shown_there, default=column) - column + 1), places


def _align(value: str, shown: str, style: str | None, first: int) -> list[int]:
    """For each character of `value`, its offset in the file; `shown` is what stands in the file from `first` on.

    Folding only ever changes white space, so the other characters come in the same order on both sides; the white
    space between two of them is laid behind the left one and, after the last line break, before the right one.
    """
    ink = _ink(shown, style)
    offsets: list[int] = []
    blanks: list[str] = []
    left, taken = first - 1, 0
    for character in value:
        if taken < len(ink) and ink[taken][0] == character:
            at = first + ink[taken][1]
            offsets += _between(blanks, left, at)
            offsets.append(at)
            blanks, left, taken = [], first + ink[taken][2] - 1, taken + 1
        else:
            blanks.append(character)
    return offsets + _between(blanks, left, None)


def _between(blanks: list[str], left: int, right: int | None) -> list[int]:
    """Offsets for the white space `blanks` between the characters at `left` and `right`."""
    if right is None:
        return [left + 1] * len(blanks)
    if "\n" not in blanks:
        return [left + 1 + n for n in range(len(blanks))]
    after = len(blanks) - 1 - blanks[::-1].index("\n")
    indent = len(blanks) - 1 - after
    return [left + 1] * (after + 1) + [right - indent + n for n in range(indent)]


def _ink(shown: str, style: str | None) -> list[tuple[str, int, int]]:
    """(character, start, end in `shown`) of what folding leaves alone: ink, and escaped white space."""
    ink: list[tuple[str, int, int]] = []
    index = 0
    while index < len(shown):
        character = shown[index]
        if style == '"' and character == "\\" and (found := _ESCAPE.match(shown, index)):
            if decoded := _decoded(found[0]):
                ink.append((decoded, index, found.end()))
            index = found.end()
        else:
            end = index + (2 if style == "'" and shown.startswith("''", index) else 1)
            if character not in _BLANK:
                ink.append((character, index, end))
            index = end
    return ink


_SHORT = {
    "0": "\0", "a": "\x07", "b": "\x08", "t": "\t", "\t": "\t", "n": "\n", "v": "\x0b", "f": "\x0c", "r": "\r",
    "e": "\x1b", " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip  # a table of YAML 1.2, chapter 5.7


def _decoded(escape: str) -> str:
    """The character an escape stands for; empty for an escaped line break, which stands for nothing."""
    kind = escape[1]
    if kind in "xuU":
        number = int(f"0x{escape[2:]}", base=16)
        return chr(number) if number <= 0x10FFFF else ""
    return _SHORT.get(kind, "")
