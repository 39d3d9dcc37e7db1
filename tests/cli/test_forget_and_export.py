"""forget and export, as somebody types them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from small_shop import SmallShop


def test_export_gives_what_is_held_as_a_file_of_ones_own(regulars: Any, hello: SmallShop) -> None:
    target = hello.root / "ana.json"
    told = regulars("export", "ana@example.com", "--output", target, at=hello.root)
    assert (told.code, told.out) == (0, "")
    held = json.loads(target.read_text(encoding="utf-8"))
    assert held["customer"] == "ana"
    assert held["traits_and_segments"]["orders"] == 1
    assert json.loads(regulars("export", "ana", at=hello.root).out)["customer"] == "ana"


def test_forget_tells_what_it_did_and_that_the_shop_still_names_them(regulars: Any, hello: SmallShop) -> None:
    told = regulars("forget", "ana", "--yes", at=hello.root)
    assert told.code == 0
    assert told.out.startswith("Forgotten: ana\n")
    assert "erase them there too" in told.out
    assert "ana@example.com" not in told.out
    assert json.loads(regulars("forget", "ana", "--format", "json", at=hello.root).out)["customer"] == "ana"


def test_forget_asks_for_the_id_in_a_terminal(regulars: Any, hello: SmallShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "ion")
    told = regulars("forget", "ana", at=hello.root)
    assert (told.code, told.out) == (1, "")
    assert "Nobody was forgotten" in told.err
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "ana")
    assert regulars("forget", "ana", at=hello.root).code == 0


@pytest.mark.parametrize("verb", ["forget", "export"])
def test_somebody_nobody_knows_and_several_at_once_are_told_in_two_lines(
    regulars: Any, hello: SmallShop, verb: str, tmp_path: Path
) -> None:
    told = regulars(verb, "nobody@example.com", at=hello.root)
    assert (told.code, told.out) == (2, "")
    assert "Nothing is held" in told.err
    told = regulars(verb, "+40700000001", at=hello.root)
    assert told.code == 2
    assert "2 customers have this address: ana, ion" in told.err
    assert len(told.err.strip().splitlines()) == 2
