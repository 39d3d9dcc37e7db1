"""The figures of all orders together, and how many customers stand where today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from regulars.measure.loyalty.shapes import Loyalty


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """What the shop's orders of one period add up to; only orders that count (`source.order.counts`)."""

    customers: int
    """Everybody the shop knows, with or without an order."""
    buyers: int
    """Customers with 1 order or more."""
    repeaters: int
    """Customers with 2 orders or more."""
    orders: int
    revenue: Decimal


def loyalty(totals: OrderTotals | None, segments: Mapping[str, Mapping[str, int]] | None = None) -> Loyalty:
    """The figures of these totals, and the customers by ladder and value as they are given.

    - repeat purchase rate: customers with 2+ orders / customers with 1+, from 0 to 1
    - purchase frequency: orders / customers with 1+
    - average order: revenue / orders, in the shop's currency

    A figure whose divisor is zero is None. Without totals there are no figures, without segments no segments.
    """
    figures = Loyalty()
    if totals is not None:
        figures["customers"] = totals.customers
        figures["buyers"] = totals.buyers
        figures["orders"] = totals.orders
        figures["revenue"] = round(float(totals.revenue), 2)
        figures["repeat_purchase_rate"] = _divided(totals.repeaters, totals.buyers)
        figures["purchase_frequency"] = _divided(totals.orders, totals.buyers)
        average = _divided(totals.revenue, totals.orders)
        figures["average_order"] = None if average is None else round(average, 2)
    if segments:
        figures["segments"] = {ladder: dict(values) for ladder, values in segments.items()}
    return figures


def _divided(what: Decimal | int, by: int) -> float | None:
    return float(what / by) if by else None
