"""Conversions: orders are matched to the messages that earned them, each order once.

In order of strength: the code of a message, an advocate's own code, and last the window: the latest message that
reached somebody who ordered within the campaign's `conversion`. A shared code is evidence for those alone who were
given it, and of the latest message that gave it to them. What everybody of any arm did in the window, credited
or not, is kept as `outcome`: that is what lift is read from.

A credit that was given stays, whatever is edited later, unless its order does not count any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns.desk import Desk
from regulars.campaigns.friends.judging import NORMAL, judge
from regulars.campaigns.friends.settling import Settled, settle
from regulars.ledger import credit, forgotten
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
    """Friends who came with a code and count."""
    friends: Settled = field(default_factory=Settled, compare=False)
    """What became of friends: paid, refused and why, taken back."""
    revenue: Decimal = Decimal(0)
    withdrawn: int = 0
    """Credits taken back: their orders were cancelled since, or were no friend's first."""
    by_strangers: int = 0
    """Orders, new or not, with a shared code that their customer was never given, or only later: nobody's credit."""


def convert(desk: Desk, at: datetime) -> Converted:
    """Match the orders up to `at`. Running it again credits nothing twice."""
    since = credit.first_entry(desk.ledger)
    if since is None:
        return Converted()
    counting = Counting(desk.vocabulary, desk.day(at))
    placed = _remembered(desk, desk.placed(since, at))
    cancelled = orders.not_counting(counting, credit.credited_orders(desk.ledger))
    judged = judge(desk, counting, placed, cancelled, at)
    referred = judged.brought(desk, at)
    credited = _credited(desk, placed, referred, at)
    outcomes = _changed(desk, _outcomes(desk, placed, referred, at), at)
    void = [*cancelled, *_no_friends_first(desk, placed, referred)]
    with desk.ledger.writing() as connection:
        withdrawn = credit.withdraw(connection, void)
        settled = settle(desk, connection, judged, at)
        fresh = credit.record(connection, credited)
        credit.replace_outcomes(connection, *outcomes)
    new = credited.filter(pc.is_in(credited["order_id"], value_set=pa.array(fresh, pa.string())))
    revenue = sum(new["amount"].to_pylist(), Decimal(0))
    evidence, strangers = dict(Counter(new["evidence"].to_pylist())), _by_strangers(desk, placed)
    return Converted(new.num_rows, evidence, settled.recorded, settled, revenue, withdrawn, strangers)


def convert_arriving(desk: Desk, since: datetime, at: datetime) -> None:
    """Match the orders after `since` and up to `at` alone: for days lived one by one over a history that stands still.

    Nothing is taken back there, nobody holds another's code, and outcomes, which no rule reads, are not written.
    """
    placed = desk.placed(since, at)
    if not placed.num_rows or credit.first_entry(desk.ledger) is None:
        return
    judged = judge(desk, Counting(desk.vocabulary, desk.day(at)), placed, [], at, arriving=True)
    referred = judged.brought(desk, at)
    whose = {*placed["customer_id"].to_pylist(), *referred["advocate_id"].to_pylist()}
    credited = _credited(desk, placed, referred, at, sorted(whose))
    with desk.ledger.writing() as connection:
        settle(desk, connection, judged, at)
        credit.record(connection, credited)


def _remembered(desk: Desk, placed: pa.Table) -> pa.Table:
    """Orders without those of people who were forgotten, whom the shop's data may still name."""
    gone = forgotten.hashes(desk.ledger)
    if not gone.num_rows:
        return placed
    prefix = text(f"{desk.ledger.salt(forgotten.SALT)}|{forgotten.CHANNEL}|")
    return desk.arrow(
        f"""with known as (
              select customer_id from (select distinct customer_id from placed)
              where sha256({prefix} || customer_id) not in (select address_hash from gone))
            select placed.* from placed semi join known using (customer_id)""",
        placed=placed,
        gone=gone,
    ).cast(placed.schema)


def _windows(desk: Desk) -> pa.Table:
    """Of each campaign: what counts as success, and how long after entering (seconds)."""
    conversions = {name: campaign.conversion for name, campaign in desk.project.campaigns.items()}
    seconds = [int(one.within.delta.total_seconds()) for one in conversions.values()]
    return pa.table(
        {
            "campaign": pa.array(list(conversions), pa.string()),
            "of": pa.array([one.of for one in conversions.values()], pa.string()),
            "seconds": pa.array(seconds, pa.int64()),
        }
    )


def _no_friends_first(desk: Desk, placed: pa.Table, referred: pa.Table) -> Sequence[str]:
    """Orders recorded as a friend's first that are not: an earlier one has arrived since."""
    found = desk.arrow(
        """select order_id from recorded semi join placed using (order_id)
           anti join referred using (order_id) order by order_id""",
        recorded=credit.recorded_referrals(desk.ledger),
        placed=placed,
        referred=referred,
    )
    return list(found["order_id"].to_pylist())


