"""CSV and Parquet files of the shop: read as text, cast with care, kept as Parquet while the file stands.

What cannot be read becomes unknown, is counted, and is told by file, line and column, never by content: a line of a
shop's file is a person.
"""

from __future__ import annotations

import glob
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import duckdb

from regulars.errors import SourceError
from regulars.lang.model import Kind
from regulars.lang.suggest import nearest
from regulars.people import csv_lines
from regulars.people.columns import NO, YES, from_text, listed
from regulars.people.csv_lines import Form
from regulars.people.engine import name, text

FORMAT = 4
"""Part of every key: a new way to read makes old copies useless."""
SAMPLE = 20_480
"""Rows from which a column's kind is guessed; the guess is then held against every row."""
_ENDINGS = (".csv", ".parquet", ".tsv", ".gz")
KEPT_SECONDS = 3_600
"""How long the copy of a file that has changed is kept: somebody may still be reading it."""

PLAIN_NUMBER = r"^-?(0|[1-9]\d{0,15})(\.\d+)?$"
GUESSED: tuple[Kind, ...] = ("number", "date", "time", "yes_no")
MOSTLY = 0.9
"""A column of which so many values are of a kind was probably meant to be of it."""


@dataclass(frozen=True)
class Unreadable:
    """Values of a column that are not what the column holds. No content.

    `file` is empty where the values stand in a database; `line` is 0 where it cannot be said. Both count from 1.
    """

    file: str
    column: str
    column_number: int
    kind: Kind
    values: int
    line: int


@dataclass(frozen=True)
class Prepared:
    """The Parquet copy of a table, and what was found while reading it."""

    copy: Path
    notes: dict[str, str]
    """column → why it is what it is, for messages; only where it needs saying."""
    unreadable: list[Unreadable]
    stamp: str
    """Changes whenever a file does."""


def _near_file(root: Path, pattern: str) -> str:
    """` Did you mean …?` with a file of the project that is called nearly so; empty where none is."""
    folders = [folder for folder in (root / "data", root / Path(pattern).parent) if ".." not in folder.parts]
    inside = [folder for folder in folders if folder.is_relative_to(root) and folder.is_dir()]
    names = {path.name: path for folder in inside for path in folder.iterdir() if path.suffix in _ENDINGS}
    found = nearest(Path(pattern).name, sorted(names))
    return f" Did you mean {names[found].relative_to(root).as_posix()}?" if found else ""


def matching(root: Path, pattern: str) -> list[Path]:
    """The files that `pattern` (relative to `root`) names, sorted; raises SourceError where there is none."""
    found = sorted(root / path for path in glob.glob(pattern, root_dir=root, recursive=True))  # noqa: PTH207  # pathlib follows no absolute pattern
    files = [path for path in found if path.is_file()]
    if not files:
        way_out = "Put it there, or correct the path under `source.tables`."
        raise SourceError(f"There is no file {pattern}.{_near_file(root, pattern)}", way_out)
    return files


def shown(root: Path, file: Path) -> str:
    """`file` as messages name it: relative to the project."""
    return str(file.relative_to(root)) if file.is_relative_to(root) else file.name


def stamp(root: Path, files: list[Path]) -> str:
    """Size and time of change of `files`, hashed."""
    facts = [(shown(root, file), (found := file.stat()).st_size, found.st_mtime_ns) for file in files]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


