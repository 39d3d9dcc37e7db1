"""The command line as somebody types it, in this process."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from regulars.cli import entry as command_line
from small_shop import SmallShop


@dataclass(frozen=True)
class Told:
    """What a command left behind."""

    code: int
    out: str
    err: str


Regulars = Callable[..., Told]


@pytest.fixture
def regulars(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Regulars:
    """`regulars("plan", "winback", at=folder)`."""

    def run(*words: str | Path, at: Path | None = None) -> Told:
        if at is not None:
            monkeypatch.chdir(at)
        capsys.readouterr()
        code = command_line.run([os.fspath(word) for word in words])
        said = capsys.readouterr()
        return Told(code, said.out, said.err)

    return run


@pytest.fixture
def hello(shop: SmallShop) -> SmallShop:
    """Ana gets a letter; Ion does not want one."""
    shop.customer("ana", last_name="Popa")
    shop.order("ana", "2026-01-05 10:00:00")
    shop.customer("ion", email_consent="no")
    shop.campaign("hello")
    shop.write()
    return shop
