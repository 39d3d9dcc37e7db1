"""Editing what runs: the same shop, its files edited between runs."""

from __future__ import annotations

import pytest
from edits import Plan

from regulars.cli import entry as command_line
from small_shop import SmallShop


@pytest.fixture
def plan(shop: SmallShop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Plan:
    """`plan("win", "2026-02-02 10:00")`: what the plan says at that moment, its lines with single spaces."""
    # However wide the terminal of whoever runs the tests is.
    monkeypatch.setenv("COLUMNS", "100")

    def run(campaign: str, when: str) -> str:
        shop.write()
        capsys.readouterr()
        command = ["plan", campaign, "--as-of", when, "--project", str(shop.root)]
        code = command_line.run(command)
        said = capsys.readouterr()
        assert code == 0, said.out + said.err
        return "\n".join(" ".join(line.split()) for line in said.out.splitlines())

    return run
