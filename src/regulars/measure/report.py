"""The report: its figures, as text for a terminal, and as one page that needs nothing but itself."""

from __future__ import annotations

from regulars.measure.figures import figures
from regulars.measure.loyalty import OrderTotals
from regulars.measure.page import page
from regulars.measure.text import text

__all__ = ["OrderTotals", "figures", "page", "text"]
