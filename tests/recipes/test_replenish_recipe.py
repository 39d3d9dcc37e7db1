"""docs/recipes/replenish.md over a month."""

from __future__ import annotations

from pathlib import Path

from month import Month


def runs_out(month: Month, customer: str, product: str, on: str, known: str = "2026-05-01") -> None:
    month.shop.row("due", customer, known=known, due_on=on, product=product)


def test_what_runs_out_is_told_once_and_together(tmp_path: Path) -> None:
    month = Month(tmp_path, "replenish", "2026-05-01")
    for name in ("ana", "ion", "vera", "dana"):
        month.shop.customer(name, language="en")
        month.shop.order(name, "2026-04-10 10:00:00")
    month.shop.customer("silent", email_consent="no")
    month.shop.customer("nothing")
    runs_out(month, "ana", "coffee", "2026-05-10")
    runs_out(month, "ana", "filters", "2026-05-10")
    runs_out(month, "ana", "cat food", "2026-05-12")
    runs_out(month, "ion", "coffee", "2026-05-12", known="2026-05-11")
    runs_out(month, "vera", "coffee", "2026-04-30")
    runs_out(month, "silent", "coffee", "2026-05-10")
    for day in (10, 11, 12, 13):
        runs_out(month, "dana", f"number {day}", f"2026-05-{day}")

    assert month.lived() == {
        "ana": ["Thu 7 May 09:00 email due", "Sat 9 May 09:00 email due"],
        "ion": ["Mon 11 May 09:00 email due"],
        # The fourth meets the cap of three e-mails in seven days until it is too late.
        "dana": ["Thu 7 May 09:00 email due", "Fri 8 May 09:00 email due", "Sat 9 May 09:00 email due"],
    }
    first, second = month.texts("ana")
    assert "- coffee" in first
    assert "- filters" in first
    assert "cat food" not in first
    assert "- cat food" in second
    assert "coffee" not in second
    assert month.withheld()["frequency"] == 4
