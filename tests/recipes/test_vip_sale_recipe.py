"""docs/recipes/vip_sale.md over its days."""

from __future__ import annotations

from pathlib import Path

from month import Month


def test_it_goes_once_to_those_who_are_vip_that_morning(tmp_path: Path) -> None:
    month = Month(tmp_path, "vip_sale", "2026-11-10", watched=("18:00",))
    shop = month.shop
    for name, spent in {"ana": 6000, "ion": 5000, "vera": 9000, "small": 4999, "risen": 4999, "late": 4000}.items():
        shop.customer(name, language="en", sms_consent="no" if name == "vera" else "yes")
        shop.order(name, "2026-10-05 10:00:00", total=spent)
    shop.customer("lost")
    shop.order("lost", "2025-10-05 10:00:00", total=9000)
    shop.customer("silent", email_consent="no")
    shop.order("silent", "2026-10-05 10:00:00", total=9000)
    shop.order("risen", "2026-11-25 10:00:00", total=1)
    shop.order("ion", "2026-11-26 15:00:00")
    shop.order("late", "2026-11-27 10:00:00", total=5000)

    assert month.lived() == {
        "ana": ["Thu 26 Nov 09:00 email early", "Fri 27 Nov 18:00 sms last_hours"],
        "risen": ["Thu 26 Nov 09:00 email early", "Fri 27 Nov 18:00 sms last_hours"],
        "ion": ["Thu 26 Nov 09:00 email early"],
        "vera": ["Thu 26 Nov 09:00 email early"],
    }
    _, last_hours = month.texts("ana")
    assert "VIPDAY" in last_hours
    assert "20" in last_hours
