"""What goes wrong with a request: by chance, by script, or because the provider is down."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from faults.wire import Fate

Outage = Literal["", "refused", "429", "503"]


@dataclass(frozen=True, slots=True)
class Mishap:
    """How one request is met. `takes`: whether its messages go out all the same."""

    name: str
    takes: bool
    status: int = 0
    fate: Fate = ""


WELL = Mishap("well", takes=True)
MISHAPS = {
    mishap.name: mishap
    for mishap in (
        WELL,
        Mishap("reset_before", takes=False, fate="reset"),
        Mishap("reset_after", takes=True, fate="reset"),
        Mishap("cut", takes=True, fate="cut"),
        Mishap("dribble", takes=True, fate="dribble"),
        Mishap("hang", takes=True, fate="hang"),
        Mishap("hang_before", takes=False, fate="hang"),
        Mishap("garbage", takes=True, fate="garbage"),
        Mishap("500_before", takes=False, status=500),
        Mishap("500_after", takes=True, status=500),
        Mishap("502", takes=False, status=502),
        Mishap("503", takes=False, status=503),
        Mishap("504", takes=True, status=504),
        Mishap("429", takes=False, status=429),
        Mishap("400", takes=False, status=400),
        Mishap("401", takes=False, status=401),
        Mishap("403", takes=False, status=403),
        Mishap("404", takes=False, status=404),
        Mishap("413", takes=False, status=413),
        Mishap("302", takes=False, status=302),
    )
}
"""All of them by name."""
UNSETTLED = {name for name, one in MISHAPS.items() if one.fate or one.status >= 500}
"""Those after which nobody but the provider knows what became of the messages."""
CHANCES = {"reset_after": 0.01, "500_before": 0.01, "500_after": 0.005, "429": 0.01, "hang": 0.003}
"""The bad day of PROVIDERS 5.6."""


@dataclass(slots=True)
class Weather:
    """Says how the next request is met."""

    seed: int = 1
    latency: tuple[float, float] = (0.0, 0.0)
    """Seconds before an answer, at least and at most."""
    chances: Mapping[str, float] = field(default_factory=dict)
    outage: Outage = ""
    retry_after: float = 1.0
    names_fields: bool = False
    """Whether a refusal for one bad address says which."""
    script: deque[str] = field(default_factory=deque)
    _random: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def change(self, told: Mapping[str, object]) -> None:
        """Take over fields by name; `script` is added to."""
        for name, value in told.items():
            if name == "script":
                assert isinstance(value, Sequence)
                self.script.extend(map(str, value))
            elif name == "latency":
                assert isinstance(value, Sequence)
                self.latency = (float(value[0]), float(value[1]))
            else:
                setattr(self, name, value)

    def next(self) -> Mishap:
        """For the request that has just come."""
        if self.outage:
            return MISHAPS[self.outage]
        if self.script:
            return MISHAPS[self.script.popleft()]
        drawn = self._random.random()
        for name, chance in self.chances.items():
            if drawn < chance:
                return MISHAPS[name]
            drawn -= chance
        return WELL

    def wait(self) -> tuple[float, float]:
        """Seconds until the messages are taken, and until the answer."""
        whole = self._random.uniform(*self.latency)
        return whole * self._random.random(), whole
