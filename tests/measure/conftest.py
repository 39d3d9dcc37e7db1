"""Ledgers to report on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ledger_rows import refill

from regulars.ledger.store import Ledger

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium; without it the test is skipped."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


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
