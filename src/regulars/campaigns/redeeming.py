"""Redemptions: orders that carried the code of a message, whoever gets the credit for them.

Each is told by where it stands:

- `used`: the first order with that code, in time, by somebody who may use it;
- `late`: the same after its last moment, or after a later offer of the same entry had replaced it;
- `again`: any further order with a code that is one person's;
- `not theirs`: by somebody else, where the offer says `redeem: holder`; with a shared code by somebody who was never
  given it;
- `too early`: before its message had gone out.

What a code took off follows from its terms: an amount as it is; of p per cent the order's amount × p / (100 − p), since
the amount is what was paid. Everything is worked out anew from the shop's orders each time, so that the same orders
give the same rows in whatever sequence they arrive.
"""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from regulars.campaigns.desk import Desk
from regulars.ledger import redemptions
from regulars.people.engine import text
from regulars.people.order_search import normal

STANDINGS = ("used", "late", "again", "not theirs", "too early")


def redeem(desk: Desk, placed: pa.Table, since: datetime, at: datetime) -> int:
    """Write down which codes the orders `placed` after `since` and up to `at` carried; how many rows changed.

    `placed` as `people.orders` gives it, all orders of that time that count. What is known of other times stays, and
    counts where it matters which order was the first.
    """
    codes = redemptions.terms(desk.ledger)
    if not codes.num_rows:
        return 0
    known = redemptions.known(desk.ledger)
    now = _redeemed(desk, _orders(desk, placed, known, since, at), codes)
    changed = desk.arrow("select * from now except select * from known", now=now, known=known)
    stale = desk.arrow(
        """select order_id from known anti join now using (order_id)
           union select order_id from known semi join changed using (order_id) order by order_id""",
        known=known,
        now=now,
        changed=changed,
    )["order_id"].to_pylist()
    if stale or changed.num_rows:
        with desk.ledger.writing() as connection:
            redemptions.replace(connection, stale, changed)
    return len({*stale, *changed["order_id"].to_pylist()})


def _orders(desk: Desk, placed: pa.Table, known: pa.Table, since: datetime, at: datetime) -> pa.Table:
    """Orders that carried some code: those `placed`, and those known of other times."""
    return desk.arrow(
        f"""select order_id, customer_id, "at", amount, {normal("code")} as code from placed
            where {normal("code")} <> ''
            union all
            select order_id, customer_id, "at", amount, {normal("code")} from known
            where ("at" <= timestamptz {text(since.isoformat())} or "at" > timestamptz {text(at.isoformat())})
              and order_id not in (select order_id from placed)""",
        placed=placed,
        known=known,
    )


def _redeemed(desk: Desk, orders: pa.Table, codes: pa.Table) -> pa.Table:
    """Columns of `redemption`, a row for each of `orders` whose code somebody was given.

    Of a shared code the customer's own latest one counts; where they have none, the campaign that gave it last.
    """
    taken_off = """case kind when 'amount' then value
                             when 'percent' then case when value < 100 then amount * value / (100 - value) else 0 end
                             else 0 end"""
    found = desk.arrow(
        f"""
        with met as (
          select o.*, c.* exclude (code, customer_id), c.code as written, c.customer_id = o.customer_id as own
          from orders o join codes c on {normal("c.code")} = o.code
          qualify row_number() over (partition by o.order_id order by own desc, coalesce(sent_at <= o."at", false) desc,
                                     issued_at desc, enrolment_id desc, message_name desc) = 1
        ), judged as (
          select *, case when not own and (shared or holder_only) then 'not theirs'
                         when sent_at is null or "at" < sent_at then 'too early'
                         when "at" > least(valid_until, coalesce(ended_at, valid_until)) then 'late'
                         else 'used' end as judgement from met
        ), placed_in_line as (
          select *, row_number() over (partition by written, judgement = 'not theirs', judgement = 'too early'
                                       order by "at", order_id) as place from judged
        )
        select order_id, written as code, campaign,
               case when shared and not own then '' else enrolment_id end as enrolment_id,
               case when shared and not own then '' else message_name end as message_name, customer_id,
               case when not shared and place > 1 and judgement in ('used', 'late') then 'again'
                    else judgement end as standing,
               amount, cast({taken_off} as decimal(14, 2)) as discount, "at"
        from placed_in_line order by order_id""",
        orders=orders,
        codes=codes,
    )
    return found.cast(redemptions.REDEMPTIONS)
