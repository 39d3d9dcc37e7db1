"""What the pages for operators show, tried: each command in its order, and each line it is said to answer with."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from pages import REPOSITORY, Block, blocks
from regulars import clock
from regulars.campaigns import reconcile
from regulars.campaigns.desk import Desk
from regulars.channels import registry
from regulars.cli import entry
from regulars.ledger import breakers, halts
from regulars.testing import FakeChannel
from shop_days import run_one
from small_shop import SmallShop

OURS = ("regulars doctor", "regulars reconcile", "regulars deliver")


def page(name: str) -> list[Block]:
    text = (REPOSITORY / "docs" / "how-to" / f"{name}.md").read_text(encoding="utf-8")
    return blocks(re.sub(r"^ {3}(?=\S|  )", "", text, flags=re.MULTILINE))


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """What the commands of a block answer, with their exit codes; its spaces are single."""

    def run(commands: str) -> str:
        told = []
        for line in commands.splitlines():
            words = shlex.split(line, comments=True)
            code = entry.run(words[1:])
            answer = capsys.readouterr()
            told.append(f"{answer.out}\n{answer.err}\nexit code {code}")
        return " ".join("\n".join(told).split())

    return run


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeChannel:
    channel = FakeChannel(name="sendgrid")
    monkeypatch.setattr(registry, "channel_for", lambda *_: channel)
    return channel


@pytest.fixture
def night(shop: SmallShop, fake: FakeChannel, monkeypatch: pytest.MonkeyPatch) -> SmallShop:
    """A letter in doubt, and a campaign that stopped by itself."""
    shop.customer("ana")
    shop.campaign("hello")
    fake.will("ambiguous")
    with shop.desk() as desk:
        run_one(desk, "hello", clock.now())
    monkeypatch.chdir(shop.root)
    assert entry.run(["deliver", "--here"]) == 4
    with Desk.open(shop.root) as desk, desk.ledger.writing() as connection:
        halts.raise_halt(connection, "campaign hello", "12 of 2,300 called it spam", clock.now())
    return shop


def shown(output: str) -> Iterator[str]:
    return (" ".join(line.split()) for line in output.splitlines() if line.strip())


def test_the_night_of_an_operator_goes_as_its_page_tells(
    night: SmallShop, said: Callable[[str], str], fake: FakeChannel, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    ledger, copy = night.root / ".regulars/ledger.sqlite", night.root / "copy"
    capsys.readouterr()
    answer, tried = "", []
    for block in page("operate"):
        if block.language == "sh":
            tried.append(block.text.strip())
            if tried[-1] == "regulars reconcile":
                monkeypatch.setattr(reconcile, "ASK_AFTER", timedelta(0))  # a minute has passed
            if "--requeue" in block.text:
                answer = said(block.text.splitlines()[0])
                shutil.copy(ledger, copy)
                with Desk.open(night.root) as desk, desk.ledger.writing() as connection:
                    breakers.succeeded(connection, "sendgrid")  # it is well again by the time somebody has read so far
                assert "accepted" in said(block.text.splitlines()[1])
                continue
            if "exit code 3" in block.text:
                shutil.copy(copy, ledger)
            answer = said(block.text)
            code = 3 if "exit code 3" in block.text else 4 if len(tried) == 1 else 0
            assert f"exit code {code}" in answer
        elif "REGULARS_" not in block.text:
            for line in shown(block.text):
                assert line in answer, f"{line}\n{answer}"
    assert len(tried) == 7
    assert len(fake.arrived) == 1


@pytest.mark.postgres
def test_what_the_page_about_many_machines_shows_holds(
    shop: SmallShop, fake: FakeChannel, said: Callable[[str], str], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGULARS_LEDGER", postgres_url)
    shop.customer("ana")
    shop.campaign("hello")
    with shop.desk() as desk:
        run_one(desk, "hello", clock.now())
    monkeypatch.chdir(shop.root)
    answer, tried = "", 0
    for block in page("many_machines"):
        if block.language == "sh" and block.text.startswith(OURS) and "--keep-going" not in block.text:
            answer, tried = said(block.text), tried + 1
            assert "exit code 0" in answer
        elif not block.language and "REGULARS_" not in block.text:
            for line in shown(block.text):
                assert line in answer, f"{line}\n{answer}"
    assert tried == 3
