"""CSV and Parquet files of the shop: read as text, cast with care, kept as Parquet while the file stands.

What cannot be read becomes unknown, is counted, and is told by file, line and column, never by content: a line of a
shop's file is a person.
"""

from __future__ import annotations

import csv
import glob
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from regulars.errors import SourceError
from regulars.lang.model import Kind
from regulars.people.engine import name, text

SAMPLE = 20_480
"""Rows from which a column's kind is guessed; the guess is then held against every row."""

PLAIN_NUMBER = r"^-?(0|[1-9]\d{0,15})(\.\d+)?$"
ZONED = r"(Z|[+-]\d{2}(:?\d{2})?)$"
YES, NO = ("true", "yes", "t", "y", "1", "da"), ("false", "no", "f", "n", "0", "nu")


@dataclass(frozen=True)
class Unreadable:
    """Values of a column that are not what the column holds. `line` and `column_number` count from 1; no content."""

    file: str
    column: str
    column_number: int
    kind: Kind
    values: int
    line: int


@dataclass(frozen=True)
class Prepared:
    """Parquet files that hold a table, and what was found while reading it."""

    paths: list[str]
    kinds: dict[str, str]
    """column → why it is what it is, for messages; only where it needs saying."""
    unreadable: list[Unreadable]
    stamp: str
    """Changes whenever a file does."""


def matching(root: Path, pattern: str) -> list[Path]:
    """The files that `pattern` (relative to `root`) names, sorted; raises SourceError where there is none."""
    found = sorted(Path(path) for path in glob.glob(str(root / pattern), recursive=True))
    if not found:
        raise SourceError(f"There is no file {pattern}.", "Put it there, or correct the path under `source.tables`.")
    return found


