"""Somebody who is forgotten is struck out of the posts of providers; what these say of others stays."""

from __future__ import annotations

import json
from pathlib import Path

from regulars.ledger.inbox import Inbox, Post

GONE = ["ana+news@example.com", "+40700000101", "17"]


def test_addresses_and_numbers_are_struck_out_in_every_spelling(ledger_url: str, tmp_path: Path) -> None:
    events = [{"email": "Ana+News@example.com", "n": 17}, {"email": "dan@example.org", "n": 17}]
    form = b"To=%2B40700000101&From=%2B40700000999&Body=stop"
    with Inbox.open(ledger_url, tmp_path) as inbox:
        inbox.keep([Post("sendgrid", "a", json.dumps(events).encode()), Post("twilio-inbound", "b", form)])
        assert inbox.forget(GONE) == 2
        letter, text = inbox.unread(0, 10)
    assert json.loads(letter.body) == [{"email": "forgotten", "n": 17}, {"email": "dan@example.org", "n": 17}]
    assert text.body == b"To=forgotten&From=%2B40700000999&Body=stop"


def test_who_was_never_told_of_changes_nothing(ledger_url: str, tmp_path: Path) -> None:
    with Inbox.open(ledger_url, tmp_path) as inbox:
        inbox.keep([Post("sendgrid", "a", b'[{"email": "dan@example.org"}]')])
        assert inbox.forget(GONE) == 0
        assert inbox.forget(["17"]) == 0


def test_the_file_keeps_nothing_of_them(tmp_path: Path) -> None:
    with Inbox.open("", tmp_path) as inbox:
        inbox.keep(
            [Post("sendgrid", f"d{n}", json.dumps([{"email": "ana@example.com"}] * 50).encode()) for n in range(20)]
        )
        assert inbox.forget(["ana@example.com"]) == 20
        for file in tmp_path.glob("inbox.sqlite*"):
            assert b"ana@example" not in file.read_bytes()
