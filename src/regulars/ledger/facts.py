"""What the ledger knows about customers, added up in the database and handed over as Arrow tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from regulars.ledger import answered
from regulars.ledger.crossing import MOMENT
from regulars.ledger.store import Ledger
from regulars.ledger.tables import SENT

WINDOW = timedelta(days=30)

_HEARD = pa.schema(
    [
        ("customer_id", pa.string()),
        ("last_contacted", MOMENT),
        ("messages_30d", pa.int64()),
        ("opens_30d", pa.int64()),
        ("clicks_30d", pa.int64()),
        ("conversions_30d", pa.int64()),
        ("referrals", pa.int64()),
        ("confirmed", pa.bool_()),
    ]
)
CONTACT = pa.schema([*_HEARD, *(one for one in answered.LATEST if one.name not in _HEARD.names)])
SENT_DAYS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("channel", pa.string()),
        ("local_day", pa.string()),
        ("campaign", pa.string()),
        ("n", pa.int64()),
    ]
)
EARLIER = pa.schema(
    [
        ("customer_id", pa.string()),
        ("entries", pa.int64()),
        ("last_entered", MOMENT),
        ("last_due", MOMENT),
        ("running", pa.bool_()),
        ("last_step", pa.int64()),
        ("last_arm", pa.string()),
        ("last_converted", pa.bool_()),
        ("occasions", pa.string()),
    ]
)
COVERED = pa.schema([("customer_id", pa.string()), ("row_id", pa.string())])

_SEPARATOR = "\x1f"
_STATES_SENT = ", ".join(f"'{state}'" for state in SENT)

_CONTACT = f"""
SELECT customer_id, max(last_contacted), sum(messages), sum(opens), sum(clicks), sum(conversions), sum(referrals),
       max(confirmed)
FROM (
    SELECT customer_id, max(sent_at) AS last_contacted,
           count(CASE WHEN sent_at >= :since THEN 1 END) AS messages,
           0 AS opens, 0 AS clicks, 0 AS conversions, 0 AS referrals, 0 AS confirmed
    FROM message
    WHERE state IN ({_STATES_SENT}) AND sent_at < :until
    GROUP BY customer_id
    UNION ALL
    SELECT message.customer_id, NULL, 0,
           count(DISTINCT CASE WHEN event.kind = 'opened' THEN message.id END),
           count(DISTINCT CASE WHEN event.kind = 'clicked' THEN message.id END), 0, 0, 0
    FROM event JOIN message ON message.id = event.message_id
    WHERE event.kind IN ('opened', 'clicked') AND NOT event.machine AND event.at >= :since AND event.at < :until
    GROUP BY message.customer_id
    UNION ALL
    SELECT customer_id, NULL, 0, 0, 0, count(*), 0, 0
    FROM conversion WHERE at >= :since AND at < :until GROUP BY customer_id
    UNION ALL
    SELECT advocate_id, NULL, 0, 0, 0, 0, count(*), 0
    FROM referral WHERE paid_at < :until AND (ended_at IS NULL OR ended_at >= :until) GROUP BY advocate_id
    UNION ALL
    SELECT customer_id, NULL, 0, 0, 0, 0, 0, 1
    FROM (SELECT customer_id, given,
                 row_number() OVER (PARTITION BY customer_id ORDER BY at DESC, id DESC) AS place
          FROM consent WHERE channel = 'email' AND topic = '' AND at < :until) AS said
    WHERE place = 1 AND given
) AS fact
GROUP BY customer_id
"""

_SENT_DAYS = f"""
SELECT customer_id, channel, local_day, campaign, count(*)
FROM message
WHERE local_day >= :since AND state IN ({_STATES_SENT}, 'planned', 'claimed'){{whose}}
GROUP BY customer_id, channel, local_day, campaign
"""
_WHOSE = {
    "sqlite": " AND customer_id IN (SELECT value FROM json_each(:customers))",
    "postgresql": " AND customer_id = ANY(:customers)",
}

_EARLIER = """
SELECT summary.customer_id, summary.entries, last.entered_at, summary.last_due, summary.running,
       last.offer_step, last.arm,
       EXISTS (SELECT 1 FROM conversion WHERE conversion.enrolment_id = last.id)
       OR EXISTS (SELECT 1 FROM outcome WHERE outcome.enrolment_id = last.id AND outcome.orders > 0), summary.occasions
