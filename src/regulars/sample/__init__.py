"""The sample shop: invented people, their orders, and the orders that arrive after messages have gone out."""

from __future__ import annotations

from regulars.sample.arrivals import Arrived, arrive
from regulars.sample.heard import Heard
from regulars.sample.shop import Laid, lay

__all__ = ["Arrived", "Heard", "Laid", "arrive", "lay"]
