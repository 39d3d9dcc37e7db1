"""Posts are kept once, durably, many in one commit, and given back in the order they came."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from what_was_sent import event, lay, post, states

from regulars.errors import OutsideError
from regulars.ledger.inbox import Inbox, Post
from regulars.ledger.store import Ledger
from regulars.web.expanding import expanding


def one(number: int) -> Post:
    return Post("sendgrid", f"{number:064d}", b"[]")


def test_many_callers_share_a_commit_and_each_learns_what_is_new(inbox: Inbox) -> None:
    waiting = [inbox.keep_soon([one(number % 150), one(number)]) for number in range(300)]
    assert sum(future.result() for future in waiting) == 300
    kept = inbox.unread(0, 1_000)
    assert sorted(found.id for found in kept) == [found.id for found in kept]
    assert len(kept) == 300


def test_a_reader_never_sees_a_post_before_an_earlier_one(ledger_url: str, tmp_path: Path, inbox: Inbox) -> None:
    with Inbox.open(ledger_url, tmp_path) as other:
        keepers = [
            threading.Thread(target=lambda own=own, start=start: [own.keep([one(start + n)]) for n in range(40)])
            for own, start in ((inbox, 0), (other, 1_000))
        ]
        for keeper in keepers:
            keeper.start()
        seen: list[int] = []
        while any(keeper.is_alive() for keeper in keepers):
            seen += [found.id for found in inbox.unread(seen[-1] if seen else 0, 1_000)]
        seen += [found.id for found in inbox.unread(seen[-1] if seen else 0, 1_000)]
    assert len(seen) == 80


def test_a_run_that_writes_to_a_sqlite_ledger_never_delays_an_answer(tmp_path: Path) -> None:
    with Ledger.open("", tmp_path) as ledger, Inbox.open("", tmp_path) as inbox:
        inbox.keep([one(0)])
        with ledger.writing():
            began = time.perf_counter()
            assert inbox.keep([one(1)]) == 1
        assert time.perf_counter() - began < 5
        assert (tmp_path / "inbox.sqlite").exists()


def test_an_inbox_that_was_lost_and_made_anew_gives_no_id_again(tmp_path: Path) -> None:
    with Ledger.open("", tmp_path), Inbox.open("", tmp_path) as first:
        first.keep([one(0), one(1)])
        last = first.unread(0, 9)[-1].id
    for file in tmp_path.glob("inbox.sqlite*"):
        file.unlink()
    time.sleep(0.01)
    with Inbox.open("", tmp_path) as second:
        second.keep([one(0)])
        assert second.unread(last, 9) != []


def test_a_closed_inbox_says_that_it_kept_nothing(tmp_path: Path) -> None:
    with Ledger.open("", tmp_path):
        inbox = Inbox.open("", tmp_path)
        inbox.close()
        with pytest.raises(OutsideError, match="could not keep"):
            inbox.keep([one(0)])


def test_nobody_listens_where_nothing_was_ever_heard(ledger: Ledger) -> None:
    assert Inbox.beside(ledger) is None


def test_a_post_shows_nothing_of_what_it_holds() -> None:
    assert "ana@" not in repr(Post("sendgrid", "1", b"ana@example.com", "To=ana@example.com"))


def test_the_expander_wakes_when_a_post_has_come(ledger: Ledger, inbox: Inbox) -> None:
    [letter] = lay(ledger)
    with expanding(ledger, inbox) as expander:
        inbox.keep([post(event(letter, "delivered"))])
        expander.wake()
        until = time.monotonic() + 20
        while states(ledger, [letter]) != ["delivered"] and time.monotonic() < until:
            time.sleep(0.05)
    assert states(ledger, [letter]) == ["delivered"]


def test_the_expander_outlives_a_ledger_that_fails(
    ledger: Ledger, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from regulars.campaigns import hearing
    from regulars.web import expanding as module

    monkeypatch.setattr(module, "AFTER_FAILURE", 0.01)
    monkeypatch.setattr(module, "EVERY", 0.01)
    rounds: list[int] = []

    def failing(*_: object) -> hearing.Heard:
        rounds.append(1)
        raise ValueError("ana@example.com")

    monkeypatch.setattr(hearing, "expand_all", failing)
    with expanding(ledger, inbox):
        until = time.monotonic() + 10
        while len(rounds) < 3 and time.monotonic() < until:
            time.sleep(0.01)
    assert len(rounds) >= 3
    assert "ValueError" in caplog.text
    assert "ana@" not in caplog.text
