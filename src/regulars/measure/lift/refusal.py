"""What cannot be compared, and why."""

from __future__ import annotations

from regulars.errors import RegularsError


class NotComparable(RegularsError, ValueError):
    """Two groups of which nothing can be said by comparing them."""


NOT_BY_LOT = (
    "These people were not drawn by lot, so what they did differently may be what they were before.",
    "Hold some out (`holdout: 10%`), or ask for the bare difference by name: `observational=True`.",
)
DIFFERENT_BEFORE = (
    "The groups differed before anything was sent, as groups drawn by lot would once in a thousand times.",
    NOT_BY_LOT[1],
)
