"""How the ledger stands at this moment, for those who watch it: what waits, what is in doubt, what is halted.

Asked every few seconds, so nothing here reads finished messages: each question has an index of the few rows it is
about, and names that index's condition word for word, because SQLite uses it only then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, column, select, text
from sqlmodel import col

from regulars.ledger.columns import Moment
from regulars.ledger.tables import Breaker, Halt

QUESTIONS = {
    "waiting": (
        "SELECT channel, count(*) AS waiting, min(not_before) AS oldest FROM message WHERE state = 'planned' "
        "GROUP BY channel"
    ),
    "held": "SELECT state, count(*) FROM message WHERE state IN ('claimed', 'sending') GROUP BY state",
    "doubtful": "SELECT state, count(*) FROM message WHERE state IN ('ambiguous', 'unsent') GROUP BY state",
}
"""By name, each as SQL."""


@dataclass
class Gauges:
    """What was read. Counts of messages by state have every state that a message can still leave, also those at 0."""

    states: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("planned", "claimed", "sending", "ambiguous", "unsent"), 0)
    )
    overdue: dict[str, float] = field(default_factory=dict)
    """Channel → seconds since its oldest planned message fell due; 0 where nothing is due."""
    open_until: dict[str, datetime | None] = field(default_factory=dict)
    """Account → until when nobody asks the provider; None: the way is free."""
    halts: dict[str, int] = field(default_factory=dict)
    """Scope → halts in force."""


def read(connection: Connection, now: datetime) -> Gauges:
    """The ledger at `now`."""
    found = Gauges()
    waiting = text(QUESTIONS["waiting"]).columns(column("channel"), column("waiting"), column("oldest", Moment()))
    for channel, count, oldest in connection.execute(waiting):
        found.states["planned"] += count
        found.overdue[channel] = max(0.0, (now - oldest).total_seconds())
    for question in ("held", "doubtful"):
        for state, count in connection.execute(text(QUESTIONS[question])):
            found.states[state] = count
    for account, until in connection.execute(select(col(Breaker.account), col(Breaker.open_until))):
        found.open_until[account] = until
    for scope in connection.execute(select(col(Halt.scope)).where(col(Halt.lifted_at).is_(None))).scalars():
        found.halts[scope] = found.halts.get(scope, 0) + 1
    return found
