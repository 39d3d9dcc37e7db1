"""What becomes of friends in the ledger: pending, refused, paid once, taken back; and the rewards that go with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns import code_files
from regulars.campaigns.desk import Desk
from regulars.campaigns.friends.judging import Judged
from regulars.campaigns.friends.terms import Terms, terms, worth
from regulars.ledger import codes, ids, referrals
from regulars.people.engine import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

GONE = "gone"
"""State of a row that is deleted: nothing was ever given for it."""


@dataclass(frozen=True)
class Settled:
    """What is new since the last time."""

    recorded: int = 0
    """Friends who count, the first time they are seen."""
    paid: int = 0
    taken_back: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    """Reason → friends."""


def settle(desk: Desk, connection: Connection, judged: Judged, at: datetime) -> Settled:
    """Bring the ledger's referrals to what `judged` says, in the caller's transaction; one run at a time.

    A friend is paid for once, however often this runs and however many do it at once. What is known as of a later
    moment stays.
    """
    referrals.alone(connection)
    recorded, programme = referrals.read(connection), terms(desk.project)
    after = _after(desk, recorded, judged, at)
    due = _due(desk, after, recorded, programme, at)
    rewarded = due.filter(pc.not_equal(due["fresh_code"], ""))
    ended = _ended(desk, after)
    referrals.end_rewards(connection, ended["reward_code"].to_pylist(), at)
    referrals.replace(connection, after["friend_id"].to_pylist(), _written(desk, after, due, programme, at))
    if rewarded.num_rows:
        referrals.give(connection, _codes(desk, rewarded, programme, at))
    touched = pa.concat_arrays([part["id"].combine_chunks() for part in (rewarded, ended)])
    if len(touched):
        code_files.lay(desk, connection, f"{programme.campaign or 'referral'}-rewards", touched)
    return _counted(after, due)


def _after(desk: Desk, recorded: pa.Table, judged: Judged, at: datetime) -> pa.Table:
    """The rows that change, as they will be but for payment: columns of `referral`, was, payable, and `state`."""
    changed = desk.arrow(
        f"""with met as (
              select j.*, r.* exclude (friend_id, advocate_id, code, order_id, amount, "at", reason),
                     r.reason as old_reason, r.friend_id as old_friend, r.order_id as old_order, s.at as spent_now,
                     s.amount as spent_now_amount, coalesce(r.friend_id, j.friend_id) as whose,
                     struct_pack(advocate_id := r.advocate_id, code := r.code, order_id := r.order_id,
                                 amount := r.amount, "at" := r.at) as old,
                     r.order_id in (select order_id from looked_at) as fallen
              from recorded r full join judged j using (friend_id) left join spent s on s.code = r.reward_code
              where r.friend_id is null or (not r.forgotten and r.changed_at <= {_moment(at)})
            ), stated as (
              select *, case
                  when reason <> '' then 'refused'
                  when order_id = old_order and state = 'paid' then 'paid'
                  when reason = '' then 'pending'
                  when not coalesce(fallen, false) then state
                  when paid_at is not null then 'taken_back'
                  else {text(GONE)} end as becomes
              from met
            )
            select whose as friend_id, coalesce(advocate_id, old.advocate_id) as advocate_id,
                   coalesce(code, old.code) as code, coalesce(order_id, old.order_id) as order_id,
                   coalesce(amount, old.amount) as amount, coalesce("at", old."at") as "at",
                   coalesce(recorded_at, {_moment(at)}) as recorded_at, coalesce(id, '') as id, becomes as state,
                   case becomes when 'refused' then coalesce(reason, old_reason) else '' end as reason,
                   case when becomes is distinct from state or order_id <> old_order
                          or coalesce(reason, old_reason) is distinct from old_reason
                        then {_moment(at)} else changed_at end as changed_at,
                   paid_at, case when becomes = 'pending' then null when state = 'paid' and becomes <> 'paid'
                                 then {_moment(at)} else ended_at end as ended_at,
                   campaign, place, currency, friend_kind, friend_value, reward_code, reward_kind, reward_value,
                   reward_gift, reward_until, coalesce(spent_at, spent_now) as spent_at,
                   case when spent_at is null then coalesce(spent_now_amount, 0) else spent_amount end as spent_amount,
                   coalesce(state, '') as was, order_id is not null as payable
            from stated
            where becomes is distinct from state or coalesce(reason, old_reason) is distinct from old_reason
              or order_id <> old_order or (spent_at is null and spent_now is not null)
              or (becomes = 'pending' and order_id is not null)
            order by friend_id""",
        recorded=recorded,
        judged=judged.friends,
        spent=judged.spent,
        looked_at=judged.looked_at,
    )
    # An id of its own for whoever is new.
    place = changed.schema.get_field_index("id")
    named = pc.if_else(pc.equal(changed["id"], ""), ids.draw(changed.num_rows), changed["id"])
    return changed.set_column(place, "id", named)


def _due(desk: Desk, after: pa.Table, recorded: pa.Table, programme: Terms, at: datetime) -> pa.Table:
    """Those who are paid for now: friend_id, id, advocate_id, nth, kind, value, gift, until, fresh_code (may be empty).

    The place of a friend among those of their advocate counts the ones that are paid and not taken back.
    """
    latest = at - programme.after
    due = desk.arrow(
        f"""with payable as (
              select * from after where state = 'pending' and payable and "at" <= {_moment(latest)}
            ), known as (
              select advocate_id, count(*) as n from recorded
              where state = 'paid' and friend_id not in (select friend_id from after where state <> 'paid')
              group by advocate_id
            ), placed as (
              select p.*, coalesce(k.n, 0) + row_number() over (partition by p.advocate_id order by p.at, p.order_id)
                     as nth
              from payable p left join known k using (advocate_id)
            )
            select p.friend_id, p.id, p.advocate_id, p.nth, coalesce(t.kind, '') as kind, coalesce(t.value, 0) as value,
                   coalesce(t.gift, '') as gift, {_until(desk, at)} as until,
                   p.spent_at is null and t.kind is not null as gives
            from placed p asof left join tiers t on p.nth >= t.place order by p.friend_id""",
        after=after,
        recorded=recorded,
        tiers=programme.tiers,
    )
    gives = due["gives"].combine_chunks()
    drawn = pa.array(codes.draw(pc.sum(gives).as_py() or 0), pa.string())
    nothing = pa.repeat(pa.scalar(""), due.num_rows)
    return due.append_column("fresh_code", pc.replace_with_mask(nothing, gives, drawn))


def _written(desk: Desk, after: pa.Table, due: pa.Table, programme: Terms, at: datetime) -> pa.Table:
    """The rows as they are written: those that are due as paid, with what both sides got."""
    friend = programme.friend
    kind, value = (text(friend.kind), worth(friend)) if friend else ("''", 0)
    now, currency = _moment(at), text(str(desk.rules.shop.currency))
    return desk.arrow(
        f"""select a.* exclude (was, payable) replace (
                     case when d.friend_id is null then a.state else 'paid' end as state,
                     case when d.friend_id is null then a.changed_at else {now} end as changed_at,
                     case when d.friend_id is null then a.paid_at else {now} end as paid_at,
                     coalesce(case when d.friend_id is null then a.campaign else {text(programme.campaign)} end, '')
                       as campaign,
                     coalesce(case when d.friend_id is null then a.place else d.nth end, 0) as place,
                     coalesce(case when d.friend_id is null then a.currency else {currency} end, '') as currency,
                     coalesce(case when d.friend_id is null then a.friend_kind else {kind} end, '') as friend_kind,
                     coalesce(case when d.friend_id is null then a.friend_value else {value} end, 0) as friend_value,
                     coalesce(case when d.gives then d.fresh_code else a.reward_code end, '') as reward_code,
                     coalesce(case when d.gives then d.kind else a.reward_kind end, '') as reward_kind,
                     coalesce(case when d.gives then d.value else a.reward_value end, 0) as reward_value,
                     coalesce(case when d.gives then d.gift else a.reward_gift end, '') as reward_gift,
                     case when d.gives then d.until else a.reward_until end as reward_until)
            from after a left join due d using (friend_id) where a.state <> {text(GONE)} order by a.friend_id""",
        after=after,
        due=due,
    )


def _ended(desk: Desk, after: pa.Table) -> pa.Table:
    """Rewards that are taken back, and were not spent: id, reward_code."""
    return desk.arrow(
        """select id, reward_code from after
           where was = 'paid' and state <> 'paid' and reward_code <> '' and spent_at is null""",
        after=after,
    )


def _codes(desk: Desk, rewarded: pa.Table, programme: Terms, at: datetime) -> pa.Table:
    """The rewards as codes (columns of `code`), each under the id of its referral."""
    return desk.arrow(
        f"""select fresh_code as code, id as enrolment_id, {text(referrals.ADVOCATE)} as message_name,
                   {text(programme.campaign)} as campaign, advocate_id as customer_id, kind, value, gift,
                   {text(str(desk.rules.shop.currency))} as currency, {_moment(at)} as issued_at, until as valid_until
            from rewarded""",
        rewarded=rewarded,
    )


def _counted(after: pa.Table, due: pa.Table) -> Settled:
    rows = after.select(["state", "was", "reason"]).to_pylist()
    return Settled(
        recorded=sum(row["was"] == "" and row["state"] == "pending" for row in rows),
        paid=due.num_rows,
        taken_back=sum(row["was"] == "paid" and row["state"] == "taken_back" for row in rows),
        refused=dict(Counter(row["reason"] for row in rows if row["state"] == "refused" != row["was"])),
    )


def _moment(at: datetime) -> str:
    return f"timestamptz {text(at.isoformat())}"


def _until(desk: Desk, at: datetime) -> str:
    """24:00 of the last day of a reward given at `at`, by the shop's clock."""
    day = text(desk.day(at).isoformat())
    return f"timezone({text(desk.zone)}, cast(date {day} + cast(t.days + 1 as integer) as timestamp))"
