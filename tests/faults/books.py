"""The fake provider's own books: what it really took, whatever anybody else believes."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

KEPT = 400
"""At most so many raw requests are kept for the contract test, and as many complaints."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One message that the provider has taken, once more each time it takes it."""

    at: float
    """Seconds since 1970."""
    request: str
    """The provider's id of the request."""
    to: str
    ours: dict[str, str]
    """What travelled with it: `mid`, `att`, `led`, `key`."""
    text: str = ""
    callback: str = ""
    """Twilio: where to report."""
    sid: str = ""


@dataclass(slots=True)
class Books:
    """Everything that came in. `taken` is the ground truth: message id → each time it was taken."""

    taken: dict[str, list[Taken]] = field(default_factory=dict)
    by_number: dict[str, list[Taken]] = field(default_factory=dict)
    requests: list[tuple[float, int, str]] = field(default_factory=list)
    """Each request: when, how many messages it carried, and how it was met."""
    complaints: Counter[str] = field(default_factory=Counter)
    """What requests had that none may have; each sort with how often."""
    kept: dict[str, list[Any]] = field(default_factory=lambda: {"sendgrid": [], "twilio": []})

    def came(self, messages: int, met: str) -> None:
        """A request is here."""
        self.requests.append((time.time(), messages, met))

    def take(self, one: Taken) -> None:
        """The message goes out."""
        self.taken.setdefault(one.ours.get("mid", ""), []).append(one)
        if one.sid:
            self.by_number.setdefault(one.to, []).append(one)

    def complain(self, sort: str) -> None:
        """Our own checks, stricter than the provider's: whoever sends this has a bug."""
        self.complaints[sort] += 1

    def keep(self, provider: str, asked: Any) -> None:
        """Keep a request for the contract test, if there is room; every tenth at most."""
        if len(self.requests) % 10 == 1 and len(self.kept[provider]) < KEPT:
            self.kept[provider].append(asked)

    def truth(self) -> dict[str, list[tuple[float, str, str]]]:
        """For the test: message id → (when, request, attempt) of each time."""
        return {
            mid: [(one.at, one.sid or one.request, one.ours.get("att", "")) for one in times]
            for mid, times in self.taken.items()
        }

    def figures(self) -> dict[str, Any]:
        """Counts only."""
        met = Counter(met for _, _, met in self.requests)
        return {
            "requests": len(self.requests),
            "messages": sum(map(len, self.taken.values())),
            "different": len(self.taken),
            "met": dict(met),
            "carried": dict(_carried(self.requests)),
            "complaints": dict(self.complaints),
        }


def _carried(requests: list[tuple[float, int, str]]) -> Counter[str]:
    carried: Counter[str] = Counter()
    for _, messages, met in requests:
        carried[met] += messages
    return carried
