"""Outcomes: what each entry of any arm did within its window, credited or not: what lift is read from."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from regulars.campaigns import replies
from regulars.campaigns.crediting.books import ENTERED
from regulars.campaigns.crediting.bought import Gone
from regulars.campaigns.crediting.moments import aware, bare, literal
from regulars.campaigns.desk import Desk
from regulars.ledger import credit


def found(desk: Desk, placed: pa.Table, referred: pa.Table, at: datetime) -> pa.Table:
    """What the entries did: columns of `outcome`. `books` have been laid."""
    return aware(
        desk.arrow(
            f"""
            with done as (
              select 'order' as "of", p.customer_id, p.amount, p.at from placed p
              union all select 'referral', r.advocate_id, r.amount, r.at from referred r
            ), happened as (
              select e.enrolment_id, d.amount, d.at
              from {ENTERED} e join done d on d."of" = e."of" and d.customer_id = e.customer_id
              where d.at > e.entered_at and d.at <= e.ends_at
              union all
              select e.enrolment_id, 0, r.at from {ENTERED} e join replied r using (enrolment_id)
              where r."of" = e."of" and r.at > e.entered_at and r.at <= least(e.ends_at, {literal(at)})
            )
            select enrolment_id, count(*) as orders, cast(sum(amount) as decimal(14, 2)) as revenue,
                   min("at") as first_at, {literal(at)} as updated_at
            from happened group by enrolment_id""",
            placed=bare(placed),
            referred=bare(referred),
            replied=bare(replies.done(desk)),
        )
    )


def changed(desk: Desk, now: pa.Table, at: datetime, *, since: datetime, gone: Gone) -> tuple[pa.Array, pa.Table]:
    """(ids of entries whose outcome is not what the ledger has, the rows that are to be written).

    Only of entries from `since` on. What is known as of a later moment stays: looking back forgets nothing; nor does a
    shop whose orders begin later than what was counted.
    """
    known = bare(credit.outcomes(desk.ledger))
    reached = gone.reaches("e", "k")
    looked_at = f'k.updated_at <= {literal(at)} and e.entered_at >= {literal(since)} and e."of" is not null'
    wanted = bare(now)
    changes = desk.arrow(
        f"""select n.* from now n join {ENTERED} e using (enrolment_id) left join known k using (enrolment_id)
            where (k.enrolment_id is null and e.entered_at >= {literal(since)})
               or ({looked_at} and ({reached} or n.orders > k.orders)
                   and (k.orders, k.revenue, k.first_at) <> (n.orders, n.revenue, n.first_at))""",
        now=wanted,
        known=known,
        taken_back=gone.taken_back,
    )
    stale = desk.arrow(
        f"""select k.enrolment_id from known k join {ENTERED} e using (enrolment_id) anti join now using (enrolment_id)
            where {looked_at} and {reached}
            union all select enrolment_id from known semi join changes using (enrolment_id)""",
        known=known,
        now=wanted,
        changes=changes,
        taken_back=gone.taken_back,
    )
    return stale["enrolment_id"].combine_chunks(), aware(changes)
