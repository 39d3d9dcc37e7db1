from __future__ import annotations

from ledger_rows import NOON, conversion, entry, message, redemption

from regulars.measure import report


def test_a_report_of_some_days_says_so_and_counts_who_entered_then(ledger_of):
    ledger = ledger_of(
        entry(1, "winback", "ana", days_ago=5),
        entry(2, "winback", "ion", days_ago=50),
        message(1, "winback", "first", "accepted"),
        message(2, "winback", "first", "accepted", days_ago=50),
        conversion("o1", "winback", "m1first", "10.10"),
        redemption("o1", 1, "winback"),
        redemption("o2", 2, "winback"),
    )
    part = report.figures(ledger, currency="RON", now=NOON, period=("2026-08-20", "2026-08-25"))
    assert (part["totals"]["enrolled"], part["totals"]["sent"], part["totals"]["revenue"]) == (1, 1, 10.1)
    assert "people who entered from 20 Aug 2026 to 25 Aug 2026" in report.text(part)
    assert "people who entered from 20 Aug 2026 to 25 Aug 2026" in report.page(part)
    before = report.figures(ledger, currency="RON", now=NOON, period=("", "2026-08-19"))
    assert (before["totals"]["enrolled"], before["totals"]["revenue"]) == (1, 0.0)
    assert [one["offers"]["redeemed"]["used"]["orders"] for one in (part, before)] == [1, 1]
    whole = report.figures(ledger, currency="RON", now=NOON)
    assert whole["totals"]["enrolled"] == 2
    assert whole["offers"]["redeemed"]["used"]["orders"] == 2
    assert "people who entered" not in report.text(whole)
