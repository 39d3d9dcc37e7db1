"""In a terminal `run` shows the plan and asks for the number of people; elsewhere, and with --yes, it does not."""

from __future__ import annotations

import os
import pty
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from regulars.serving import running as serving
from regulars.serving.running import Outcome
from small_shop import SmallShop

DAY = ("--as-of", "2026-02-02")


class Terminal:
    """A terminal somebody sits at: what they type, and the campaigns that ran."""

    def __init__(self, master: int) -> None:
        self.master = master
        self.ran: list[str] = []

    def types(self, line: str) -> None:
        """A line, with its end."""
        os.write(self.master, f"{line}\n".encode())


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A real pseudo-terminal on stdin; Prefect is not started."""
    master, slave = pty.openpty()
    sitting = Terminal(master)

    def ran(_root: Any, names: list[str], _at: Any) -> list[Outcome]:
        sitting.ran += names
        return [Outcome(name, {"audience": 1, "enrolled": 1}, None) for name in names]

    monkeypatch.setattr(serving, "run_campaigns", ran)
    with os.fdopen(slave, encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield sitting
    os.close(master)


def test_the_right_number_sends(regulars: Any, hello: SmallShop, terminal: Terminal) -> None:
    terminal.types("1")
    told = regulars("run", "hello", *DAY, at=hello.root)
    assert (told.code, terminal.ran) == (0, ["hello"])
    assert "NOTHING HAS BEEN SENT" in told.err
    assert "Type 1 to send" in told.err


@pytest.mark.parametrize("typed", ["2", "yes", "", "1 1"])
def test_anything_else_sends_nothing(regulars: Any, hello: SmallShop, terminal: Terminal, typed: str) -> None:
    terminal.types(typed)
    told = regulars("run", "hello", *DAY, at=hello.root)
    assert (told.code, terminal.ran, told.out.strip()) == (1, [], "")
    assert "Nothing was sent" in told.err


def test_who_leaves_the_terminal_sends_nothing(regulars: Any, hello: SmallShop, terminal: Terminal) -> None:
    os.write(terminal.master, b"\x04")
    told = regulars("run", "hello", *DAY, at=hello.root)
    assert (told.code, terminal.ran) == (130, [])


def test_yes_does_not_ask(regulars: Any, hello: SmallShop, terminal: Terminal) -> None:
    told = regulars("run", "hello", "--yes", *DAY, at=hello.root)
    assert (told.code, terminal.ran) == (0, ["hello"])
    assert "NOTHING HAS BEEN SENT" not in told.err


def test_without_a_terminal_nobody_is_asked(
    regulars: Any, hello: SmallShop, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(os.devnull).open(encoding="utf-8") as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert regulars("run", "hello", *DAY, at=hello.root).code == 0
    assert terminal.ran == ["hello"]


def test_where_nobody_would_get_anything_nobody_is_asked(regulars: Any, hello: SmallShop, terminal: Terminal) -> None:
    hello.campaign("hello", status="draft")
    assert regulars("run", "hello", *DAY, at=hello.root).code == 0
    assert terminal.ran == ["hello"]
