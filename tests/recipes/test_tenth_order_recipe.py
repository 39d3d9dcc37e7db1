"""docs/recipes/tenth_order.md over a month."""

from __future__ import annotations

from pathlib import Path

from month import Month


def test_thanks_on_the_day_of_the_tenth_order_and_none_for_those_who_had_ten(tmp_path: Path) -> None:
    month = Month(tmp_path, "tenth_order", "2026-04-01")
    shop = month.shop
    for name, orders in {"ana": 10, "ion": 9, "vera": 8, "silent": 9, "two_at_once": 9, "refunded": 9}.items():
        shop.customer(name, email_consent="no" if name == "silent" else "yes")
        for number in range(orders):
            shop.order(name, f"2026-01-{number + 1:02} 10:00:00")
    shop.order("ana", "2026-04-05 08:00:00")
    shop.order("ion", "2026-04-10 08:00:00")
    shop.order("ion", "2026-04-12 08:00:00")
    shop.order("silent", "2026-04-10 08:00:00")
    shop.order("two_at_once", "2026-04-20 08:00:00")
    shop.order("two_at_once", "2026-04-20 08:30:00")
    shop.order("vera", "2026-04-20 08:30:00")
    shop.order("refunded", "2026-04-20 08:30:00", status="refunded")

    assert month.lived() == {
        "ion": ["Fri 10 Apr 10:00 email ten"],
        "two_at_once": ["Mon 20 Apr 10:00 email ten"],
    }
