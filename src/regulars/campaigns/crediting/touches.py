"""Touches: the messages that may have had a part in an order, and the one of them that gets the credit.

In order of strength: the code of a message, an advocate's own code, a click, and last a message that arrived; the last
three within the window of their entry. Of each message the strongest evidence counts. The credit for an order goes to
the strongest evidence there is for it, and there to the latest touch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from regulars.campaigns.crediting.books import CLICKED, ENTERED, GIVEN, MINE
from regulars.campaigns.crediting.bought import Gone
from regulars.campaigns.crediting.moments import aware, bare, literal
from regulars.campaigns.desk import Desk
from regulars.ledger import touches as kept
from regulars.people.engine import text
from regulars.people.order_search import normal

ARRIVED = "('accepted', 'delivered', 'opened', 'clicked')"
"""States of a message that is known to have reached a provider, and not to have come back."""
EVIDENCE = ("code", "referral", "click", "window")
"""The strongest first."""


def found(desk: Desk, placed: pa.Table, referred: pa.Table, at: datetime) -> pa.Table:
    """Every touch of the orders `placed`: columns of `touch`, sorted by order. `books` have been laid."""
    told = f"case e.strength {' '.join(f'when {n} then {text(one)}' for n, one in enumerate(EVIDENCE))} end"
    return aware(
        desk.arrow(
            f"""
            with by_code as (
              select o.order_id, m.message_id, 0 as strength, m.sent_at as touched_at
              from (select *, {normal("code")} as normal from placed where code <> '') o
              join {GIVEN} c on c.normal = o.normal
              join {MINE} m on m.enrolment_id = c.enrolment_id and m.name = c.message_name
              where o.at >= m.sent_at and (not c.shared or c.customer_id = o.customer_id)
            ), by_referral as (
              select r.order_id, m.message_id, 1 as strength, m.sent_at as touched_at
              from referred r join placed o using (order_id) join {MINE} m on m.customer_id = r.advocate_id
              where m."of" = 'referral' and r.at >= m.sent_at and r.at <= m.ends_at
            ), near as (
              select o.order_id, o.at, m.message_id, m.sent_at, m.state
              from placed o join {MINE} m on m.customer_id = o.customer_id
              where m."of" = 'order' and o.at >= m.sent_at and o.at <= m.ends_at
            ), by_click as (
              select n.order_id, n.message_id, 2 as strength, max(c.at) as touched_at
              from near n join {CLICKED} c on c.message_id = n.message_id and c.at between n.sent_at and n.at
              group by n.order_id, n.message_id
            ), by_window as (
              select order_id, message_id, 3 as strength, sent_at as touched_at from near where state in {ARRIVED}
            ), best as (
              select order_id, message_id, min(strength) as strength, arg_min(touched_at, strength) as touched_at
              from (from by_code union all from by_referral union all from by_click union all from by_window)
              group by order_id, message_id
            )
            select e.order_id, e.message_id, m.enrolment_id, m.campaign, m.customer_id, {told} as evidence,
                   m.sent_at, e.touched_at, o.amount, {text(str(desk.rules.shop.currency))} as currency, o.at,
                   {literal(at)} as recorded_at
            from best e join placed o using (order_id) join {MINE} m using (message_id)
            order by e.order_id, e.message_id""",
            placed=bare(placed),
            referred=bare(referred),
        )
    )


def last(desk: Desk, touches: pa.Table) -> pa.Table:
    """Of each order the touch that gets the credit: columns of `conversion`, sorted by order."""
    strength = f"list_position([{', '.join(map(text, EVIDENCE))}], evidence)"
    return desk.arrow(
        f"""select order_id, campaign, enrolment_id, message_id, customer_id, 'treated' as arm, evidence, amount,
                   currency, "at", recorded_at
            from touches
            qualify row_number() over (
              partition by order_id order by {strength}, touched_at desc, message_id desc) = 1
            order by order_id""",
        touches=touches,
    )


@dataclass(frozen=True)
class Changes:
    """What is to be written so that the ledger says what is known now."""

    orders: pa.Array
    """Ids of the orders whose touches or credit change, sorted."""
    touches: pa.Table
    conversions: pa.Table
    fresh: pa.Table
    """Those of `conversions` whose orders nobody had the credit for."""
    withdrawn: int
    """Orders that nobody has the credit for any more."""
    moved: int
    """Orders whose credit goes to another message."""


def changes(
    desk: Desk,
    touches: pa.Table,
    placed: pa.Table,
    since: datetime,
    until: datetime,
    *,
    untouchable: pa.Table,
    gone: Gone,
) -> Changes:
    """Compare `touches` of the orders `placed` with what the ledger has of the time from `since` to `until`.

    What stands is taken back where its order counts no more or has `gone`; not of orders that are `untouchable`
    (order_id), and not of entries whose window nobody knows.
    """
    now = last(desk, touches)
    before, credited = kept.known(desk.ledger, since, until), kept.credited(desk.ledger, since, until)
    left, row = gone.holds("k"), 'order_id, message_id, evidence, amount, "at"'
    told = desk.arrow(
        f"""
        with settled as (
          select order_id from untouchable
          union
          select k.order_id from (select order_id, enrolment_id from before union
                                  select order_id, enrolment_id from credited) k
          left join {ENTERED} e using (enrolment_id) where e."of" is null
        ), had as (
          select k.* from before k left join placed p using (order_id) where p.order_id is not null or {left}
        ), had_credit as (
          select k.* from credited k left join placed p using (order_id) where p.order_id is not null or {left}
        ), differing as (
          select order_id from (select {row}, touched_at from touches except select {row}, touched_at from had)
          union select order_id from (select {row}, touched_at from had except select {row}, touched_at from touches)
          union select order_id from (select {row} from now except select {row} from had_credit)
          union select order_id from (select {row} from had_credit except select {row} from now)
        )
        select order_id, n.message_id as now, k.message_id as before
        from differing anti join settled using (order_id) left join now n using (order_id)
        left join credited k using (order_id) order by order_id""",
        touches=bare(touches),
        now=bare(now),
        before=bare(before),
        credited=bare(credited),
        placed=placed.select(["order_id"]),
        untouchable=untouchable,
        taken_back=gone.taken_back,
    )
    chosen = "select t.* from these t semi join told using (order_id) {} order by order_id"
    new = "anti join (from told where before is not null) using (order_id)"
    counted = desk.arrow(
        """select count(*) filter (where now is null and before is not null) as withdrawn,
                  count(*) filter (where now <> before) as moved from told""",
        told=told,
    ).to_pylist()[0]
    return Changes(
        told["order_id"].combine_chunks(),
        desk.arrow(chosen.format(""), these=touches, told=told).cast(touches.schema),
        desk.arrow(chosen.format(""), these=now, told=told).cast(now.schema),
        desk.arrow(chosen.format(new), these=now, told=told).cast(now.schema),
        int(counted["withdrawn"]),
        int(counted["moved"]),
    )
