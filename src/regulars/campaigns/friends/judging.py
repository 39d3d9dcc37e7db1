"""Whether a friend counts: their first order that carries a code, against everything that would make it none.

Looked for in this order, and one reason each: `oneself` (the same customer, address or household as who brought them),
`already_customer` (an order that counts before it, by them or by somebody with their address), `circle` (who brought
them was brought by them, over however many others), `too_many` (their advocate has brought too many too fast).

What only depends on orders is judged anew every time, so that it does not matter in which order they become known. Two
addresses are compared until the reward is paid, and who was found to be oneself stays so: an address can be changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from regulars.campaigns.crediting import bought
from regulars.campaigns.desk import Desk
from regulars.campaigns.friends.terms import terms
from regulars.campaigns.reach import country_of
from regulars.ledger import credit, referrals
from regulars.people.engine import text
from regulars.people.likeness import alike
from regulars.people.order_search import normal
from regulars.people.traits import Counting

EVER = datetime(1970, 1, 1, tzinfo=UTC)
ALIKE = pa.schema([("friend_id", pa.string()), ("other_id", pa.string()), ("household", pa.bool_())])
EDGE = 'friend_id, advocate_id, code, order_id, amount, "at"'


@dataclass(frozen=True)
class Judged:
    """What orders say of friends.

    `friends` has a row for each: friend_id, advocate_id, code, order_id, amount, at, reason (why refused; empty: they
    count). `spent` has the first order that carried each reward: code, at, amount.
    """

    friends: pa.Table
    spent: pa.Table
    looked_at: pa.Table
    """The ids of the orders of which everything is known (order_id), those that were cancelled among them."""

    def brought(self, desk: Desk, at: datetime) -> pa.Table:
        """Those who count: friend_id, advocate_id, code, order_id, amount, at, recorded_at."""
        moment = f"timestamptz {text(at.isoformat())}"
        return desk.arrow(
            f"select {EDGE}, {moment} as recorded_at from friends where reason = '' order by friend_id",
            friends=self.friends,
        )


def judge(
    desk: Desk, counting: Counting, placed: pa.Table, cancelled: Sequence[str], at: datetime, *, arriving: bool = False
) -> Judged:
    """Judge everybody among the orders `placed` that carries an advocate's code.

    `cancelled`: ids of recorded orders that do not count any more. `arriving`: these orders are those of a few days
    alone, and what was recorded before them stands.
    """
    recorded = referrals.recorded(desk.ledger)
    looked_at = pa.table({"order_id": pa.array(cancelled, pa.string())})
    if not arriving:
        looked_at = pa.concat_tables([looked_at, placed.select(["order_id"])])
    edges = _edges(desk, placed, looked_at, recorded, arriving=arriving)
    fresh = desk.arrow(f"select {EDGE} from edges where not stands", edges=edges)
    likeness = _alike(desk, counting, fresh, recorded)
    # Only somebody who had never ordered is a friend brought: all their orders are looked at, not the window's alone.
    whom = {*fresh["friend_id"].to_pylist(), *likeness["other_id"].to_pylist()}
    history = bought.placed(counting, desk.ledger, EVER, at, customers=sorted(whom))
    n, length = terms(desk.project).at_most
    friends = desk.arrow(
        _JUDGED.format(n=n, seconds=int(length.total_seconds()), which="true" if arriving else "not stands"),
        edges=edges,
        recorded=recorded,
        likeness=likeness,
        history=history,
    )
    return Judged(friends, _spent(desk, placed, recorded), looked_at)


def _edges(desk: Desk, placed: pa.Table, looked_at: pa.Table, recorded: pa.Table, *, arriving: bool) -> pa.Table:
    """Who was brought by whom, as orders say; and as it `stands` written down, where the shop does not say any more."""
    return desk.arrow(
        f"""with brought as (
              select o.customer_id as friend_id, r.customer_id as advocate_id, r.code, o.order_id, o.amount, o.at
              from placed o join own r
                on {normal("o.code")} = r.code and o.customer_id <> '' and o.at > r.created_at
              qualify row_number() over (partition by o.customer_id order by o.at, o.order_id) = 1
            ), fresh as (
              select * from brought {"anti join recorded using (friend_id)" if arriving else ""}
            )
            select {EDGE}, false as stands from fresh
            union all
            select {EDGE}, true from recorded
            where state in ('pending', 'paid') and order_id not in (select order_id from looked_at)
              and friend_id not in (select friend_id from fresh)""",
        placed=placed,
        looked_at=looked_at,
        own=credit.referral_codes(desk.ledger),
        recorded=recorded,
    )


def _alike(desk: Desk, counting: Counting, fresh: pa.Table, recorded: pa.Table) -> pa.Table:
    """Who is like whom (see `people.likeness`), of friends who are not paid for yet."""
    pairs = desk.arrow(
        """select friend_id, advocate_id from fresh
           anti join (select * from recorded where state = 'paid') using (friend_id, order_id)""",
        fresh=fresh,
        recorded=recorded,
    )
    if not pairs.num_rows:
        return ALIKE.empty_table()
    return alike(counting.source, pairs, desk.folder, country_of(desk))


def _spent(desk: Desk, placed: pa.Table, recorded: pa.Table) -> pa.Table:
    """The first order that carries each reward."""
    return desk.arrow(
        f"""select r.reward_code as code, o.at, o.amount
            from placed o join recorded r on r.reward_code <> '' and {normal("o.code")} = r.reward_code
            qualify row_number() over (partition by r.reward_code order by o.at, o.order_id) = 1""",
        placed=placed,
        recorded=recorded,
    )


_JUDGED = """
with recursive earlier as (
  select distinct e.friend_id from edges e join history h
    on h.customer_id = e.friend_id and (h.at, h.order_id) < (e.at, e.order_id)
), under_another_name as (
  select distinct e.friend_id from edges e
    join likeness a on a.friend_id = e.friend_id and not a.household and a.other_id <> e.advocate_id
    join history h on h.customer_id = a.other_id and (h.at, h.order_id) < (e.at, e.order_id)
), tested as (
  select e.*, case
      when stands then ''
      when friend_id = advocate_id then 'oneself'
      when (friend_id, order_id) in (select (friend_id, order_id) from recorded where reason = 'oneself') then 'oneself'
      when (friend_id, advocate_id) in (select (friend_id, other_id) from likeness) then 'oneself'
      when friend_id in (select friend_id from earlier) then 'already_customer'
      when friend_id in (select friend_id from under_another_name) then 'already_customer'
      else '' end as reason
  from edges e
), clean as (
  select * from tested where reason = ''
), linked as (
  -- Who brought nobody, or was brought by nobody, is in no circle.
  select friend_id, advocate_id from clean
  where friend_id in (select advocate_id from clean) and advocate_id in (select friend_id from clean)
), walk as (
  select friend_id as start, advocate_id as here from linked
  union
  select w.start, l.advocate_id from walk w join linked l on l.friend_id = w.here where w.here <> w.start
), circle as (
  select start as friend_id from walk where here = start
), counted as (
  select friend_id, row_number() over (partition by advocate_id order by "at", order_id)
      - count(*) over (partition by advocate_id order by "at"
                       range between unbounded preceding and to_seconds({seconds}) preceding) as n
  from clean anti join circle using (friend_id)
)
select t.friend_id, t.advocate_id, t.code, t.order_id, t.amount, t.at, case
    when t.reason <> '' then t.reason
    when t.friend_id in (select friend_id from circle) then 'circle'
    when c.n > {n} then 'too_many'
    else '' end as reason
from tested t left join counted c using (friend_id) where {which} order by t.friend_id"""
