"""Ledgers to report on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ledger_rows import refill

from regulars.ledger.store import Ledger


@pytest.fixture(scope="module")
def kept_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with Ledger.open("", tmp_path_factory.mktemp("ledger")) as ledger:
        yield ledger


@pytest.fixture
def ledger_of(kept_ledger: Ledger) -> Callable[..., Ledger]:
    return lambda *rows: refill(kept_ledger, list(rows))


@pytest.fixture
def empty_ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.look("", tmp_path) as ledger:
        yield ledger
