"""Codes as files: what a shop brings for a pool, and what its checkout must know before a message leaves.

Codes that are made here are laid in `.regulars/codes/` in the transaction that writes their messages: nothing can be
sent before its code is in the file.
"""

from __future__ import annotations

import csv
import io
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns.cells import harmless
from regulars.campaigns.desk import Desk
from regulars.campaigns.friends.terms import Terms, terms, worth
from regulars.errors import WrongUse
from regulars.ledger import pools, vouchers

if TYPE_CHECKING:
    from sqlalchemy import Connection

FOLDER = "codes"
"""In `.regulars/`."""
HEADER = ("code", "campaign", "kind", "value", "currency", "gift", "valid_until")
NAMED = 5
"""Lines that are named of those that cannot be read."""


@dataclass(frozen=True)
class Brought:
    """What a file of codes holds."""

    codes: list[str]
    unreadable: list[int]
    """Lines (from 1) whose first word is no code."""


def read(path: Path) -> Brought:
    """The codes of a file: one per line, or the first column of a CSV. A first line that names the column is none.

    Raises WrongUse for a file that is not there, or no text.
    """
    try:
        written = path.read_text(encoding="utf-8-sig")
    except OSError:
        raise WrongUse(f"There is no file `{path}` that can be read.", "Name a file with one code per line.") from None
    except UnicodeDecodeError:
        raise WrongUse(f"`{path}` is no text.", "Save it as CSV in UTF-8, one code per line.") from None
    separator = ";" if written.partition("\n")[0].count(";") else ","
    codes, unreadable = [], list[int]()
    for number, row in enumerate(csv.reader(io.StringIO(written), delimiter=separator), 1):
        code = row[0].strip() if row else ""
        if not code or (number == 1 and _is_header(code)):
            continue
        if re.fullmatch(rf"[!-~]{{1,{pools.LONGEST}}}", code):
            codes.append(code)
        else:
            unreadable.append(number)
    return Brought(codes, unreadable)


def _is_header(word: str) -> bool:
    return word.lower().replace("_", " ") in ("code", "codes", "coupon", "coupon code", "voucher", "voucher code")


def export(desk: Desk, target: Path, campaign: str = "", since: datetime | None = None) -> int:
    """Write codes that were made, or are shared, with their terms to a CSV; how many. No customers.

    Referral codes are among them where they are worth something to a friend; they have no end.
    """
    with desk.ledger.reading() as connection:
        found = vouchers.made(connection, campaign=campaign, since=since)
        programme = terms(desk.project)
        if programme.friend is not None and campaign in ("", programme.campaign):
            found = pa.concat_tables([found, _own(desk, programme, vouchers.own(connection, since=since))])
    with target.open("w", newline="", encoding="utf-8") as file:
        file.write(_lines(found, header=True))
    return int(found.num_rows)


def lay(desk: Desk, connection: Connection, name: str, enrolments: pa.Array, message: str = "") -> None:
    """Add the codes of these entries, written in this transaction, to `.regulars/codes/NAME.csv`.

    `message`: only those of this message.
    """
    if not desk.exports_codes:
        return
    _lay(desk, vouchers.made(connection, enrolments=enrolments.to_pylist(), message=message), name)


def lay_own(desk: Desk, connection: Connection, name: str, customers: pa.Array, drawn_at: datetime) -> None:
    """The same for referral codes of these customers drawn at this moment, where friends get something by them."""
    programme = terms(desk.project)
    if desk.exports_codes and programme.friend is not None:
        drawn = vouchers.own(connection, since=drawn_at, customers=customers.to_pylist())
        _lay(desk, _own(desk, programme, drawn), f"{name}-own")


def _own(desk: Desk, programme: Terms, drawn: pa.Table) -> pa.Table:
    """Referral codes with what they are worth to a friend, as `vouchers.made` gives codes."""
    friend, n = programme.friend, drawn.num_rows
    if friend is None:
        return vouchers.MADE.empty_table()
    told = (programme.campaign, friend.kind, worth(friend), str(desk.rules.shop.currency), str(friend.gift or ""))
    names = ("campaign", "kind", "value", "currency", "gift")
    columns = {name: pa.repeat(pa.scalar(value), n) for name, value in zip(names, told, strict=True)}
    rows = {"code": drawn["code"], **columns, "valid_until": pa.nulls(n)}
    return pa.table(rows).select(vouchers.MADE.names).cast(vouchers.MADE)


def _lay(desk: Desk, found: pa.Table, name: str) -> None:
    if not found.num_rows:
        return
    folder = desk.folder / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{name}.csv"
    words = _lines(found, header=not path.exists())
    # One write, so that two runs never mix their lines; on disk before the transaction is.
    place = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(place, words.encode())
        os.fsync(place)
    finally:
        os.close(place)


def _lines(codes: pa.Table, *, header: bool) -> str:
    """The codes as lines of CSV, by whole columns."""
    ends = pc.strftime(codes["valid_until"].cast(pa.timestamp("s", "UTC")), "%Y-%m-%dT%H:%M:%SZ")
    told = [harmless(codes[name]).cast(pa.string()) for name in HEADER[:-1]]
    columns = [column.to_pylist() for column in (*told, ends)]
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerows([HEADER] if header else [])
    writer.writerows(zip(*columns, strict=True))
    return written.getvalue()
