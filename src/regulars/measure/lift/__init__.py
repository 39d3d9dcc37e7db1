"""Did the messages change anything? Treated against held out, by intervals that keep what they promise.

`compare` takes anybody's lists or arrays; `campaigns` reads the ledger's sums.
"""

from __future__ import annotations

from regulars.measure.lift.comparing import Comparison, Power, compare
from regulars.measure.lift.estimates import Estimate, Relative
from regulars.measure.lift.proportion import Proportion, proportion
from regulars.measure.lift.refusal import NotComparable

__all__ = ["Comparison", "Estimate", "NotComparable", "Power", "Proportion", "Relative", "compare", "proportion"]
