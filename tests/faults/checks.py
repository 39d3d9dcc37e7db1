"""The invariants I1 to I9 (PROVIDERS 5.4), in plain SQL over the ledger and against the provider's own books.

Nothing here uses the product's code: what is checked must not check itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from faults.databases import rows
from faults.laying import Laid

Truth = Mapping[str, Sequence[tuple[float, str, str]]]
RANK = {"accepted": 1, "delivered": 2, "opened": 3, "clicked": 4}
HAVE_IT = ("accepted", "delivered", "opened", "clicked", "bounced", "dropped", "failed")
"""States in which the ledger says that the provider has the message."""
OPEN = ("planned", "claimed", "sending")
UNDER_WAY = "state IN ('planned', 'claimed', 'sending')"


@dataclass(frozen=True)
class Found:
    """What a ledger and the provider's books come to when they are laid side by side."""

    states: dict[str, int]
    duplicates: int
    """Copies beyond the first, over all messages."""
    lost: int
    """Messages that the ledger believes sent and the provider never took, and those whose row is gone."""
    ambiguous: int
    really_sent: int
    """Of the ambiguous ones."""
    broken: dict[str, int] = field(default_factory=dict)
    """Invariant → how many cases."""

    @property
    def well(self) -> bool:
        """No duplicate, nothing lost, no invariant broken."""
        return not (self.duplicates or self.lost or self.broken)


def look(laid: Laid, truth: Truth, *, finished: bool = True) -> Found:
    """Check everything. `finished`: the outbox is empty, so that nothing may be under way any more."""
    state_of = {str(mid): str(state) for mid, state in rows(laid, "SELECT id, state FROM message")}
    states = Counter(state_of.values())
    believed = {mid for mid, state in state_of.items() if state in HAVE_IT}
    never = believed - truth.keys()
    unplanned = sum(mid not in state_of for mid in truth)
    ambiguous = [mid for mid, state in state_of.items() if state == "ambiguous"]
    told = {
        "I2 taken more than once": sum(len(times) > 1 for times in truth.values()),
        "I2 sent without being planned": unplanned,
        "I3 rows gone": laid.people - len(state_of),
        "I3 under way": sum(states[state] for state in ("claimed", "sending")) if finished else 0,
        "I4 believed and never taken": len(never),
        "I4 taken and not believed": sum(state_of.get(mid) in ("planned", "unsent", "dead", "expired") for mid in truth)
        if finished
        else 0,
        **_by_replay(laid, state_of),
        **_by_query(laid),
    }
    return Found(
        states=dict(states),
        duplicates=sum(len(times) - 1 for times in truth.values()),
        lost=len(never) + max(0, laid.people - len(state_of)),
        ambiguous=len(ambiguous),
        really_sent=sum(mid in truth for mid in ambiguous),
        broken={name: n for name, n in told.items() if n},
    )


def _by_replay(laid: Laid, state_of: Mapping[str, str]) -> dict[str, int]:
    """The log of transitions, walked message by message in its order."""
    broken: Counter[str] = Counter()
    walked: dict[str, _Walk] = {}
    log = rows(laid, "SELECT message_id, before, after, cause, attempt_id FROM transition ORDER BY id")
    for mid, before, after, cause, attempt in log:
        walk = walked.setdefault(mid, _Walk(state=before))
        for name in walk.step(before, after, cause, attempt):
            broken[name] += 1
    for mid, walk in walked.items():
        if state_of.get(mid) != walk.state:
            broken["I8 the log ends elsewhere"] += 1
    return dict(broken)


@dataclass
class _Walk:
    """One message on its way through the log."""

    state: str
    may_be_out: bool = False
    """Whether some attempt may have sent it, for all that was known then."""

    def step(self, before: str, after: str, cause: str, attempt: str) -> list[str]:
        wrong = []
        if before != self.state:
            wrong.append("I8 the log has a gap")
        if RANK.get(after, 9) < RANK.get(before, 0):
            wrong.append("I7 rank fell")
        if after == "sending":
            if self.may_be_out:
                wrong.append("I1 tried again while it may be out")
            if not attempt:
                wrong.append("I1 sent by no attempt")
            self.may_be_out = True
        elif after == "unsent" or (after == "planned" and before in ("sending", "ambiguous") and "lease" not in cause):
            self.may_be_out = False
        if after == "accepted" and not attempt and before == "sending":
            wrong.append("I1 accepted without an attempt")
        self.state = after
        return wrong


_TWICE = """
SELECT count(*) FROM (SELECT 1 FROM message m JOIN enrolment e ON e.id = m.enrolment_id
GROUP BY e.campaign, m.name, e.occasion, e.customer_id, m.channel HAVING count(*) > 1) AS twice
"""
_WITHOUT_INTENT = """
SELECT count(*) FROM message m WHERE m.state IN ('sending', 'ambiguous', 'accepted')
AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.id = m.attempt_id)
"""
_AFTER_SUPPRESSION = """
SELECT count(*) FROM message m JOIN attempt a ON a.id = m.attempt_id
JOIN suppression s ON s.address_hash = m.address_hash AND s.channel = m.channel
WHERE a.started_at > {later}
"""
_LATER = {
    True: "s.at + interval '5 seconds'",
    False: "strftime('%Y-%m-%d %H:%M:%f', s.at, '+5 seconds')",
}
"""What is written at both times is when each began; five seconds are more than any transaction of ours takes."""


def _by_query(laid: Laid) -> dict[str, int]:
    asked = {
        "I9 twice": _TWICE,
        "I1 without an attempt": _WITHOUT_INTENT,
        "I6 begun after a suppression": _AFTER_SUPPRESSION.format(later=_LATER[bool(laid.ledger)]),
    }
    return {name: int(rows(laid, statement)[0][0]) for name, statement in asked.items()}


def told(found: Found) -> dict[str, Any]:
    """For a line of figures."""
    return {"duplicates": found.duplicates, "lost": found.lost, "ambiguous": found.ambiguous, **found.broken}
