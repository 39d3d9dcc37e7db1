"""Those who do not get it: until when, and who of the others reads a language that is not theirs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TypedDict

from regulars.campaigns import calendar, frequency
from regulars.campaigns.budgets import told
from regulars.campaigns.budgets.fitting import BUDGET
from regulars.campaigns.desk import Desk
from regulars.people.engine import name as quoted
from regulars.people.snapshot import Snapshot

ASKED = 20_000
"""People who are looked at one by one; beyond, the rest is taken to be like them."""


class Again(TypedDict):
    """When people whom a cap or a campaign that goes first kept from it are asked again: ISO days."""

    first: str
    last: str


def again(desk: Desk, name: str, at: datetime, table: str, withheld: Mapping[str, int]) -> dict[str, Again]:
    """By reason, the days on which the campaign runs and has room for them; what never comes again is left out."""
    tomorrow = desk.day(at) + timedelta(days=1)
    found: dict[str, Again] = {}
    if "frequency" in withheld and (days := _free(desk, table)):
        runs = [_next_run(desk, name, max(day, tomorrow)) for day in days]
        if runs[0] and runs[1]:
            found["frequency"] = {"first": runs[0], "last": runs[1]}
    begins = told.again(desk, name, at, told.scarce(desk, name, at)) if BUDGET in withheld else None
    if begins is not None and (run := _next_run(desk, name, max(begins, tomorrow))):
        found[BUDGET] = {"first": run, "last": run}
    if "lost-priority" in withheld and (run := _next_run(desk, name, tomorrow)):
        found["lost-priority"] = {"first": run, "last": run}
    return found


def _next_run(desk: Desk, name: str, day: date) -> str:
    campaign = desk.campaign(name)
    following = calendar.next_day(campaign.schedule, day)
    over = following is None or (campaign.ends is not None and following > campaign.ends.on)
    return following.isoformat() if following and not over else ""


def _free(desk: Desk, table: str) -> tuple[date, date] | None:
    """The first and the last of the days on which the caps have room again, for people held back by them."""
    ahead = frequency.longest(frequency.caps(desk)) + 1
    row = desk.connection.execute(
        f"""with held as (
              select customer_id, channel, cast(local_day as date) as held_on from {table}
              where reason = 'frequency' and channel is not null limit {ASKED}
            ), c as (
              select customer_id, channel, held_on + cast(ahead as integer) as local_date
              from held, range(1, {ahead + 1}) days(ahead)
            ), asked as (
              select customer_id, local_date, {frequency.room(desk)} as room
              from c left join lateral (
                select {frequency.used(desk)} from regulars_days s where s.customer_id = c.customer_id
              ) u on true
            ), free as (
              select customer_id, min(local_date) filter (where room > 0) as day from asked group by 1
            )
            select min(day), max(day) from free"""
    ).fetchone()
    return (row[0], row[1]) if row and row[0] else None


def other_tongues(desk: Desk, table: str, snapshot: Snapshot) -> dict[str, int]:
    """By language: how many get a message in it and speak another one."""
    if "language" not in desk.rules.source.customer.mapped():
        return {}
    spoken = "lower(regexp_extract(trim(s.language), '^[A-Za-z]+'))"
    rows = desk.connection.execute(
        f"""select d.language, count(*) from {table} d
            join {snapshot.relation} s on s.{quoted(snapshot.id_column)} = d.customer_id
            where d.reason is null and coalesce(trim(s.language), '') <> '' and {spoken} <> lower(d.language)
            group by 1 order by 2 desc, 1"""
    ).fetchall()
    return {str(language): int(people) for language, people in rows}
