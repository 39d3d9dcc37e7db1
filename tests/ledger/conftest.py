"""Fresh ledgers, on SQLite and on a real PostgreSQL, and people to write into them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from regulars.ledger.store import Ledger

DIALECTS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=DIALECTS)
def ledger_url(request: pytest.FixtureRequest) -> str:
    """Where a fresh ledger is to stand: empty for SQLite in `tmp_path`, or a PostgreSQL database."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def ledger(ledger_url: str, tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(ledger_url, tmp_path) as opened:
        yield opened
