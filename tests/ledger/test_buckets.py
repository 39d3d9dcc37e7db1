"""Rate limits that workers keep together, whatever the order in which they ask."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_people import NOW

from regulars.ledger import buckets
from regulars.ledger.store import Ledger


def test_what_is_saved_up_may_leave_at_once_and_the_rest_waits(ledger: Ledger) -> None:
    waits = [buckets.reserve(ledger, "twilio", 5, 10, NOW).total_seconds() for _ in range(4)]
    assert waits == [0, 0, 0.5, 1]


def test_time_fills_the_bucket_again_but_not_beyond_a_second(ledger: Ledger) -> None:
    buckets.reserve(ledger, "twilio", 10, 10, NOW)
    hour = NOW + timedelta(hours=1)
    assert buckets.reserve(ledger, "twilio", 10, 10, hour) == timedelta(0)
    assert buckets.reserve(ledger, "twilio", 10, 10, hour) == timedelta(seconds=1)


def test_a_clock_that_goes_back_fills_nothing(ledger: Ledger) -> None:
    buckets.reserve(ledger, "twilio", 10, 10, NOW)
    assert buckets.reserve(ledger, "twilio", 1, 10, NOW - timedelta(hours=1)) == timedelta(seconds=0.1)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(1, 50))
def test_nobody_is_ever_faster_than_the_rate(wanted: list[int], rate: int) -> None:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder, Ledger.open("", Path(folder)) as ledger:
        used = 0
        for one in wanted:
            wait = buckets.reserve(ledger, "sendgrid", one, rate, NOW).total_seconds()
            used += one
            assert used <= rate * (buckets.BURST.total_seconds() + wait) + 1e-3
