"""docs/recipes/care.md over a month."""

from __future__ import annotations

from pathlib import Path

from month import Month


def parcel(month: Month, customer: str, at: str, product: str = "ficus", **columns: str) -> str:
    return month.shop.row("deliveries", customer, delivered_at=at, product=product, **{"returned": "no"} | columns)


def test_every_parcel_is_looked_after_once(tmp_path: Path) -> None:
    month = Month(tmp_path, "care", "2026-05-01")
    shop = month.shop
    for name in ("ana", "ion", "vera", "old_parcel", "gabi", "changed"):
        shop.customer(name, language="en")
        shop.order(name, "2026-03-05 10:00:00")
    shop.customer("lost")
    shop.order("lost", "2025-03-05 10:00:00")
    shop.customer("silent", email_consent="no")
    shop.order("silent", "2026-03-05 10:00:00")
    parcel(month, "ana", "2026-05-03 14:00:00")
    parcel(month, "ana", "2026-05-05 09:00:00", "monstera")
    parcel(month, "ion", "2026-05-03 14:00:00", returned="yes")
    parcel(month, "vera", "2026-04-26 14:00:00")
    parcel(month, "old_parcel", "2026-04-10 14:00:00")
    parcel(month, "lost", "2026-05-03 14:00:00")
    parcel(month, "silent", "2026-05-03 14:00:00")
    for product in ("aloe", "cactus"):
        parcel(month, "gabi", "2026-05-10 18:00:00", product)
    # Sent back after a week: the same parcel, another word in its column.
    sent_back = {"parcel_id": "p-back", "gone": "2026-05-10"}
    parcel(month, "changed", "2026-05-03 14:00:00", **sent_back)
    parcel(month, "changed", "2026-05-03 14:00:00", parcel_id="p-back", known="2026-05-10", returned="yes")

    assert month.lived() == {
        "ana": [
            "Tue 5 May 10:00 email how_to",
            "Thu 7 May 10:00 email how_to",
            "Wed 13 May 10:00 email review",
            "Fri 15 May 10:00 email review",
        ],
        "ion": ["Tue 5 May 10:00 email how_to"],
        "changed": ["Tue 5 May 10:00 email how_to"],
        # Delivered five days before the campaign went live: too late for the first letter.
        "vera": ["Wed 6 May 10:00 email review"],
        # Two parcels on one day, one letter a day.
        "gabi": [
            "Tue 12 May 10:00 email how_to",
            "Wed 13 May 10:00 email how_to",
            "Wed 20 May 10:00 email review",
            "Thu 21 May 10:00 email review",
        ],
    }
    first, second = month.texts("ana")[:2]
    assert "your ficus has been" in first
    assert "your monstera has been" in second
