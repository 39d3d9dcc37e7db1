"""Whether the arms are as large as was declared: where they are not, something but the lot decided who is in them.

A sample-ratio mismatch. Fabijan, A. et al. (2019), Diagnosing sample ratio mismatch in online controlled experiments,
KDD '19, 2156-2164; the test is Pearson's chi-square.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

LEAST = 0.001
"""Below this the comparison is not told: by the lot alone it happens to one campaign in a thousand."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """The people of each arm, the share of each that was declared, and how likely such numbers are by the lot alone."""

    people: tuple[int, ...]
    declared: tuple[float, ...]
    p_value: float

    @property
    def holds(self) -> bool:
        """Whether the arms may be compared."""
        return self.p_value >= LEAST


def proportion(people: Sequence[int], declared: Sequence[float]) -> Proportion:
    """Σ (seen - expected)² / expected against the chi-square distribution with one degree of freedom less than arms.

    `declared` are shares of each arm, all above 0; they are brought to a sum of 1.
    """
    shares = np.asarray(declared, float) / sum(declared)
    expected = sum(people) * shares
    statistic = float(((np.asarray(people) - expected) ** 2 / expected).sum()) if sum(people) else 0.0
    return Proportion(tuple(people), tuple(float(one) for one in shares), float(chdtrc(len(people) - 1, statistic)))
