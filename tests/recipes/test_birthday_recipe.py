"""docs/recipes/birthday.md over a month."""

from __future__ import annotations

from pathlib import Path

from month import Month


def test_everybody_gets_their_gift_on_their_own_day_and_nobody_else_does(tmp_path: Path) -> None:
    month = Month(tmp_path, "birthday", "2026-08-01", watched=("11:00", "17:00"))
    shop = month.shop
    for name, birthday in (("ana", "1990-08-05"), ("ion", "1985-08-31"), ("vera", "1979-09-01"), ("olga", "")):
        shop.customer(name, birthday=birthday)
        shop.order(name, "2026-01-05 10:00:00")
    shop.customer("prospect", birthday="1990-08-05")
    shop.customer("silent", birthday="1990-08-05", email_consent="no", sms_consent="no")
    shop.order("silent", "2026-01-05 10:00:00")
    shop.customer("phone", birthday="1990-08-06", email="", phone="+40700000006")
    shop.order("phone", "2026-01-05 10:00:00")
    shop.customer("newyork", birthday="1990-08-10", timezone="America/New_York")
    shop.order("newyork", "2026-01-05 10:00:00")
    # Ordered for the first time on the day after their birthday: late, but within three days.
    shop.customer("late", birthday="1990-08-12")
    shop.order("late", "2026-08-13 08:00:00")
    shop.customer("too_late", birthday="1990-08-12")
    shop.order("too_late", "2026-08-16 08:00:00")

    assert month.lived() == {
        "ana": ["Wed 5 Aug 10:00 email gift"],
        "phone": ["Thu 6 Aug 10:00 sms gift"],
        "newyork": ["Mon 10 Aug 17:00 email gift"],
        "late": ["Thu 13 Aug 10:00 email gift"],
        "ion": ["Mon 31 Aug 10:00 email gift"],
    }
    (code,) = month.codes("ana")
    assert (code["kind"], code["gift"], code["valid_until"][:10]) == ("gift", "CEAI-TEI", "2026-08-19")
