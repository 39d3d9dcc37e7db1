"""docs/recipes/newsletter.md over a month."""

from __future__ import annotations

from pathlib import Path

from month import Month


def test_a_letter_every_thursday_for_which_there_are_words(tmp_path: Path) -> None:
    month = Month(tmp_path, "newsletter", "2026-08-01")
    shop = month.shop
    for name in ("ana", "ion", "vera", "dana"):
        shop.customer(name)
    shop.customer("joins", signed_up="2026-08-10")
    shop.customer("silent", email_consent="no")
    shop.customer("lost")
    shop.order("lost", "2025-03-01 10:00:00")
    # Nobody has written the one of the 20th.
    for day in ("2026-08-06", "2026-08-13", "2026-08-27"):
        month.words_appear(f"{day[:-2]}{int(day[-2:]) - 1:02}", f"newsletter/{day}")
    month.says_no("2026-08-10", "ion", "email", topic="news")
    month.says_no("2026-08-10", "vera", "email", topic="alerts")
    month.says_no("2026-08-25", "dana", "email")

    sixth, thirteenth, last = (f"Thu {day} Aug 09:00 email newsletter" for day in (6, 13, 27))
    assert month.lived() == {
        "ana": [sixth, thirteenth, last],
        "ion": [sixth],
        "vera": [sixth, thirteenth, last],
        "dana": [sixth, thirteenth],
        "joins": [thirteenth, last],
    }
    assert month.templates("ana") == ["newsletter/2026-08-06", "newsletter/2026-08-13", "newsletter/2026-08-27"]
    (stopped,) = [ran.stopped for ran in month.ran if ran.stopped]
    assert "newsletter/2026-08-20" in stopped
