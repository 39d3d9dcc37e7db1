"""Where something stands in a CSV file, and what is wrong with its form: told by line, never by content.

Only asked when something is wrong, so plain Python may walk the file.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TextIO, cast

from regulars.errors import SourceError
from regulars.people.columns import differ_by_more_than_case

DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Form:
    """How files of a table are written: what stands between their values, and the names of their columns."""

    delimiter: str
    columns: tuple[str, ...]


def by_form(files: list[Path]) -> dict[Form, list[Path]]:
    """The files, grouped by form; raises SourceError for an empty one, for one that is not UTF-8, for a name twice."""
    groups: dict[Form, list[Path]] = {}
    for file in files:
        groups.setdefault(_form(file), []).append(file)
    return groups


def line_of(file: Path, form: Form, nth: int) -> int:
    """The line (from 1) where row `nth` (from 1, without the first line of names) begins; 0 when it cannot be said."""
    try:
        for number, (line, _) in enumerate(_records(file, form)):
            if number == nth:
                return line
    except (csv.Error, UnicodeDecodeError):
        pass
    return 0


def first_fault(file: Path, form: Form) -> tuple[int, str]:
    """(line, what is wrong there) of the first row that is no row of `file`; (0, "") when every one is."""
    line = 1
    try:
        for line, values in _records(file, form):
            if values != len(form.columns):
                return line, f"has {values} {'value' if values == 1 else 'values'} for {len(form.columns)} columns"
    except csv.Error:
        return line + 1, "has a text in double quotes that does not end"
    except UnicodeDecodeError:
        return _undecodable(file), "is not UTF-8 text"
    return 0, ""


def _raw(file: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.GzipFile(file)) if file.suffix.lower() == ".gz" else file.open("rb")


def _opened(file: Path) -> TextIO:
    return io.TextIOWrapper(_raw(file), encoding="utf-8-sig", newline="")


def _form(file: Path) -> Form:
    try:
        with _opened(file) as opened:
            first = opened.readline()
            delimiter = max(DELIMITERS, key=re.sub(r'"[^"]*"?', "", first).count)
            opened.seek(0)
            header = next(csv.reader(opened, delimiter=delimiter, skipinitialspace=True), [])
    except UnicodeDecodeError:
        raise SourceError(
            f"{file.name}:{_undecodable(file)} is not UTF-8 text.", "Save it as UTF-8 (in a spreadsheet: CSV UTF-8)."
        ) from None
    except (csv.Error, OSError, EOFError):
        raise SourceError(f"{file.name} cannot be read as a CSV file.", "Is it one?") from None
    columns = tuple(column.strip() for column in header)
    if not any(columns):
        raise SourceError(f"{file.name} is empty.", "Its first line gives the columns their names.")
    if "" in columns:
        raise SourceError(
            f"Column {columns.index('') + 1} of {file.name} has no name.",
            "Its first line gives the columns their names.",
        )
    differ_by_more_than_case(file.name, columns)
    return Form(delimiter, columns)


def _records(file: Path, form: Form) -> Iterator[tuple[int, int]]:
    """(line where it begins, number of values) of every record, the first line of names among them."""
    with _opened(file) as opened:
        reader = csv.reader(opened, delimiter=form.delimiter, skipinitialspace=True, strict=True)
        before = 0
        for values in reader:
            # A blank line is no row, unless a row is one value, which may be unknown.
            if values or len(form.columns) == 1:
                yield before + 1, max(len(values), 1)
            before = reader.line_num


def _undecodable(file: Path) -> int:
    with _raw(file) as raw:
        for number, line in enumerate(raw, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 0
