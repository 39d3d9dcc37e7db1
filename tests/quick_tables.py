"""CSV files read once: what the engine makes of the same text is kept in this process, and laid again.

Hundreds of tests begin with the same few customers and orders. How files are read is tested in tests/people; the first
time of every text in a process is the engine's own.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from regulars.people.files import CsvTable, shown

SMALL = 100_000
"""Bytes of all files of a table: larger ones are read each time."""
_MADE: dict[tuple[Any, ...], tuple[bytes, bytes]] = {}
"""By all that a copy depends on: the copy, and the notes beside it."""

Convert = Callable[[CsvTable, Path, Path], None]


def keeping(convert: Convert) -> Convert:
    """`CsvTable._convert` that lays what it has made of the same files before."""

    def kept(table: CsvTable, copy: Path, notes: Path) -> None:
        if sum(file.stat().st_size for file in table.files) > SMALL:
            convert(table, copy, notes)
            return
        texts = tuple((shown(table.root, file), file.read_bytes()) for file in table.files)
        key = (table.table, texts, tuple(sorted(table.fixed.items())), table.money, table.zone)
        if key not in _MADE:
            convert(table, copy, notes)
            _MADE[key] = copy.read_bytes(), notes.read_bytes()
            return
        for file, made in zip((notes, copy), reversed(_MADE[key]), strict=True):
            partial = file.with_suffix(f".{secrets.token_hex(4)}.partial")
            partial.write_bytes(made)
            partial.replace(file)

    return kept
