"""What people answered, month by month: the last answer of each person to each question in a month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

from regulars.campaigns.desk import Desk
from regulars.ledger import loyalty as kept
from regulars.measure.loyalty.monthly import CLI, Answers, Asked
from regulars.people.engine import text
from regulars.people.months.calendar import Month

LAST = "regulars_last_answers"


def answers(desk: Desk, months: Sequence[Month], whose: str = "") -> list[Asked]:
    """For each month its answers; `whose`: a DuckDB relation with the `customer_id` of those asked about."""
    edges = moments(months, desk.zone)
    found = kept.answers(desk.ledger, edges[0], edges[-1])
    if not found.num_rows:
        return [Asked() for _ in months]
    among = f"semi join {whose} using (customer_id)" if whose else ""
    desk.arrow(
        f"""create or replace temp table {LAST} as
            select strftime(timezone({text(desk.zone)}, "at"), '%Y-%m') as month, customer_id, survey, question,
                   arg_max(score, "at") as score
            from found {among} group by all""",
        found=found,
    )
    scores: dict[str, dict[tuple[str, str], dict[int, int]]] = {}
    for month, survey, question, score, people in desk.connection.execute(
        f"select month, survey, question, score, count(*) from {LAST} group by all"
    ).fetchall():
        scores.setdefault(month, {}).setdefault((survey, question), {})[score] = people
    whole = {month: (people, total) for month, people, total in desk.connection.execute(_WHOLE).fetchall()}
    return [
        Asked({key: Answers(one) for key, one in scores.get(month.name, {}).items()}, *whole.get(month.name, (0, 0.0)))
        for month in months
    ]


_WHOLE = f"""
    select month, count(*), sum(mean) from
      (select month, avg(score) as mean from {LAST} where survey = 'cli' group by month, customer_id
       having count(distinct question) = {len(CLI)})
    group by month"""


def codes(desk: Desk, months: Sequence[Month], whose: str = "") -> list[tuple[int, int]]:
    """For each month how many unique codes were given out, and how many of these an order has brought back."""
    found = kept.codes_given(desk.ledger, moments(months, desk.zone), by_customer=bool(whose))
    among = f"semi join {whose} using (customer_id)" if whose else ""
    sums = desk.arrow(
        f"select part, sum(issued) as i, sum(redeemed) as r from found {among} group by part", found=found
    )
    by_part = {row["part"]: (int(row["i"]), int(row["r"])) for row in sums.to_pylist()}
    return [by_part.get(part, (0, 0)) for part in range(len(months))]


def moments(months: Sequence[Month], zone: str) -> list[datetime]:
    """Where the months begin, by the clock of `zone`, and where the last of them ends; aware."""
    days = [*(month.start for month in months), months[-1].end]
    return [datetime.combine(day, time(), ZoneInfo(zone)) for day in days]