@dataclass
class CsvTable:
    """One table made of CSV files: the kinds of its columns, and its Parquet copy under `.regulars/tables`."""

    connection: duckdb.DuckDBPyConnection
    root: Path
    table: str
    files: list[Path]
    fixed: Mapping[str, Kind]
    money: frozenset[str]
    zone: str

    def prepare(self) -> Prepared:
        """Convert the files once; reuse the copy while their size, time and the fixed kinds stand."""
        facts = (stamp(self.root, self.files), sorted(self.fixed.items()), sorted(self.money), self.zone, FORMAT)
        key = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
        copy = self._folder / f"{self.table}-{key}.parquet"
        notes = copy.with_suffix(".json")
        if not (copy.exists() and notes.exists()):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._forget_old(key)
            self._convert(copy, notes)
        kept = json.loads(notes.read_text())
        return Prepared(copy, kept["kinds"], [Unreadable(**one) for one in kept["unreadable"]], key)

    def place(self, nth: int) -> tuple[str, int]:
        """(file, line) of row `nth` (from 1) of the copy; line 0 when it cannot be said."""
        for form, paths in self._forms.items():
            for path in paths:
                rows = self._number(f"select count(*) from {self._rows_of(form, [path])}")
                if nth <= rows:
                    return shown(self.root, path), csv_lines.line_of(path, form, nth)
                nth -= rows
        return shown(self.root, self.files[-1]), 0

    @property
    def _folder(self) -> Path:
        return self.root / ".regulars" / "tables"

    @cached_property
    def _forms(self) -> dict[Form, list[Path]]:
        return csv_lines.by_form(self.files)

    @property
    def _rows(self) -> str:
        parts = [f"select * from {self._rows_of(form, paths)}" for form, paths in self._forms.items()]
        return "(" + " union all by name ".join(parts) + ")"

    def _rows_of(self, form: Form, paths: list[Path]) -> str:
        """Every value as text, under the names of the first line. Nothing is sniffed: a guess may hide a broken row."""
        columns = ", ".join(f"{text(column)}: 'VARCHAR'" for column in form.columns)
        listed = ", ".join(text(str(path)) for path in paths)
        return (
            f"read_csv([{listed}], auto_detect = false, delim = {text(form.delimiter)}, quote = '\"', escape = '\"', "
            f"header = true, columns = {{{columns}}})"
        )

    def _number(self, sql: str) -> int:
        return int((self.connection.execute(sql).fetchone() or (0,))[0])

    def _forget_old(self, key: str) -> None:
        oldest = time.time() - KEPT_SECONDS
        for old in self._folder.glob(f"{self.table}-*"):
            try:
                if (key not in old.name or old.suffix == ".partial") and old.stat().st_mtime < oldest:
                    old.unlink()
            except FileNotFoundError:
                continue

    def _convert(self, copy: Path, notes: Path) -> None:
        """Write both files so that nobody sees half of one, and of two at the same time either wins."""
        partial = copy.with_suffix(f".{secrets.token_hex(4)}.partial")
        try:
            described = self.connection.execute(f"describe select * from {self._rows}").fetchall()
            columns = [row[0] for row in described]
            kinds, why = self._kinds(columns)
            casts = ", ".join(f"{self._cast(column, kinds[column])} as {name(column)}" for column in columns)
            self.connection.execute(
                f"copy (select {casts} from {self._rows}) to {text(str(partial))} (format parquet, compression zstd)"
            )
            unreadable = self._unreadable(columns, kinds, partial)
        except duckdb.Error:
            partial.unlink(missing_ok=True)
            raise self._broken() from None
        draft = partial.with_suffix(".notes")
        draft.write_text(json.dumps({"kinds": why, "unreadable": [asdict(one) for one in unreadable]}))
        draft.replace(notes)
        partial.replace(copy)

    def _broken(self) -> SourceError:
        """DuckDB prints the whole line, which is a person: look for the place ourselves."""
        for form, paths in self._forms.items():
            for path in paths:
                line, what = csv_lines.first_fault(path, form)
                if what:
                    return SourceError(f"{shown(self.root, path)}:{line} {what}.", WAYS_OUT["UTF-8" in what])
        return SourceError(f"{shown(self.root, self.files[0])} cannot be read as a CSV file.", WAYS_OUT[False])

    def _cast(self, column: str, kind: Kind) -> str:
        return from_text(name(column), kind, self.zone, decimal=column in self.money)

    def _kinds(self, columns: list[str]) -> tuple[dict[str, Kind], dict[str, str]]:
        """A kind for each column, and for those that nearly were another kind, why they are text."""
        kinds: dict[str, Kind] = {column: self.fixed[column] for column in columns if column in self.fixed}
        guessed = [column for column in columns if column not in kinds]
        why: dict[str, str] = {}
        if not guessed:
            return kinds, why
        every = dict.fromkeys(guessed, GUESSED)
        sample = self._counts(every, f"(select * from {self._rows} limit {SAMPLE})")
        asked = {
            column: tuple(kind for kind, fits in fitting.items() if fits == known or (fits and fits >= MOSTLY * known))
            for column, (known, fitting) in sample.items()
        }
        for column, (known, fitting) in self._counts(asked, self._rows).items():
            fits = [kind for kind, count in fitting.items() if known and count == known]
            kinds[column] = fits[0] if fits else "text"
            nearly = [(kind, known - count) for kind, count in fitting.items() if known and count >= MOSTLY * known]
            if not fits and nearly:
                kind, missing = nearly[0]
                why[column] = (
                    f"`{column}` is text because {missing:,} of its {known:,} values are not {kind}; "
                    f"with `types: {{{column}: {kind}}}` those become unknown"
                )
        return kinds, why

    def _counts(self, asked: Mapping[str, tuple[Kind, ...]], rows: str) -> dict[str, tuple[int, dict[Kind, int]]]:
        """Per column of `asked`: how many values are known, and how many of them read as each kind asked about."""
        parts = []
        for column, kinds in asked.items():
            parts.append(f"count(nullif(trim({name(column)}), ''))")
            parts += [f"count(*) filter (where {self._reads_as(column, kind)})" for kind in kinds]
        row = iter(self.connection.execute(f"select {', '.join(parts)} from {rows}").fetchone() or ())
        return {column: (int(next(row)), {kind: int(next(row)) for kind in kinds}) for column, kinds in asked.items()}

    def _reads_as(self, column: str, kind: Kind) -> str:
        value = f"nullif(trim({name(column)}), '')"
        if kind == "number":
            return f"regexp_matches({value}, '{PLAIN_NUMBER}')"
        if kind == "yes_no":
            return f"lower({value}) in ({listed(word for word in YES + NO if not word.isdigit())})"
        length = "= 10" if kind == "date" else "> 10"
        return f"length({value}) {length} and {self._cast(column, kind)} is not null"

    def _unreadable(self, columns: list[str], kinds: Mapping[str, Kind], copy: Path) -> list[Unreadable]:
        """Where values were given and could not be read: counted from the copy, placed by reading the files again."""
        cast = [column for column in columns if kinds[column] != "text"]
        if not cast:
            return []
        given = ", ".join(f"count(nullif(trim({name(column)}), ''))" for column in cast)
        known = ", ".join(f"count({name(column)})" for column in cast)
        before = self.connection.execute(f"select {given} from {self._rows}").fetchone() or ()
        after = self.connection.execute(f"select {known} from read_parquet({text(str(copy))})").fetchone() or ()
        return [
            self._first(column, kinds[column], had - has)
            for column, had, has in zip(cast, before, after, strict=True)
            if had > has
        ]

    def _first(self, column: str, kind: Kind, values: int) -> Unreadable:
        """The first value that cannot be read."""
        bad = f"nullif(trim({name(column)}), '') is not null and {self._cast(column, kind)} is null"
        for form, paths in self._forms.items():
            if column not in form.columns:
                continue
            for path in paths:
                numbered = f"select row_number() over () as nth, {name(column)} from {self._rows_of(form, [path])}"
                nth = self._number(f"select coalesce(min(nth), 0) from ({numbered}) where {bad}")
                if nth:
                    line, number = csv_lines.line_of(path, form, nth), form.columns.index(column) + 1
                    return Unreadable(shown(self.root, path), column, number, kind, values, line)
        raise AssertionError(column)


WAYS_OUT = {
    True: "Save it as UTF-8 (in a spreadsheet: CSV UTF-8).",
    False: "Each line needs as many values as the first has names; texts with commas stand in double quotes.",
}
