"""Problems as people and programs read them: the line with a caret under the word, JSON, or annotations."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from regulars.lang.problems import Position, Problem
from regulars.lang.source_text import Source
from regulars.lang.yaml_text import MAX_BYTES

_WIDEST = 160
"""Characters of a source line that are shown; longer ones are cut around the caret."""


def as_text(problems: Sequence[Problem], root: Path, *, closing: str = "Nothing was sent.") -> str:
    """Every problem with its line and caret, and a last line that counts them.

    Args:
        problems: in the order to tell them.
        root: the project's folder, to read the lines from.
        closing: the sentence after the count.

    Returns:
        Several lines, without a newline at the end; empty where there is no problem.
    """
    if not problems:
        return ""
    sources: dict[str, Source | None] = {}
    blocks = [_block(problem, _source(root, problem.position.file, sources)) for problem in problems]
    return "\n".join([*blocks, _count(problems, closing)])


def as_json(problems: Sequence[Problem]) -> str:
    """`{"problems": [{"file", "line", "column", "length", "code", "level", "sentence", "way_out"}]}`."""
    told: list[dict[str, Any]] = [
        {
            "file": problem.position.file,
            "line": problem.position.line,
            "column": problem.position.column,
            "length": problem.position.length,
            "code": problem.code,
            "level": problem.level,
            "sentence": problem.sentence,
            "way_out": problem.way_out,
        }
        for problem in problems
    ]
    return json.dumps({"problems": told}, ensure_ascii=False, indent=2)


def as_annotations(problems: Sequence[Problem]) -> str:
    """A workflow command per problem, which code review shows at the line it is about.

    `::error file=rules.yaml,line=3,col=5,endColumn=9,title=unknown-key::…`, one per line, without a newline at the
    end; empty where there is no problem. Lines and columns count from 1, the end column is the last one marked.
    """
    return "\n".join(_annotation(problem) for problem in problems)


def _annotation(problem: Problem) -> str:
    place = problem.position
    properties = {
        "file": place.file,
        "line": place.line,
        "col": place.column,
        "endColumn": place.column + place.length - 1,
        "title": problem.code,
    }
    named = ",".join(f"{name}={_escaped(str(value), _IN_PROPERTY)}" for name, value in properties.items())
    said = f"{problem.sentence}\n{problem.way_out}" if problem.way_out else problem.sentence
    return f"::{problem.level} {named}::{_escaped(said, _IN_MESSAGE)}"


_IN_MESSAGE = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTY = _IN_MESSAGE | {":": "%3A", ",": "%2C"}
"""What would end a message or a property of a workflow command."""


def _escaped(text: str, signs: dict[str, str]) -> str:
    return "".join(signs.get(character, character) for character in text)


def width(text: str) -> int:
    """How many columns of a terminal `text` takes: 0 for combining marks, 2 for wide signs."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _source(root: Path, file: str, read: dict[str, Source | None]) -> Source | None:
    if file not in read:
        try:
            with (root / file).open("rb") as stream:
                read[file] = Source.of(file, stream.read(MAX_BYTES).decode("utf-8-sig", errors="replace"))
        except (OSError, ValueError):
            read[file] = None
    return read[file]


def _block(problem: Problem, source: Source | None) -> str:
    place = problem.position
    label = "warning: " if problem.level == "warning" else ""
    lines = [f"{place}  {problem.code}  {label}{problem.sentence}"]
    line = _visible(source.line(place.line)) if source else ""
    if line.strip():
        shown, column = _window(line, place.column)
        lines += [f"{place.line:>5} | {shown}", f"      | {_caret(shown, column, place)}"]
    if problem.way_out:
        lines.append(f"      = {problem.way_out}")
    return "\n".join(lines)


def _visible(line: str) -> str:
    """The line as it may be printed: a control character could steer the terminal, a tab moves the caret."""
    return "".join(
        " " if character == "\t" else character if character.isprintable() else "\ufffd" for character in line
    )


def _window(line: str, column: int) -> tuple[str, int]:
    """The part of a long line around `column`, and the column in it."""
    if len(line) <= _WIDEST:
        return line, column
    start = max(0, min(column - 1 - _WIDEST // 3, len(line) - _WIDEST))
    head, tail = "…" if start else "", "…" if start + _WIDEST < len(line) else ""
    return f"{head}{line[start : start + _WIDEST]}{tail}", column - start + len(head)


def _caret(line: str, column: int, place: Position) -> str:
    """`^~~~` under `place.length` characters of `line`, measured in terminal columns."""
    start = min(column - 1, len(line))
    covered = max(width(line[start : start + place.length]), 1)
    return " " * width(line[:start]) + "^" + "~" * (covered - 1)


def _count(problems: Sequence[Problem], closing: str) -> str:
    errors = sum(1 for problem in problems if problem.level == "error")
    warnings = len(problems) - errors
    counted = [_many(errors, "problem")] if errors else []
    counted += [_many(warnings, "warning")] if warnings else []
    files = _many(len({problem.position.file for problem in problems}), "file")
    first = min(problems, key=lambda problem: problem.level != "error")
    return f"{' and '.join(counted)} in {files}. {closing}        more: regulars explain {first.code}"


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
