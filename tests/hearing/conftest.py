"""Fresh ledgers on both databases, each with its inbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from regulars.ledger.inbox import Inbox
from regulars.ledger.store import Ledger

DIALECTS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=DIALECTS)
def ledger_url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def ledger(ledger_url: str, tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(ledger_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def inbox(ledger: Ledger, ledger_url: str, tmp_path: Path) -> Iterator[Inbox]:
    with Inbox.open(ledger_url, tmp_path) as opened:
        yield opened
