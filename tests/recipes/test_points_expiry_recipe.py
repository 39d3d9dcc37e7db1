"""docs/recipes/points_expiry.md over five weeks."""

from __future__ import annotations

from pathlib import Path

from month import Month


def batch(month: Month, customer: str, points: int, expires_on: str, earned_at: str = "2025-10-01 10:00:00") -> None:
    month.shop.row("points", customer, points=points, expires_on=expires_on, earned_at=earned_at)


def test_who_is_about_to_lose_points_hears_of_it_whatever_they_said_about_advertising(tmp_path: Path) -> None:
    month = Month(tmp_path, "points_expiry", "2026-09-01", 35)
    shop = month.shop
    shop.customer("ana", language="en")
    shop.customer("silent", email_consent="no", sms_consent="no", language="en")
    for name in ("ion", "vera", "many", "far", "phone"):
        shop.customer(name, email="" if name == "phone" else f"{name}@example.com")
    shop.order("ana", "2025-10-01 10:00:00")
    batch(month, "ana", 500, "2026-10-10")
    batch(month, "silent", 70, "2026-10-04")
    batch(month, "ion", 40, "2026-09-20")
    batch(month, "vera", 300, "2026-10-05")
    # Vera spends them all on the 12th.
    batch(month, "vera", -300, "2026-10-05", earned_at="2026-09-12 08:00:00")
    for points in (10, 20):
        batch(month, "many", points, "2026-10-10")
    batch(month, "far", 500, "2027-01-01")
    batch(month, "phone", 500, "2026-10-10")

    assert month.lived() == {
        "silent": ["Fri 4 Sep 10:00 email month", "Sun 27 Sep 10:00 sms week"],
        "vera": ["Sat 5 Sep 10:00 email month"],
        "ana": ["Thu 10 Sep 10:00 email month", "Sat 3 Oct 10:00 sms week"],
        # One letter for each batch, on one day: a service meets no cap.
        "many": [*["Thu 10 Sep 10:00 email month"] * 2, *["Sat 3 Oct 10:00 sms week"] * 2],
        # Noticed 19 days before: too late for the letter of a month.
        "ion": ["Sun 13 Sep 10:00 sms week"],
        "phone": ["Sat 3 Oct 10:00 sms week"],
    }
    assert "500 of your points" in month.texts("ana")[0]
    assert "no-consent" not in month.withheld()
