"""Telling the shop about an answer: `tell: {team: ana, when: answer <= 6}` by e-mail, `tell: {webhook: crm}` by a POST.

At most once for each message that asked and each way, like everything else: that it may leave is written down before
it does. What a crash or a lost answer leaves in doubt is not sent again. It is no message to a customer: nothing
counts it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from regulars.campaigns import told_ways
from regulars.campaigns.desk import Desk
from regulars.campaigns.inside import ENTRY, known_of
from regulars.campaigns.standstill import refuse_to_send
from regulars.errors import RegularsError
from regulars.ledger import answered
from regulars.ledger.answered import UNWANTED
from regulars.people.engine import name as quoted
from regulars.people.formulas import Formula

log = logging.getLogger("regulars.telling")

WAIT = timedelta(minutes=10)
"""So long after their last word: a comment is still being written."""
FRESH = timedelta(days=2)
"""Older answers are told to nobody: a rule that is new, or a machine that stood still, floods no mailbox."""
AT_ONCE = 100
PROVABLY_NOT_SENT = ("throttled", "notsent", "config")
ONLY_THIS_ONE = ("accepted", "rejected")
"""Outcomes after which the next may be told; after all others the rest waits for the next time."""


def tell(desk: Desk, at: datetime) -> int:
    """Tell of the answers that the shop has not heard of; how many e-mails and posts were taken."""
    return sum(_Telling(desk, way, at).run() for way in told_ways.of_live(desk))


@dataclass(frozen=True)
class _Telling:
    """What is told in one way of the answers to one message."""

    desk: Desk
    way: told_ways.Way
    at: datetime

    def run(self) -> int:
        """Tell of them; how many were taken."""
        way = self.way
        asked = *self.desk.names_of(way.campaign), str(way.message.name)
        since, until = self.at - FRESH, self.at - WAIT
        waiting = answered.untold(self.desk.ledger, way.column, *asked, since, until).slice(0, AT_ONCE)
        if not waiting.num_rows or refuse_to_send(self.desk, way.kind, self.at):
            return 0
        wanted = self._wanted(waiting)
        rows = waiting.to_pylist()
        with self.desk.ledger.writing() as connection:
            unwanted = [row["message_id"] for row in rows if row["enrolment_id"] not in wanted]
            answered.settle(connection, way.column, unwanted, "", UNWANTED)
        ours = [row for row in rows if row["enrolment_id"] in wanted]
        try:
            return self._send(ours) if ours else 0
        except NotSetUpError as error:
            log.warning("answers to %s wait to be told: %s %s", way.campaign, error.sentence, error.way_out)
            return 0

    def _wanted(self, waiting: pa.Table) -> set[str]:
        """The entries whose answer is to be told."""
        when = self.way.told.when
        if when is None:
            return set(waiting["enrolment_id"].to_pylist())
        campaign, snapshot = self.desk.campaign(self.way.campaign), self.desk.snapshot(self.at)
        condition = self.desk.condition_of(campaign, when)
        known = known_of(self.desk, self.way.campaign, waiting, snapshot, self.at)
        found = self.desk.arrow(
            f"select {quoted(ENTRY)} as id from {known} where {Formula(snapshot.day, {})(condition.tree)}"
        )
        return set(found["id"].to_pylist())

    def _send(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """One request each, and what became of it; none after one that says that the next would fare no better."""
        taken = 0
        with _open(self.way) as send:
            for row in rows:
                if not self._settle(row, "", "intent"):
                    continue  # another worker's, or its answer has changed
                outcome = send(row)
                after = "" if outcome in PROVABLY_NOT_SENT else outcome
                self._settle(row, "intent", after)
                taken += after == "accepted"
                if outcome != "accepted":
                    log.warning("an answer to %s was not told by %s: %s", self.way.campaign, self.way.kind, outcome)
                if outcome not in ONLY_THIS_ONE:
                    break
        return taken

    def _settle(self, row: Mapping[str, Any], before: str, after: str) -> bool:
        with self.desk.ledger.writing() as connection:
            return bool(answered.settle(connection, self.way.column, [row["message_id"]], before, after))


class NotSetUpError(RegularsError):
    """What is told cannot leave by its way: the settings are missing or wrong."""


@contextmanager
def _open(way: told_ways.Way) -> Iterator[told_ways.Send]:
    try:
        opened = way.opened()
    except RegularsError as error:
        raise NotSetUpError(error.sentence, error.way_out) from None
    with opened as send:
        yield send
