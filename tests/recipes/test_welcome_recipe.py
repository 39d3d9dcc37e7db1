"""docs/recipes/welcome.md over a month."""

from __future__ import annotations

from pathlib import Path

from month import Month


def test_who_signs_up_gets_three_letters_and_the_second_is_about_what_they_bought(tmp_path: Path) -> None:
    month = Month(tmp_path, "welcome", "2026-09-01", watched=("09:10",))
    shop = month.shop
    shop.customer("petru", signed_up="2026-09-10")
    shop.customer("mara", signed_up="2026-09-03")
    shop.order("mara", "2026-09-04 08:00:00")
    shop.row("order_lines", "mara", ordered_at="2026-09-04 08:00:00", product="Kenya", category="coffee")
    shop.row("order_lines", "mara", ordered_at="2026-09-05 08:00:00", product="Assam", category="tea")
    shop.customer("thea", signed_up="2026-09-20")
    shop.row("order_lines", "thea", ordered_at="2026-09-21 08:00:00", product="Assam", category="tea")
    shop.customer("before", signed_up="2026-08-30")
    shop.customer("too_early", signed_up="2026-08-29")
    shop.customer("silent", signed_up="2026-09-05", email_consent="no")
    shop.customer("phone", signed_up="2026-09-05", email="")

    assert month.lived() == {
        "before": [
            "Tue 1 Sep 09:10 email hello",
            "Fri 4 Sep 09:10 email category",
            "Fri 11 Sep 09:10 email first_order",
        ],
        "mara": ["Thu 3 Sep 09:10 email hello", "Sun 6 Sep 09:10 email category"],
        "petru": [
            "Thu 10 Sep 09:10 email hello",
            "Sun 13 Sep 09:10 email category",
            "Sun 20 Sep 09:10 email first_order",
        ],
        "thea": [
            "Sun 20 Sep 09:10 email hello",
            "Wed 23 Sep 09:10 email category",
            "Wed 30 Sep 09:10 email first_order",
        ],
    }
    assert month.templates("petru") == ["welcome/hello", "welcome/all", "welcome/first_order"]
    assert month.templates("mara") == ["welcome/hello", "welcome/coffee"]
    assert month.templates("thea")[1] == "welcome/tea"
    assert [code["message_name"] for code in month.codes("petru")] == ["first_order"]
    assert month.codes("mara") == []
