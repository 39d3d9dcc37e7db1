"""What a fault test comes to: one line."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from faults.checks import Found


@dataclass(frozen=True)
class Result:
    """A test with its figures. `bound`: as many ambiguous messages as there may be; None where nothing bounds them."""

    name: str
    parameters: str
    passed: bool
    duplicates: int = 0
    lost: int = 0
    ambiguous: int = 0
    bound: int | None = None
    settled: int | None = None
    """How many ambiguous messages the provider's events settled; None where they were not asked."""
    note: str = ""
    seconds: float = 0.0
    broken: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = [f"{self.duplicates} duplicates, {self.lost} lost"]
        if self.bound is not None:
            parts.append(f"{self.ambiguous:,} ambiguous of at most {self.bound:,}")
        if self.settled is not None:
            parts.append(f"{self.settled:,} settled")
        parts += [f"{name}: {n}" for name, n in self.broken.items()]
        parts += [self.note] if self.note else []
        verdict = "passed" if self.passed else "FAILED"
        return f"{self.name:4} {verdict}  {self.parameters}: {'; '.join(parts)} ({self.seconds:.0f} s)"


def of(
    name: str,
    parameters: str,
    found: Found,
    *,
    bound: int | None = None,
    settled: int | None = None,
    note: str = "",
    passed: bool = True,
    ambiguous: int | None = None,
) -> Result:
    """The result of a test that ends with a look at ledger and books. `ambiguous`: before they were settled."""
    number = found.ambiguous if ambiguous is None else ambiguous
    within = bound is None or number <= bound
    return Result(
        name, parameters, passed and found.well and within, found.duplicates, found.lost, number, bound, settled, note,
        broken=found.broken,
    )  # fmt: skip


def timed(result: Result, started: float) -> Result:
    """With the seconds since `started` (monotonic)."""
    return replace(result, seconds=time.monotonic() - started)
