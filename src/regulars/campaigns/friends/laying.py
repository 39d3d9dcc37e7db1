"""The ledger's referrals as rows that a campaign can walk, laid in DuckDB beside the shop's own tables."""

from __future__ import annotations

from datetime import datetime

from regulars.campaigns.desk import Desk
from regulars.lang.ledger_rows import FRIENDS
from regulars.ledger import referrals
from regulars.people.engine import text
from regulars.people.source import LEDGER

_ROWS = """
    select id as referral_id, {owner} as customer_id, {at} as ordered_at, {state} = 'pending' as pending,
           {state} = 'paid' as paid, {state} = 'taken_back' as taken_back, {state} = 'refused' as refused, reason,
           case when {state} in ('paid', 'taken_back') then {paid_at} end as paid_at, cast(place as double) as friends,
           {kind} as kind, cast({value} as double) as value, {gift} as gift, {code} as code,
           {until} as valid_until
    from recorded
    where not forgotten and recorded_at <= {now}"""
_ADVOCATE = {
    "owner": "advocate_id",
    "kind": "reward_kind",
    "value": "reward_value",
    "gift": "reward_gift",
    "code": "reward_code",
}
_FRIEND = {
    "owner": "friend_id",
    "kind": "friend_kind",
    "value": "friend_value",
    "gift": "''",
    "code": "code",
    "until": "cast(null as date)",
}


def lay(desk: Desk, table: str, at: datetime) -> None:
    """Leave `table` (`referrals` or `friends`; see `lang.ledger_rows`) in DuckDB, as known at `at`."""
    now = f"timestamptz {text(at.isoformat())}"
    # What came after the moment that is asked about has not happened.
    state = (
        f"(case when paid_at > {now} then 'pending' when ended_at > {now} and state = 'taken_back' then 'paid' "
        "else state end)"
    )
    zone = text(desk.source.zone)
    last = f"cast(timezone({text(desk.zone)}, reward_until - interval 1 second) as date)"
    told = {"until": last} | (_FRIEND if table == FRIENDS else _ADVOCATE)
    sql = _ROWS.format(
        state=state,
        now=now,
        at=f'timezone({zone}, "at")',
        paid_at=f"timezone({zone}, paid_at)",
        **told,
    )
    found = desk.arrow(sql, recorded=referrals.recorded(desk.ledger))
    desk.keep(LEDGER + table, found)
