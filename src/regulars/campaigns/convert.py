"""Conversions: orders are matched to the messages that earned them, each order once.

What touched an order, and which touch gets the credit, is `crediting.touches`. Everything is worked out from what is
known now and compared with what the ledger has; only differences are written. So it does not matter in which order
orders, deliveries, clicks and refunds come, and any time can be looked at again. An entry is judged by the window its
run had, whatever is edited later. What everybody of any arm did in the window, credited or not: `crediting.outcomes`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import pyarrow as pa

from regulars.campaigns import redeeming
from regulars.campaigns.crediting import books, bought, outcomes, touches
from regulars.campaigns.crediting.books import ENTERED, GIVEN, LOOKED_FOR, MINE
from regulars.campaigns.crediting.moments import bare, literal
from regulars.campaigns.desk import Desk
from regulars.campaigns.friends.judging import judge
from regulars.campaigns.friends.settling import Settled, settle
from regulars.ledger import credit, forgotten
from regulars.ledger import touches as kept
from regulars.people.engine import text
from regulars.people.order_search import normal
from regulars.people.traits import Counting


@dataclass(frozen=True)
class Converted:
    """What is new since the last time."""

    orders: int = 0
    by_evidence: dict[str, int] = field(default_factory=dict)
    """`code`, `referral`, `click`, `window` → orders."""
    referrals: int = 0
    """Friends who came with a code and count."""
    friends: Settled = field(default_factory=Settled, compare=False)
    """What became of friends: paid, refused and why, taken back."""
    revenue: Decimal = Decimal(0)
    withdrawn: int = 0
    """Credits taken back: their orders were cancelled since, have gone, or were no friend's first."""
    by_strangers: int = 0
    """Orders, new or not, with a shared code that their customer was never given, or only later: nobody's credit."""
    moved: int = 0
    """Credits that went to another message, of which something came to be known since."""


def convert(desk: Desk, at: datetime, since: datetime | None = None) -> Converted:
    """Match the orders after `since` (all, without it) and up to `at`. Running it again credits nothing twice."""
    first = credit.first_entry(desk.ledger)
    if first is None:
        return Converted()
    books.lay(desk)
    begin = max(first, since) if since else first
    counting = Counting(desk.vocabulary, desk.day(at))
    gone = bought.Gone.of(counting, desk.ledger)
    # What entries did that were inside already when the time begins.
    wide = begin if begin == first else max(first, begin - books.longest(desk))
    every = _searched(desk, counting, wide, at)
    seen = _remembered(desk, every)
    placed = desk.arrow(f'from every where "at" > timestamptz {text(begin.isoformat())}', every=seen).cast(seen.schema)
    held_back = desk.arrow("select order_id from every anti join seen using (order_id)", every=every, seen=seen)
    judged = judge(desk, counting, seen, _fallen(desk, seen, held_back, (wide, at), gone), at)
    referred = judged.brought(desk, at)
    touched = touches.found(desk, placed, referred, at)
    changes = touches.changes(desk, touched, placed, begin, at, untouchable=held_back, gone=gone)
    done = outcomes.changed(desk, outcomes.found(desk, seen, referred, at), at, since=wide, gone=gone)
    redeeming.redeem(desk, placed, begin, at)
    with desk.ledger.writing() as connection:
        settled = settle(desk, connection, judged, at)
    kept.replace(desk.ledger, changes.orders, changes.touches, changes.conversions)
    credit.replace_outcomes(desk.ledger, *done)
    evidence = dict(Counter(changes.fresh["evidence"].to_pylist()))
    revenue = sum(changes.fresh["amount"].to_pylist(), Decimal(0))
    strangers = _by_strangers(desk, placed)
    return Converted(
        changes.fresh.num_rows, evidence, settled.recorded, settled, revenue, changes.withdrawn, strangers,
        changes.moved,
    )  # fmt: skip


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
    books.lay(desk, sorted(whose))
    touched = touches.found(desk, placed, referred, at)
    with desk.ledger.writing() as connection:
        settle(desk, connection, judged, at)
        kept.add(connection, touched, touches.last(desk, touched))


def _searched(desk: Desk, counting: Counting, since: datetime, at: datetime) -> pa.Table:
    """The orders that may matter: in the window of an entry, or with a code that means something."""
    spans, own = "regulars_spans", credit.referral_codes(desk.ledger)
    statements = {
        spans: f"""select customer_id, entered_at as since, ends_at as until from {ENTERED}
                   where "of" = 'order' and ends_at > {literal(since)} and entered_at < {literal(at)}""",
        LOOKED_FOR: f"select normal from {GIVEN} union select {normal('code')} from own",
    }
    desk.connection.register("own", own)
    try:
        for relation, statement in statements.items():
            desk.connection.execute(f"create or replace temp table {relation} as {statement}")
    finally:
        desk.connection.unregister("own")
    return bought.search(counting, desk.ledger, since, at, spans, LOOKED_FOR)


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


def _fallen(
    desk: Desk, seen: pa.Table, held_back: pa.Table, between: tuple[datetime, datetime], gone: bought.Gone
) -> Sequence[str]:
    """Orders of that time recorded as a friend's first that are not there any more."""
    since, until = map(literal, between)
    found = desk.arrow(
        f"""select r.order_id from recorded r anti join seen using (order_id) anti join held_back using (order_id)
            where r.at > {since} and r.at <= {until} and {gone.holds("r")} order by order_id""",
        recorded=bare(credit.recorded_referrals(desk.ledger)),
        taken_back=gone.taken_back,
        seen=seen,
        held_back=held_back,
    )
    return list(found["order_id"].to_pylist())


def _by_strangers(desk: Desk, placed: pa.Table) -> int:
    """Orders with a shared code from people whom no message had given it by then."""
    found = desk.arrow(
        f"""with carried as (
              select o.order_id, coalesce(bool_or(c.customer_id = o.customer_id and o.at >= m.sent_at), false) as given
              from (select *, {normal("code")} as normal from placed where code <> '') o
              join {GIVEN} c on c.shared and o.normal = c.normal
              left join {MINE} m on m.enrolment_id = c.enrolment_id and m.name = c.message_name
              group by o.order_id
            )
            select count(*) filter (where not given) as orders from carried""",
        placed=bare(placed),
    )
    return int(found["orders"][0].as_py())