def stamp(root: Path, files: list[Path]) -> str:
    """Size and time of change of `files`, hashed."""
    facts = [
        (
            str(file.relative_to(root) if file.is_relative_to(root) else file),
            file.stat().st_size,
            file.stat().st_mtime_ns,
        )
        for file in files
    ]
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
        key = hashlib.sha256(
            repr((stamp(self.root, self.files), sorted(self.fixed.items()), sorted(self.money), self.zone, 3)).encode()
        ).hexdigest()[:16]
        folder = self.root / ".regulars" / "tables"
        copy, notes = folder / f"{self.table}-{key}.parquet", folder / f"{self.table}-{key}.json"
        if not (copy.exists() and notes.exists()):
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.glob(f"{self.table}-*"):
                old.unlink(missing_ok=True)
            self._convert(copy, notes)
        kept = json.loads(notes.read_text())
        return Prepared([str(copy)], kept["kinds"], [Unreadable(**one) for one in kept["unreadable"]], key)

    @property
    def _reading(self) -> str:
        return self._reading_of(self.files)

    def _reading_of(self, files: list[Path]) -> str:
        """Every value as text, under the names of the first line. Nothing is sniffed: a guess may hide a broken row."""
        parts = []
        for (delimiter, header), paths in _by_header(files).items():
            columns = ", ".join(f"{text(column)}: 'VARCHAR'" for column in header)
            listed = ", ".join(text(str(path)) for path in paths)
            parts.append(
                f"select * from read_csv([{listed}], auto_detect = false, delim = {text(delimiter)}, quote = '\"', escape = '\"', "
                f"header = true, columns = {{{columns}}})"
            )
        return "(" + " union all by name ".join(parts) + ")"

    def _convert(self, copy: Path, notes: Path) -> None:
        try:
            columns = [row[0] for row in self.connection.execute(f"describe select * from {self._reading}").fetchall()]
            kinds, why = self._kinds(columns)
            casts = ", ".join(f"{self._cast(column, kinds[column])} as {name(column)}" for column in columns)
            partial = copy.with_suffix(".partial")
            self.connection.execute(
                f"copy (select {casts} from {self._reading}) to {text(str(partial))} (format parquet, compression zstd)"
            )
        except duckdb.Error as error:
            raise self._broken(error) from None
        unreadable = self._unreadable(columns, kinds, partial)
        notes.write_text(json.dumps({"kinds": why, "unreadable": [asdict(one) for one in unreadable]}))
        partial.replace(copy)

    def _broken(self, error: duckdb.Error) -> SourceError:
        """DuckDB prints the whole line, which is a person: keep only its number."""
        line = re.search(r"[Ll]ine:? (\d+)", str(error))
        where = f"{self.files[0].relative_to(self.root)}{f':{line[1]}' if line else ''}"
        if "Invalid unicode" in str(error) or "not utf-8" in str(error).lower() or "encod" in str(error):
            return SourceError(f"{where} is not UTF-8 text.", "Save it as UTF-8 (in a spreadsheet: CSV UTF-8).")
        return SourceError(
            f"{where} cannot be read as a CSV file.",
            "Each line needs as many values as the first has names; texts with commas stand in double quotes.",
        )

    def _cast(self, column: str, kind: Kind) -> str:
        value = f"nullif(trim({name(column)}), '')"
        if kind == "number":
            return (
                f"try_cast({value} as decimal(18, 2))"
                if column in self.money
                else f"case when isfinite(try_cast({value} as double)) then try_cast({value} as double) end"
            )
        if kind == "date":
            return f"try_cast(case when regexp_matches({value}, '^\\d{{4}}-\\d{{2}}-\\d{{2}}') then left({value}, 10) end as date)"
        if kind == "time":
            return (
                f"case when not regexp_matches({value}, '^\\d{{4}}-\\d{{2}}-\\d{{2}}') then null "
                f"when regexp_matches({value}, '{ZONED}') and length({value}) > 16 then timezone({text(self.zone)}, try_cast({value} as timestamptz)) "
                f"else try_cast({value} as timestamp) end"
            )
        if kind == "yes_no":
            spelt = f"lower({value})"
            return f"case when {spelt} in ({_list(YES)}) then true when {spelt} in ({_list(NO)}) then false end"
        return value

    def _kinds(self, columns: list[str]) -> tuple[dict[str, Kind], dict[str, str]]:
        """A kind for each column, and for those that nearly were another kind, why they are text."""
        kinds: dict[str, Kind] = {column: self.fixed[column] for column in columns if column in self.fixed}
        guessed = [column for column in columns if column not in kinds]
        if not guessed:
            return kinds, {}
        sample = self._counts(
            guessed,
            dict.fromkeys(guessed, ("number", "date", "time", "yes_no")),
            f"(select * from {self._reading} limit {SAMPLE})",
        )
        asked: dict[str, tuple[Kind, ...]] = {}
        for column in guessed:
            known, fitting = sample[column]
            asked[column] = tuple(
                kind for kind, count in fitting.items() if count == known or (count and count >= 0.9 * known)
            )
        whole = self._counts(guessed, asked, self._reading)
        why: dict[str, str] = {}
        for column in guessed:
            known, fitting = whole[column]
            fits = [kind for kind, count in fitting.items() if known and count == known]
            kinds[column] = fits[0] if fits else "text"
            nearly = [
                (kind, known - count) for kind, count in fitting.items() if known and 0.9 * known <= count < known
            ]
            if not fits and nearly:
                kind, missing = nearly[0]
                why[column] = (
                    f"`{column}` is text because {missing:,} of its {known:,} values are not {kind}; with `types: {{{column}: {kind}}}` those become unknown"
                )
        return kinds, why

    def _counts(
        self, columns: list[str], asked: Mapping[str, tuple[Kind, ...]], rows: str
    ) -> dict[str, tuple[int, dict[Kind, int]]]:
        """Per column: how many values are known, and how many of them read as each kind in `asked`."""
        parts = []
        for column in columns:
            value = f"nullif(trim({name(column)}), '')"
            parts.append(f"count({value})")
            for kind in asked[column]:
                test = {
                    "number": f"regexp_matches({value}, '{PLAIN_NUMBER}')",
                    "date": f"length({value}) = 10 and {self._cast(column, 'date')} is not null",
                    "time": f"length({value}) > 10 and {self._cast(column, 'time')} is not null",
                    "yes_no": f"lower({value}) in ({_list([word for word in YES + NO if not word.isdigit()])})",
                }[kind]
                parts.append(f"count(*) filter (where {test})")
        row = iter(self.connection.execute(f"select {', '.join(parts)} from {rows}").fetchone() or ())
        return {column: (int(next(row)), {kind: int(next(row)) for kind in asked[column]}) for column in columns}

    def _unreadable(self, columns: list[str], kinds: Mapping[str, Kind], copy: Path) -> list[Unreadable]:
        """Where values were given and could not be read: counted from the copy, placed by reading the files again."""
        cast = [column for column in columns if kinds[column] != "text"]
        if not cast:
            return []
        given = ", ".join(f"count(nullif(trim({name(column)}), ''))" for column in cast)
        known = ", ".join(f"count({name(column)})" for column in cast)
        before = self.connection.execute(f"select {given} from {self._reading}").fetchone() or ()
        after = self.connection.execute(f"select {known} from read_parquet({text(str(copy))})").fetchone() or ()
        return [
            self._place(column, columns.index(column) + 1, kinds[column], had - has)
            for column, had, has in zip(cast, before, after, strict=True)
            if had > has
        ]

    def _place(self, column: str, number: int, kind: Kind, values: int) -> Unreadable:
        """The first value that cannot be read; line breaks inside quoted texts are counted on the way."""
        for file in self.files:
            reading = self._reading_of([file])
            others = [row[0] for row in self.connection.execute(f"describe select * from {reading} limit 0").fetchall()]
            if column not in others:
                continue
            extra = " + ".join(
                f"length(coalesce({name(o)}, '')) - length(replace(coalesce({name(o)}, ''), chr(10), ''))"
                for o in others
            )
            found = self.connection.execute(
                f"""with numbered as (select *, row_number() over () as nth, {extra} as extra from {reading})
                    select nth + 1 + coalesce((select sum(b.extra) from numbered b where b.nth < a.nth), 0)
                    from numbered a
                    where nullif(trim({name(column)}), '') is not null and {self._cast(column, kind)} is null
                    order by nth limit 1"""
            ).fetchone()
            if found:
                return Unreadable(
                    str(file.relative_to(self.root)) if file.is_relative_to(self.root) else file.name,
                    column,
                    number,
                    kind,
                    values,
                    int(found[0]),
                )
        raise AssertionError(column)


def _by_header(files: list[Path]) -> dict[tuple[str, tuple[str, ...]], list[Path]]:
    """The files, grouped by delimiter and names of columns."""
    groups: dict[tuple[str, tuple[str, ...]], list[Path]] = {}
    for file in files:
        try:
            with file.open(encoding="utf-8-sig", newline="") as opened:
                first = opened.readline()
        except UnicodeDecodeError:
            raise SourceError(
                f"{file.name} is not UTF-8 text.", "Save it as UTF-8 (in a spreadsheet: CSV UTF-8)."
            ) from None
        delimiter = max(",;\t|", key=first.count)
        header = next(csv.reader([first], delimiter=delimiter), [])
        header = [column.strip() for column in header]
        if not any(header):
            raise SourceError(f"{file.name} is empty.", "Its first line gives the columns their names.")
        if twice := [column for column in header if header.count(column) > 1]:
            raise SourceError(
                f"{file.name} has two columns named `{twice[0]}`.", "Each column needs a name of its own."
            )
        groups.setdefault((delimiter, tuple(header)), []).append(file)
    return groups


def _list(words: tuple[str, ...] | list[str]) -> str:
    return ", ".join(text(word) for word in words)
