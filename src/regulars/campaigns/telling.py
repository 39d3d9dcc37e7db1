"""Telling somebody of the shop about an answer: `tell: {team: ana, when: answer <= 6}`, an e-mail by the real channel.

At most once for each message that asked, like everything else: that an e-mail may leave is written down before it does.
What a crash or a lost answer leaves in doubt is not sent again. It is no message to a customer: nothing counts it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from regulars.campaigns.desk import Desk
from regulars.campaigns.inside import ENTRY, known_of
from regulars.campaigns.standstill import refuse_to_send
from regulars.campaigns.team import of_the_team
from regulars.channels.contract import Outgoing, sending
from regulars.lang.model import Message
from regulars.lang.surveys import SCALES, Tell
from regulars.ledger import answered, ids
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


def tell(desk: Desk, at: datetime) -> int:
    """Tell of the answers that nobody has heard of; how many e-mails the provider took."""
    return sum(
        _Telling(desk, name, message, message.tell, at).run()
        for name, campaign in desk.project.campaigns.items()
        if campaign.status == "live"
        for message in campaign.messages
        if message.tell is not None
    )


@dataclass(frozen=True)
class _Telling:
    """What is told of the answers to one message."""

    desk: Desk
    campaign: str
    message: Message
    told: Tell
    at: datetime

    def run(self) -> int:
        """Tell of them; how many were taken."""
        asked = *self.desk.names_of(self.campaign), str(self.message.name)
        waiting = answered.untold(self.desk.ledger, *asked, self.at - FRESH, self.at - WAIT).slice(0, AT_ONCE)
        if not waiting.num_rows or refuse_to_send(self.desk, "email", self.at):
            return 0
        wanted = self._wanted(waiting)
        rows = waiting.to_pylist()
        with self.desk.ledger.writing() as connection:
            unwanted = [row["message_id"] for row in rows if row["enrolment_id"] not in wanted]
            answered.settle(connection, unwanted, "", UNWANTED)
            ours = [row["message_id"] for row in rows if row["enrolment_id"] in wanted]
            mine = answered.settle(connection, ours, "", "intent")
        return self._send(row for row in rows if row["message_id"] in mine)

    def _wanted(self, waiting: pa.Table) -> set[str]:
        """The entries whose answer is to be told."""
        if self.told.when is None:
            return set(waiting["enrolment_id"].to_pylist())
        campaign, snapshot = self.desk.campaign(self.campaign), self.desk.snapshot(self.at)
        condition = self.desk.condition_of(campaign, self.told.when)
        known = known_of(self.desk, self.campaign, waiting, snapshot, self.at)
        found = self.desk.arrow(
            f"select {quoted(ENTRY)} as id from {known} where {Formula(snapshot.day, {})(condition.tree)}"
        )
        return set(found["id"].to_pylist())

    def _send(self, rows: Iterable[dict[str, Any]]) -> int:
        """One request each, and what became of it."""
        from regulars.channels.registry import channel_for

        taken = 0
        with sending(channel_for("email", self.desk.settings, self.desk.folder / "outbox")) as send:
            for row in rows:
                (answer,) = send([self._letter(row)])
                after = "" if answer.outcome in PROVABLY_NOT_SENT else answer.outcome
                taken += after == "accepted"
                if after != "accepted":
                    log.warning("an answer to %s was not told: %s", self.campaign, answer.outcome)
                with self.desk.ledger.writing() as connection:
                    answered.settle(connection, [row["message_id"]], "intent", after)
        return taken

    def _letter(self, row: dict[str, Any]) -> Outgoing:
        shop, scale = self.desk.rules.shop, SCALES[row["survey"]]
        when = row["at"].astimezone(ZoneInfo(self.desk.zone))
        lines = [
            f"Customer #{row['customer_id']} answered {row['answer']:.3g} of {scale.highest} ({row['survey']}).",
            f"Asked by: {self.desk.campaign(self.campaign).title}. Answered on {when:%d %b %Y at %H:%M}.",
            *([f"They wrote: {row['comment']}"] if row["comment"] else ["They wrote nothing."]),
        ]
        return Outgoing(
            ids.one(), ids.one(), "email", parseaddr(of_the_team(self.desk, str(self.told.team)))[1],
            subject=f"{row['survey']}: {row['answer']:.3g} of {scale.highest}, customer #{row['customer_id']}",
            html="".join(f"<p>{escape(line)}</p>\n" for line in lines), text="\n\n".join(lines) + "\n",
            sender=str(shop.sender.email),
        )  # fmt: skip