def _credited(
    desk: Desk, placed: pa.Table, referred: pa.Table, at: datetime, whose: Sequence[str] | None = None
) -> pa.Table:
    """The order and the one message that gets the credit: columns of `conversion`. `whose`: messages and codes of."""
    message = "m.campaign, m.enrolment_id, m.message_id, m.customer_id, m.sent_at"
    in_window = "m.entered_at + to_seconds(w.seconds)"
    return desk.arrow(
        f"""
        with by_code as (
          select o.order_id, {message}, 'code' as evidence, 1 as strength, o.amount, o.at
          from placed o join codes c on {NORMAL.format("o.code")} = {NORMAL.format("c.code")}
          join sent m on m.enrolment_id = c.enrolment_id and m.name = c.message_name
          where o.at >= m.sent_at and (not c.shared or c.customer_id = o.customer_id)
        ), by_referral as (
          select r.order_id, {message}, 'referral' as evidence, 2 as strength, r.amount, r.at
          from referred r join sent m on m.customer_id = r.advocate_id
          join windows w on w.campaign = m.campaign and w.of = 'referral'
          where r.at >= m.sent_at and r.at <= {in_window}
        ), by_window as (
          select o.order_id, {message}, 'window' as evidence, 3 as strength, o.amount, o.at
          from placed o join sent m on m.customer_id = o.customer_id
          join windows w on w.campaign = m.campaign and w.of = 'order'
          where o.at >= m.sent_at and o.at <= {in_window}
        ), best as (
          select * from (from by_code union all from by_referral union all from by_window)
          qualify row_number() over (partition by order_id order by strength, sent_at desc, message_id desc) = 1
        )
        select order_id, campaign, enrolment_id, message_id, customer_id, 'treated' as arm, evidence, amount,
               {text(str(desk.rules.shop.currency))} as currency, best.at,
               timestamptz {text(at.isoformat())} as recorded_at
        from best order by order_id""",
        placed=placed,
        referred=referred,
        codes=credit.issued_codes(desk.ledger, whose),
        sent=credit.sent_messages(desk.ledger, whose),
        windows=_windows(desk),
    )


def _by_strangers(desk: Desk, placed: pa.Table) -> int:
    """Orders with a shared code from people whom no message had given it by then."""
    found = desk.arrow(
        f"""with carried as (
              select o.order_id, coalesce(bool_or(c.customer_id = o.customer_id and o.at >= m.sent_at), false) as given
              from placed o join codes c on c.shared and {NORMAL.format("o.code")} = {NORMAL.format("c.code")}
              left join sent m on m.enrolment_id = c.enrolment_id and m.name = c.message_name
              group by o.order_id
            )
            select count(*) filter (where not given) as orders from carried""",
        placed=placed,
        codes=credit.issued_codes(desk.ledger),
        sent=credit.sent_messages(desk.ledger),
    )
    return int(found["orders"][0].as_py())


def _outcomes(desk: Desk, placed: pa.Table, referred: pa.Table, at: datetime) -> pa.Table:
    """What each entry did within its window, whichever arm, credited or not: columns of `outcome`."""
    return desk.arrow(
        f"""
        with done as (
          select 'order' as "of", p.customer_id, p.amount, p.at from placed p
          union all select 'referral', r.advocate_id, r.amount, r.at from referred r
        )
        select e.id as enrolment_id, count(*) as orders, cast(sum(d.amount) as decimal(14, 2)) as revenue,
               min(d.at) as first_at, timestamptz {text(at.isoformat())} as updated_at
        from entered e join windows w on w.campaign = e.campaign
        join done d on d."of" = w.of and d.customer_id = e.customer_id
                   and d.at > e.entered_at and d.at <= e.entered_at + to_seconds(w.seconds)
        group by e.id""",
        placed=placed,
        referred=referred,
        entered=credit.entries(desk.ledger),
        windows=_windows(desk),
    )


def _changed(desk: Desk, now: pa.Table, at: datetime) -> tuple[pa.Array, pa.Table]:
    """(ids of entries whose outcome is not what the ledger has, the rows that are to be written).

    What is known as of a later moment stays: looking back forgets nothing.
    """
    known = credit.outcomes(desk.ledger)
    changed = desk.arrow(
        f"""select n.* from now n left join known k using (enrolment_id)
            where k.enrolment_id is null or (k.updated_at <= timestamptz {text(at.isoformat())}
              and (k.orders, k.revenue, k.first_at) <> (n.orders, n.revenue, n.first_at))""",
        now=now,
        known=known,
    )
    stale = desk.arrow(
        f"""select enrolment_id from known anti join now using (enrolment_id)
            where updated_at <= timestamptz {text(at.isoformat())}
            union all select enrolment_id from known semi join changed using (enrolment_id)""",
        known=known,
        now=now,
        changed=changed,
    )
    return stale["enrolment_id"].combine_chunks(), changed
