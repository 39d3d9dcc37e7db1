"""Conversions: orders are matched to the messages that earned them, each order once.

In order of strength: the code of a message, an advocate's own code, and last the window: the latest message that
reached somebody who ordered within the campaign's `conversion`. What everybody of any arm did in the window, credited
or not, is kept as `outcome`: that is what lift is read from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import pyarrow as pa

from regulars.campaigns.desk import Desk
from regulars.ledger import credit
from regulars.people import orders
from regulars.people.engine import text
from regulars.people.traits import Counting


@dataclass(frozen=True)
class Converted:
    """What is new since the last time."""

    orders: int = 0
    by_evidence: dict[str, int] = field(default_factory=dict)
    """`code`, `referral`, `window` → orders."""
    referrals: int = 0
    revenue: Decimal = Decimal(0)


def convert(desk: Desk, at: datetime) -> Converted:
    """Match the orders up to `at`. Running it again credits nothing twice."""
    since = credit.first_entry(desk.ledger)
    if since is None:
        return Converted()
    counting = Counting(desk.vocabulary, desk.day(at))
    placed = orders.placed(counting, since, at)
    referred = _referred(desk, counting, placed, at)
    credited = _credited(desk, placed, referred, at)
    outcomes = _outcomes(desk, placed, at)
    with desk.ledger.writing() as connection:
        new_referrals = credit.record_referrals(connection, referred)
        fresh = credit.record(connection, credited)
        credit.replace_outcomes(connection, outcomes)
    kept = set(fresh)
    rows = [row for row in credited.select(["order_id", "evidence", "amount"]).to_pylist() if row["order_id"] in kept]
    evidence: dict[str, int] = {}
    for row in rows:
        evidence[row["evidence"]] = evidence.get(row["evidence"], 0) + 1
    return Converted(len(rows), evidence, new_referrals, sum((row["amount"] for row in rows), Decimal(0)))


def _windows(desk: Desk) -> pa.Table:
    """Of each campaign: what counts as success, and how long after entering (hours)."""
    campaigns = desk.project.campaigns
    return pa.table(
        {
            "campaign": pa.array(list(campaigns), pa.string()),
            "of": pa.array([one.conversion.of for one in campaigns.values()], pa.string()),
            "hours": pa.array(
                [int(one.conversion.within.delta.total_seconds() // 3600) for one in campaigns.values()], pa.int64()
            ),
        }
    )


def _referred(desk: Desk, counting: Counting, placed: pa.Table, at: datetime) -> pa.Table:
    """Friends' first orders that carry an advocate's code: columns of `referral`. Nobody brings themselves."""
    own = credit.referral_codes(desk.ledger)
    brought = desk.arrow(
        """select o.customer_id as friend_id, r.customer_id as advocate_id, r.code, o.order_id, o.amount, o.at
           from placed o join own r on upper(replace(o.code, '-', '')) = r.code and r.customer_id <> o.customer_id and o.customer_id <> '' and o.at > r.created_at
           qualify row_number() over (partition by o.customer_id order by o.at, o.order_id) = 1""",
        placed=placed, own=own,
    )  # fmt: skip
    if brought.num_rows == 0:
        return brought.append_column("recorded_at", pa.nulls(0, pa.timestamp("us", tz="UTC")))
    # Only somebody who had never ordered is a friend brought: all their orders are looked at, not those of the window alone.
    history = orders.placed(
        counting, datetime.fromisoformat("1970-01-01T00:00:00+00:00"), at, customers=brought["friend_id"].to_pylist()
    )
    return desk.arrow(
        f"""select b.*, timestamptz {text(at.isoformat())} as recorded_at from brought b
            where not exists (select 1 from history h where h.customer_id = b.friend_id and (h.at < b.at or (h.at = b.at and h.order_id < b.order_id)))""",
        brought=brought, history=history,
    )  # fmt: skip


def _credited(desk: Desk, placed: pa.Table, referred: pa.Table, at: datetime) -> pa.Table:
    """The order and the one message that gets the credit: columns of `conversion`."""
    return desk.arrow(
        f"""
        with by_code as (
          select o.order_id, c.campaign, c.enrolment_id, m.message_id, c.customer_id, 'code' as evidence, 1 as strength, m.sent_at, o.amount, o.at
          from placed o join codes c on upper(replace(o.code, '-', '')) = c.code join sent m on m.enrolment_id = c.enrolment_id and m.name = c.message_name
          where o.at >= m.sent_at
        ), by_referral as (
          select r.order_id, m.campaign, m.enrolment_id, m.message_id, m.customer_id, 'referral' as evidence, 2 as strength, m.sent_at, r.amount, r.at
          from referred r join sent m on m.customer_id = r.advocate_id join windows w on w.campaign = m.campaign and w.of = 'referral'
          where r.at >= m.sent_at and r.at <= m.entered_at + to_hours(w.hours)
        ), by_window as (
          select o.order_id, m.campaign, m.enrolment_id, m.message_id, m.customer_id, 'window' as evidence, 3 as strength, m.sent_at, o.amount, o.at
          from placed o join sent m on m.customer_id = o.customer_id join windows w on w.campaign = m.campaign and w.of = 'order'
          where o.at >= m.sent_at and o.at <= m.entered_at + to_hours(w.hours)
        ), best as (
          select * from (select * from by_code union all select * from by_referral union all select * from by_window)
          qualify row_number() over (partition by order_id order by strength, sent_at desc, message_id desc) = 1
        )
        select order_id, campaign, enrolment_id, message_id, customer_id, 'treated' as arm, evidence, amount, {text(str(desk.rules.shop.currency))} as currency, best.at,
               timestamptz {text(at.isoformat())} as recorded_at from best order by order_id""",
        placed=placed, referred=referred, codes=credit.issued_codes(desk.ledger), sent=credit.sent_messages(desk.ledger), windows=_windows(desk),
    )  # fmt: skip


def _outcomes(desk: Desk, placed: pa.Table, at: datetime) -> pa.Table:
    """What each entry did within its window, whichever arm, credited or not: columns of `outcome`."""
    return desk.arrow(
        f"""select e.id as enrolment_id, count(*) as orders, cast(sum(o.amount) as decimal(14, 2)) as revenue, min(o.at) as first_at, timestamptz {text(at.isoformat())} as updated_at
            from entered e join windows w on w.campaign = e.campaign and w.of = 'order'
            join placed o on o.customer_id = e.customer_id and o.at > e.entered_at and o.at <= e.entered_at + to_hours(w.hours) group by 1
            union all
            select e.id, count(*), cast(sum(o.amount) as decimal(14, 2)), min(o.at), timestamptz {text(at.isoformat())}
            from entered e join windows w on w.campaign = e.campaign and w.of = 'referral' join own r on r.customer_id = e.customer_id
            join placed o on upper(replace(o.code, '-', '')) = r.code and o.customer_id <> e.customer_id and o.at > e.entered_at and o.at <= e.entered_at + to_hours(w.hours) group by 1""",
        placed=placed, entered=credit.entries(desk.ledger), windows=_windows(desk), own=credit.referral_codes(desk.ledger),
    )  # fmt: skip
