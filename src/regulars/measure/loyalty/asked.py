"""What people answered, month by month: the last answer of each person to each question in a month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

from regulars.campaigns.desk import Desk
from regulars.ledger import loyalty as kept
from regulars.ledger.cohorts import told
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
    """For each month how many unique codes were given out, and how many of these an order has used in time."""
    by_month: dict[str, tuple[int, int]] = {}
    for day, given, used in _given(desk, months, whose):
        before = by_month.get(day[:7], (0, 0))
        by_month[day[:7]] = before[0] + given, before[1] + used
    return [by_month.get(month.name, (0, 0)) for month in months]


def _given(desk: Desk, months: Sequence[Month], whose: str) -> list[tuple[str, int, int]]:
    """(day, given, used)."""
    if not whose:
        with desk.ledger.reading() as connection:
            codes = told.codes_of_now(connection, desk.zone)
        return told.given(codes, months[0].start, months[-1].end)
    edges = moments(months, desk.zone)
    found = kept.codes_given(desk.ledger, edges[0], edges[-1])
    by_day = desk.arrow(
        f"""select strftime(timezone({text(desk.zone)}, issued_at), '%Y-%m-%d') as day, count(*) as given,
                   count(*) filter (used) as used from found semi join {whose} using (customer_id) group by day""",
        found=found,
    )
    return [(row["day"], row["given"], row["used"]) for row in by_day.to_pylist()]


def moments(months: Sequence[Month], zone: str) -> list[datetime]:
    """Where the months begin, by the clock of `zone`, and where the last of them ends; aware."""
    days = [*(month.start for month in months), months[-1].end]
    return [datetime.combine(day, time(), ZoneInfo(zone)) for day in days]
