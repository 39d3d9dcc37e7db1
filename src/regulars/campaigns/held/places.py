"""Every kind of file under `.regulars`, with what it holds of a person and how they are taken out of it.

A test fails for a file that code writes and that has no answer here.
"""

from __future__ import annotations

import csv
import io
import os
import re
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from regulars.campaigns import code_files, decided
from regulars.campaigns.desk import Desk
from regulars.campaigns.held.whose import Person
from regulars.ledger import erasure, witness
from regulars.people import copies

DAY_SECONDS = 86_400
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Place:
    """One kind of file. `pattern` is a glob below `.regulars`."""

    pattern: str
    holds: str
    """What it says of people; of a place without `erase`, why it says nothing."""
    erase: Callable[[Desk, Person, Sequence[Path]], int] | None = None
    """Takes a person out of the files; how many rows, letters or lines they were."""
    tells: str = ""
    """What those are called, where it is known that they were theirs."""

    def files(self, folder: Path) -> list[Path]:
        """The files of this kind."""
        return sorted(file for file in folder.glob(self.pattern) if file.is_file())


def _rows(desk: Desk, person: Person, files: Sequence[Path]) -> int:
    columns = dict.fromkeys(("customer_id", str(desk.rules.source.customer.id)))
    return sum(copies.without(desk.connection, file, columns, {person.customer}) for file in files)


def _addresses(desk: Desk, person: Person, files: Sequence[Path]) -> int:
    return sum(copies.without(desk.connection, file, ("raw", "address"), person.texts) for file in files)


def _all(_desk: Desk, _person: Person, files: Sequence[Path]) -> int:
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)


def _leftovers(desk: Desk, person: Person, files: Sequence[Path]) -> int:
    """Of processes that were killed. One that lives has written within the day."""
    oldest = time.time() - DAY_SECONDS
    return _all(desk, person, [file for file in files if file.stat().st_mtime < oldest])


def _letters(desk: Desk, person: Person, files: Sequence[Path]) -> int:
    """Their letters, and those the ledger does not know: tests that were sent to the team, with somebody's words."""
    ids = {file: found[0] if (found := _ID.search(file.name)) else "" for file in files}
    others = erasure.others_messages(desk.ledger, person.known, ids.values())
    return _all(desk, person, [file for file in files if ids[file] not in others])


def _lines(_desk: Desk, person: Person, files: Sequence[Path]) -> int:
    """Their codes. Called while nobody adds lines: `code_files.lay` does so in a transaction of the ledger."""
    return sum(_without_codes(file, person.known.codes) for file in files)


def _without_codes(file: Path, codes: Collection[str]) -> int:
    written = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"))))
    kept = [row for row in written if not row or row[0].removeprefix("'") not in codes]
    if len(kept) == len(written):
        return 0
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows(kept)
    draft.replace(file)
    return len(written) - len(kept)


def _blotted(_desk: Desk, person: Person, files: Sequence[Path]) -> int:
    """Nothing should be here. Over what is, stars are written in its place: whoever appends to the file goes on."""
    wanted = [re.escape(one.encode()) for one in sorted(person.texts - {person.customer})]
    return sum(_blot(file, b"|".join(wanted)) for file in files) if wanted else 0


def _blot(file: Path, wanted: bytes) -> int:
    found = list(re.finditer(wanted, file.read_bytes()))
    with file.open("r+b") as target:
        for one in found:
            target.seek(one.start())
            target.write(b"*" * (one.end() - one.start()))
    return len(found)


CODES = Place(
    f"{code_files.FOLDER}/*.csv", "codes with their terms, for the checkout", _lines, "codes for the checkout"
)
PLACES: tuple[Place, ...] = (
    CODES,
    Place("snapshots/*.parquet", "a row per customer, with traits and segments", _rows, "rows of snapshots"),
    Place(f"{decided.FOLDER}/*.parquet", "what runs decided about each customer", _rows, "decisions"),
    Place("runs/*/batch.parquet", "who is about to enter, with what the words read of them", _rows, "rows of runs"),
    Place(
        "addresses-*.parquet", "addresses and phones, as written and as they are written to", _addresses, "addresses"
    ),
    Place("outbox/**/*", "the letters themselves", _letters, "letters in the outbox"),
    Place("preview/*", "letters as somebody would see them", _all),
    Place("tables/*.parquet", "the shop's files, read faster; made again from what the shop has now", _all),
    Place("tables/*", "how the shop's files were read: columns, lines and counts"),
    Place("tmp/**/*", "what did not fit into memory, while it is worked on", _leftovers),
    Place("**/*.partial", "what a killed process was writing", _leftovers),
    Place("logs/*", "programs that ran; no address, no phone, no code (a test reads them)", _blotted, "places in logs"),
    Place("snapshots/*.json", "counts and times"),
    Place("runs/*/run.json", "counts by reason and channel"),
    Place("prefect/**/*", "runs by the names of campaigns, with counts; parameters are never people"),
    Place("prefect.json", "where a running `up` is reached"),
    Place("salts.json*", "random secrets of a ledger that is not there yet"),
    Place("secret", "the random key that signs links"),
    Place("ledger.sqlite*", "the ledger: `ledger.held` has its answers, table by table"),
    Place(f"*{witness.FILE}*", "how far the ledger had come: a number"),
    Place("inbox.sqlite*", "posts of providers: `ledger.held.BESIDE`"),
)
"""In the order in which a file finds its answer."""


def place_of(name: str) -> Place | None:
    """The answer for a file, by its name below `.regulars`; None where nobody has given one."""
    return next((place for place in PLACES if _matches(name, place.pattern)), None)


def _matches(name: str, pattern: str) -> bool:
    spelt = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
    return re.fullmatch(spelt, name) is not None


def erase(desk: Desk, person: Person) -> dict[str, int]:
    """Take a person out of every file but the codes (see `_lines`); folder → how much was theirs."""
    told: dict[str, int] = {}
    for place in PLACES:
        if place.erase is None or place is CODES:
            continue
        number = place.erase(desk, person, place.files(desk.folder))
        if number and place.tells:
            told[place.tells] = told.get(place.tells, 0) + number
    return told


def erase_codes(desk: Desk, person: Person) -> int:
    """Take their codes out of the files for the checkout; how many lines."""
    return _lines(desk, person, CODES.files(desk.folder))
