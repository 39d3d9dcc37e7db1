"""The loyalty figures, by the definitions of the vocabulary: one definition, used everywhere."""

from __future__ import annotations

from regulars.measure.loyalty.totals import OrderTotals, loyalty

__all__ = ["OrderTotals", "loyalty"]
