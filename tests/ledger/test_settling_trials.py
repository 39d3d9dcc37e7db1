"""A trial of variants is settled by one worker, and what that one said stands."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from regulars.ledger import ids, trials
from regulars.ledger.store import Ledger
from regulars.ledger.trials import Tried


def test_of_many_who_settle_at_once_one_does(ledger: Ledger) -> None:
    campaign, moment = ids.one(), datetime(2026, 2, 4, tzinfo=UTC)
    with ledger.writing() as connection:
        trials.begin(connection, campaign, "one", ["a", "b"], moment)
        trials.begin(connection, campaign, "one", ["b", "a"], datetime(2026, 2, 5, tzinfo=UTC))

    def settle(winner: str) -> bool:
        with ledger.writing() as connection:
            counts = {"a": Tried(10, 1), "b": Tried(10, 2)}
            return trials.settle(connection, campaign, "one", counts, moment, winner, "")

    with ThreadPoolExecutor(4) as several:
        done = list(several.map(settle, "abab"))
    kept = trials.found(ledger, [campaign], "one", ["a", "b"])
    assert kept is not None
    assert (sum(done), kept.started_at, kept.ended_at) == (1, moment, moment)
    assert kept.counts == {"a": Tried(10, 1), "b": Tried(10, 2)}
