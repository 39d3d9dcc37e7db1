"""docs/recipes/price_drop.md over a month."""

from __future__ import annotations

from pathlib import Path

from month import Month


def cheaper(month: Month, customer: str, on: str, product: str, price: int = 20) -> None:
    month.shop.row("price_drops", customer, dropped_on=on, product=product, price=price)


def test_what_got_cheaper_is_told_once_to_those_who_buy_reduced(tmp_path: Path) -> None:
    month = Month(tmp_path, "price_drop", "2026-06-01")
    shop = month.shop
    for name in ("ana", "ion", "vera", "full_price", "dana"):
        shop.customer(name, language="en", sms_consent="no" if name == "ion" else "yes")
        shop.order(name, "2026-04-01 10:00:00", discount=0 if name == "full_price" else 5)
        cheaper(month, name, "2026-06-03", "coffee")
    cheaper(month, "ana", "2026-06-03", "filters")
    cheaper(month, "ana", "2026-06-04", "cups")
    cheaper(month, "ana", "2026-06-12", "tea")
    cheaper(month, "ion", "2026-06-04", "cups")
    cheaper(month, "vera", "2026-06-15", "tea")
    cheaper(month, "dana", "2026-06-15", "tea")
    month.says_no("2026-06-10", "vera", "sms", topic="alerts")
    month.says_no("2026-06-10", "vera", "email", topic="alerts")
    month.says_no("2026-06-10", "dana", "sms", topic="alerts")

    assert month.lived() == {
        # The cups of the 4th meet the cap of one text message in seven days, and on the 6th they are no news.
        "ana": ["Wed 3 Jun 12:00 sms list", "Fri 12 Jun 12:00 sms list"],
        "ion": ["Wed 3 Jun 12:00 email list", "Thu 4 Jun 12:00 email list"],
        "vera": ["Wed 3 Jun 12:00 sms list"],
        "dana": ["Wed 3 Jun 12:00 sms list", "Mon 15 Jun 12:00 email list"],
    }
    both, one = month.texts("ana")
    assert "and 1 more" in both
    assert "more" not in one
    assert month.withheld()["frequency"] == 2
