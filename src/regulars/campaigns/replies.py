"""Replies: what people inside a campaign answered to its surveys, and what counts as success beside an order."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa

from regulars.campaigns.desk import Desk
from regulars.lang.model import Message
from regulars.lang.surveys import PATIENCE_DAYS
from regulars.ledger import answered
from regulars.people.engine import text

COUNTED = ("answer", "click")
"""What `conversion` may be `of` that no order tells of."""
NEVER = ("dropped", "bounced", "failed", "suppressed", "expired", "skipped", "dead")
"""States of a message that nobody can answer."""


def joined(desk: Desk, campaign: str, message: Message, above: pa.Table, at: datetime) -> pa.Table:
    """The entries `above` a message, each with its `answer` and `answered_at`: null where there is none.

    Unchanged where nothing above the message asks. For a message that waits for an answer only those are left who gave
    one, and those from whom none is expected any more: after 14 days, or where the question never reached them.
    """
    asks = desk.campaign(campaign).asks_above(message)
    if asks is None:
        return above
    said = answered.of_entries(desk.ledger, *desk.names_of(campaign), str(asks.name), at)
    patient = text((at - timedelta(days=PATIENCE_DAYS)).isoformat())
    states = ", ".join(text(state) for state in NEVER)
    over = f"s.asked_at is null or s.asked_at <= timestamptz {patient} or s.asked_state in ({states})"
    waits = f"where s.answered_at is not null or {over}" if message.waits_for_answer else ""
    return desk.arrow(
        f"select a.*, s.answer, s.answered_at from above a left join said s using (enrolment_id) {waits}",
        above=above,
        said=said,
    )


def done(desk: Desk) -> pa.Table:
    """When each entry first did what counts as success, in campaigns where that is an answer or a click.

    enrolment_id, of (texts), at. A click on a link of any of its messages that was a person's; see `ledger.clicks`.
    """
    wanted = {campaign.conversion.of for campaign in desk.project.campaigns.values()}
    return answered.replies(desk.ledger, wanted & {*COUNTED})
