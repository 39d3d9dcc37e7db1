"""One measured figure, and how it is told."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured, what was promised, and what stands in the way of less."""

    name: str
    measured: float
    target: float | None
    """At most this; None: reported only."""
    bound: str
    unit: str = "×"
    """`×` for ratios, else `s` or `GB`."""
    detail: str = ""

    @property
    def met(self) -> bool:
        """Whether the promise holds; what promises nothing holds."""
        return self.target is None or self.measured <= self.target

    @property
    def value(self) -> str:
        """`1.23 ×`."""
        return f"{self.measured:.2f} {self.unit}"

    @property
    def promise(self) -> str:
        """`at most 1.5 ×`, or that there is none."""
        return "reported" if self.target is None else f"at most {self.target:g} {self.unit}"

    def __str__(self) -> str:
        verdict = "" if self.met else "  MISSED"
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.name:<56} {self.value:>9}   {self.promise:<15}{verdict}   bound by {self.bound}{detail}"


def paired(one: Callable[[], float], other: Callable[[], float], pairs: int) -> tuple[float, float, float]:
    """Run both in turn, `pairs` times: the median of the ratios of a pair, and the median seconds of each."""
    seconds: list[tuple[float, float]] = []
    for number in range(pairs):
        # Who goes first changes: the second finds the disk's pages warm.
        first, second = (one, other) if number % 2 == 0 else (other, one)
        mine = (first(), second())
        seconds.append(mine if number % 2 == 0 else mine[::-1])
    return median([a / b for a, b in seconds]), median([a for a, _ in seconds]), median([b for _, b in seconds])


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)
