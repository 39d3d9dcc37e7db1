"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_shop import SmallShop


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test ever sees the credentials or the ledger of whoever runs it."""
    import os

    for name in list(os.environ):
        if name.startswith(("REGULARS_", "SENDGRID_", "TWILIO_")) and name not in ("REGULARS_SHARED", "REGULARS_WRITE_MESSAGES"):
            monkeypatch.delenv(name)


@pytest.fixture
def shop(tmp_path: Path) -> SmallShop:
    """An empty small shop in a folder of its own."""
    return SmallShop(tmp_path / "shop")
