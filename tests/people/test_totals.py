"""What all orders add up to is counted with the people, and is what counting it alone would give."""

from __future__ import annotations

from regulars.people import orders
from regulars.people.snapshot import TOTALS_KEPT
from regulars.people.traits import Counting
from small_shop import RULES, SmallShop, at

NOON = at("2026-02-02 12:00")


def test_totals_kept_with_the_people_are_those_of_the_orders_that_count(shop: SmallShop) -> None:
    shop.rules = RULES.replace("code: coupon_code}", "code: coupon_code, counts: \"status <> 'cancelled'\"}")
    for customer, number in (("ana", 2), ("ion", 1), ("eva", 0)):
        shop.customer(customer)
        for _ in range(number):
            shop.order(customer, "2026-01-05 10:00:00", total=10.25)
    shop.order("ion", "2026-01-06 10:00:00", total=1000, status="cancelled")
    shop.order("", "2026-01-06 10:00:00", total=5)
    shop.order("ana", "2026-03-01 10:00:00", total=700)
    with shop.desk() as desk:
        snapshot = desk.snapshot(NOON)
        kept = desk.order_totals(NOON)
        snapshot.people.with_suffix(TOTALS_KEPT).unlink()
        assert kept == orders.kept_totals(snapshot, lambda: Counting(desk.vocabulary, desk.day(NOON)))
    assert (kept.customers, kept.buyers, kept.repeaters, kept.orders) == (3, 2, 1, 4)
    assert str(kept.revenue) == "35.75"
