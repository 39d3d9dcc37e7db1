"""The files of the sample shop: CSV in `data/`, one header each, text as a shop's export would write it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

COLUMNS: dict[str, tuple[str, ...]] = {
    "customers": (
        "customer_id", "first_name", "last_name", "email", "phone", "country", "city", "language", "timezone",
        "birthday", "signed_up", "email_consent", "sms_consent",
    ),
    "orders": ("order_id", "customer_id", "ordered_at", "total", "discount", "coupon_code", "status"),
    "order_lines": (
        "line_id", "order_id", "customer_id", "ordered_at", "product", "category", "quantity", "price",
    ),
    "complaints": ("complaint_id", "customer_id", "order_id", "opened_at", "about", "closed_at"),
    "points": ("batch_id", "customer_id", "points", "earned_at", "expires_on"),
}  # fmt: skip
"""The columns of each table, in the order of the file; `rules.yaml` says what they mean."""


def path(folder: Path, table: str) -> Path:
    """Where `table` lies in the project at `folder`."""
    return folder / "data" / f"{table}.csv"


def write(folder: Path, table: str, rows: Iterable[Sequence[object]]) -> None:
    """Lay `table` anew with `rows`, whose values stand in the order of `COLUMNS`."""
    file = path(folder, table)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS[table])
        writer.writerows(rows)


def append(folder: Path, table: str, rows: Iterable[Sequence[object]]) -> None:
    """Add `rows` at the end of `table`."""
    with path(folder, table).open("a", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


def read(folder: Path, table: str) -> dict[str, tuple[str, ...]]:
    """`table` column by column, every value as text."""
    with path(folder, table).open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    columns = zip(*rows, strict=True) if rows else ((),) * len(header)
    return dict(zip(header, columns, strict=True))


def money(bani: int) -> str:
    """Hundredths of a leu as a shop writes them: 1250 → 12.50."""
    return f"{bani // 100}.{bani % 100:02d}"
