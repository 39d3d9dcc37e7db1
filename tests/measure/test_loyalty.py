from __future__ import annotations

from decimal import Decimal

from regulars.measure.loyalty import OrderTotals, loyalty


def test_the_figures_are_those_of_the_vocabulary():
    figures = loyalty(OrderTotals(customers=10, buyers=8, repeaters=6, orders=20, revenue=Decimal("2470.10")))
    assert figures == {
        "customers": 10,
        "buyers": 8,
        "orders": 20,
        "revenue": 2470.10,
        "repeat_purchase_rate": 0.75,
        "purchase_frequency": 2.5,
        "average_order": 123.5,
    }


def test_a_shop_without_orders_has_unknown_rates_and_not_zero():
    figures = loyalty(OrderTotals(customers=3, buyers=0, repeaters=0, orders=0, revenue=Decimal()))
    assert figures["repeat_purchase_rate"] is None
    assert figures["average_order"] is None


def test_segments_keep_the_order_of_their_ladder():
    figures = loyalty(None, {"lifecycle": {"prospect": 2, "active": 0}})
    assert figures == {"segments": {"lifecycle": {"prospect": 2, "active": 0}}}
    assert list(figures["segments"]["lifecycle"]) == ["prospect", "active"]
