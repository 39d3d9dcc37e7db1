"""docs/recipes/second_order.md over a month."""

from __future__ import annotations

from pathlib import Path

from month import Month

import shop_days as days


def test_a_reduction_only_for_those_who_would_hardly_come_back_without(tmp_path: Path) -> None:
    month = Month(tmp_path, "second_order", "2026-05-01")
    shop = month.shop
    for name, day, total in (
        ("vera", "2026-04-20", 100),
        ("ion", "2026-04-20", 400),
        ("second", "2026-04-20", 100),
        ("long_ago", "2026-02-25", 100),
        ("at_start", "2026-03-05", 299),
        ("too_fresh", "2026-05-15", 100),
        ("held_out", "2026-04-20", 100),
    ):
        shop.customer(name, language="en")
        shop.order(name, f"{day} 12:00:00", total=total)
    shop.order("second", "2026-05-05 08:00:00")
    shop.customer("prospect")
    shop.customer("silent", email_consent="no")
    shop.order("silent", "2026-04-20 12:00:00")

    assert month.lived() == {
        "at_start": ["Fri 1 May 10:00 email offer"],
        "vera": ["Mon 11 May 10:00 email offer"],
        "ion": ["Mon 11 May 10:00 email offer"],
    }
    assert [month.templates(name) for name in ("vera", "ion")] == [["second/offer"], ["second/plain"]]
    (code,) = month.codes("vera")
    assert code["code"] in month.texts("vera")[0]
    assert month.codes("ion") == []
    arms = {row["customer_id"]: row["arm"] for row in days.rows(shop, "enrolment")}
    assert {name for name, arm in arms.items() if arm == "holdout"} == {"held_out"}
