"""Repeated, disordered and early events end as ordered ones told once do."""

from __future__ import annotations

import pytest
from disorder import run_seeds, story
from what_was_sent import everything, hear

from regulars.ledger import events
from regulars.ledger.inbox import Inbox
from regulars.ledger.store import Ledger

SEEDS = {"sqlite": 200, "postgresql": 100}
"""`make faults` tells 1,000."""


def test_events_told_in_any_order_and_number_end_alike(ledger: Ledger, inbox: Inbox) -> None:
    assert run_seeds(SEEDS[ledger.dialect], ledger, inbox) == []
    assert everything(ledger)["strays"] == []


def test_the_stories_are_told_in_full(ledger: Ledger, inbox: Inbox) -> None:
    told = [each for seed in range(100) for each in story(seed, "x", ledger.salt("ledger")).told]
    assert len({each["event"] for each in told}) == 11
    assert hear(ledger, inbox, *told).strays > 300


def test_states_that_fall_are_noticed(ledger: Ledger, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(events.RANKS, "delivered", 45)
    monkeypatch.setitem(events.RANKS, "opened", 45)
    assert run_seeds(100, ledger, inbox) != []
