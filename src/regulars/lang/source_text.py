"""A file's text and where its lines start: bytes into characters, offsets into lines and columns."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from regulars.lang.problems import Position, Problems

_BREAK = re.compile(r"\r\n|\r|\n")
_ODD = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What no text of a message needs: control characters, NUL, and the line separators that editors do not show."""
_TAB = re.compile(r"^([^#\"'\t\r\n]*)\t", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Source:
    """A file as text. `file` is its name relative to the project's root, `starts` the offset of each line."""

    file: str
    text: str
    starts: tuple[int, ...]

    @classmethod
    def of(cls, file: str, text: str) -> Source:
        """The text `text` of `file`, its lines found."""
        return cls(file, text, (0, *(found.end() for found in _BREAK.finditer(text))))

    def place(self, index: int) -> tuple[int, int]:
        """(line, column), from 1, of the character at offset `index`."""
        line = bisect_right(self.starts, index)
        return line, index - self.starts[line - 1] + 1

    def position(self, index: int, length: int = 1) -> Position:
        """The place of the character at offset `index`."""
        return Position(self.file, *self.place(min(max(index, 0), len(self.text))), length)

    def line(self, number: int) -> str:
        """Line `number` (from 1) without its end; empty where there is none."""
        if not 1 <= number <= len(self.starts):
            return ""
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[self.starts[number - 1] : end].rstrip("\r\n")


def decode(raw: bytes, file: str, problems: Problems) -> Source | None:
    """The text of `raw`, or None (and a problem) where it is not plain UTF-8 text."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.add(
            "not-utf-8",
            _before(raw, error.start, file),
            "This file is not saved as UTF-8, so letters such as ă or я cannot be read.",
            'in the editor, "Save as …" or "Save with encoding" UTF-8',
        )
        return None
    source = Source.of(file, text)
    if found := _ODD.search(text):
        problems.add(
            "odd-character",
            source.position(found.start()),
            f"An invisible character (U+{ord(found[0]):04X}) stands here; no text needs it.",
            "delete it; it often comes with text that was pasted from a word processor",
        )
        return None
    if found := _TAB.search(text):
        problems.add(
            "tab",
            source.position(found.end() - 1),
            "A tab stands here; YAML counts spaces only.",
            "replace it by spaces; most editors do that for the whole file",
        )
        return None
    return source


def _before(raw: bytes, index: int, file: str) -> Position:
    """The place of byte `index`, by what can be read before it."""
    read = Source.of(file, raw[:index].decode("utf-8-sig", errors="replace"))
    return read.position(len(read.text))