FROM (
    SELECT customer_id, count(*) AS entries, count(*) > count(ended_at) AS running,
           max(due_at) AS last_due, {last} AS last_id, {occasions} AS occasions
    FROM enrolment
    WHERE campaign IN (:campaign, :former)
    GROUP BY customer_id
) AS summary
JOIN enrolment AS last ON last.id = summary.last_id
"""
_COVERED = """
SELECT customer_id, occasion FROM enrolment WHERE campaign IN (:campaign, :former) AND row_ids = ''
UNION ALL
SELECT enrolment.customer_id, covered.value FROM enrolment, {each} WHERE campaign IN (:campaign, :former)
"""
_GATHERED = {
    "sqlite": {
        # A moment is 26 characters there.
        "last": "substr(max(entered_at || id), 27)",
        "occasions": "group_concat(occasion, char(31))",
        "each": "json_each(CASE row_ids WHEN '' THEN '[]' ELSE row_ids END) AS covered",
    },
    "postgresql": {
        "last": "(array_agg(id ORDER BY entered_at DESC, id DESC))[1]",
        "occasions": "string_agg(occasion, chr(31))",
        "each": "json_array_elements_text(CAST(CASE row_ids WHEN '' THEN '[]' ELSE row_ids END AS json)) "
        "AS covered(value)",
    },
}


def contact_facts(ledger: Ledger, day: date, moment: datetime) -> pa.Table:
    """What each customer heard and did, as far as known at `moment`; one row for each customer the ledger knows.

    customer_id (text), last_contacted (moment or null), then whole numbers: messages_30d (sent), opens_30d and
    clicks_30d (messages opened or clicked), conversions_30d (orders credited), referrals (friends past the return
    period of their first order), and confirmed (bool: the last word they gave us about e-mail, to no topic, is a yes).
    The window begins 30 days before `day` (UTC), so that it is the same the whole day long. Last what they answered,
    null where nothing: see `answered.latest`.
    """
    since = datetime.combine(day, time(), UTC) - WINDOW
    heard = ledger.arrow(_CONTACT, {"since": since, "until": moment}, schema=_HEARD)
    said = answered.latest(ledger, moment)
    if not said.num_rows:
        nothing = [pa.nulls(heard.num_rows, one.type) for one in CONTACT if one.name not in _HEARD.names]
        return pa.Table.from_arrays([*heard.columns, *nothing], schema=CONTACT)
    return heard.join(said, "customer_id", join_type="full outer").select(CONTACT.names).cast(CONTACT)


def sent_days(ledger: Ledger, since: date, customers: Sequence[str] | None = None) -> pa.Table:
    """How many messages count against each customer's calendar days from `since` on: what frequency caps compare with.

    customer_id, channel, local_day (ISO), campaign (texts), n. Messages that will be sent count as those that were.
    `customers`: only theirs; up to some thousands of ids.
    """
    if customers is None:
        return ledger.arrow(_SENT_DAYS.format(whose=""), {"since": since.isoformat()}, schema=SENT_DAYS)
    listed = json.dumps(list(customers)) if ledger.dialect == "sqlite" else list(customers)
    bound = {"since": since.isoformat(), "customers": listed}
    return ledger.arrow(_SENT_DAYS.format(whose=_WHOSE[ledger.dialect]), bound, schema=SENT_DAYS)


def earlier_entries(ledger: Ledger, campaign: str, former: str = "") -> pa.Table:
    """Who entered a campaign before, under its name or its `former` one, one row per customer.

    customer_id (text), entries (how many), last_entered, last_due (moments), running (any has not ended), and of the
    latest entry last_step (whole number: the step of its offer's ladder), last_arm (text), last_converted (whether an
    order was credited to it, or fell into its window whoever got the credit); occasions (list of texts, of all
    entries).
    """
    found = ledger.arrow(_EARLIER.format(**_GATHERED[ledger.dialect]), _named(campaign, former), schema=EARLIER)
    place = found.schema.get_field_index("occasions")
    return found.set_column(place, "occasions", pc.split_pattern(found["occasions"], _SEPARATOR))


def covered_rows(ledger: Ledger, campaign: str, former: str = "") -> pa.Table:
    """The rows for which somebody entered a campaign before, under its name or its `former` one.

    customer_id, row_id (texts). Entries about one row have it as their occasion; what others have stands here too.
    """
    return ledger.arrow(_COVERED.format(**_GATHERED[ledger.dialect]), _named(campaign, former), schema=COVERED)


def _named(campaign: str, former: str) -> dict[str, str]:
    return {"campaign": campaign, "former": former or campaign}
