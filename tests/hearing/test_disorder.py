"""Repeated, disordered and early events end as ordered ones told once do."""

from __future__ import annotations

from pathlib import Path

import pytest
from disorder import WORDS, run_seeds, story
from what_was_sent import everything

from regulars.ledger import events
from regulars.ledger.inbox import Inbox
from regulars.ledger.store import Ledger

SEEDS = {"sqlite": 100, "postgresql": 50}
"""`make faults` tells 1,000."""


def test_events_told_in_any_order_and_number_end_alike(ledger: Ledger, inbox: Inbox) -> None:
    assert run_seeds(SEEDS[ledger.dialect], ledger, inbox) == []
    assert everything(ledger)["strays"] == []


def test_the_stories_are_told_in_full() -> None:
    told = [each for seed in range(100) for each in story(seed, "x", "").told]
    assert {each["event"] for each in told} == {word for word, _ in WORDS}
    assert len(told) > 300


def test_states_that_depend_on_the_order_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(events.RANKS, "delivered", 45)
    monkeypatch.setitem(events.RANKS, "opened", 45)
    with Ledger.open("", tmp_path) as ledger, Inbox.open("", tmp_path) as inbox:
        assert run_seeds(100, ledger, inbox) != []
