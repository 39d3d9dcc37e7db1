"""docs/recipes/winback.md over a month, across the change of clocks."""

from __future__ import annotations

from pathlib import Path

from month import Month

import shop_days as days


def test_three_steps_until_somebody_orders(tmp_path: Path) -> None:
    month = Month(tmp_path, "winback", "2026-03-01", 35)
    shop = month.shop
    for name, last_order in {
        "ana": "2025-09-05",  # 181 days before 5 March
        "ion": "2025-09-05",
        "vera": "2025-09-14",
        "long_since": "2025-06-01",
        "almost": "2025-10-06",
        "lost": "2025-02-01",
        "active": "2026-02-01",
        "silent": "2025-09-05",
        "matei": "2025-09-05",
    }.items():
        shop.customer(name, sms_consent="no" if name in ("vera", "silent") else "yes")
        shop.order(name, f"{last_order} 12:00:00")
    shop.customers[[row["customer_id"] for row in shop.customers].index("silent")]["email_consent"] = "no"
    shop.customer("prospect")
    # Without a code: any order ends it.
    shop.order("ion", "2026-03-10 15:00:00")

    assert month.lived() == {
        "long_since": [
            "Sun 1 Mar 10:00 email first",
            "Sun 8 Mar 10:00 email second",
            "Wed 18 Mar 10:00 sms last",
        ],
        "ana": ["Thu 5 Mar 10:00 email first", "Thu 12 Mar 10:00 email second", "Sun 22 Mar 10:00 sms last"],
        "ion": ["Thu 5 Mar 10:00 email first"],
        "vera": ["Sat 14 Mar 10:00 email first", "Sat 21 Mar 10:00 email second", "Tue 31 Mar 10:00 email last"],
    }
    first, second = month.codes("ana")
    assert (first["value"], first["valid_until"][:10], first["ended_at"][:10]) == (10, "2026-03-22", "2026-03-22")
    assert (second["value"], second["valid_until"][:10], second["ended_at"]) == (15, "2026-03-27", None)
    arms = {row["customer_id"]: row["arm"] for row in days.rows(shop, "enrolment")}
    assert arms.pop("matei") == "holdout"
    assert set(arms) == {"long_since", "ana", "ion", "vera"}
