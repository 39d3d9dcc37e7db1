"""What a simulation came to: messages by day and person, what held others back, codes and what they may cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict

import pyarrow as pa

from regulars.campaigns.desk import Desk
from regulars.campaigns.planning.costs import liability
from regulars.campaigns.trying.answering import Answering
from regulars.campaigns.trying.rehearsal import Day
from regulars.ledger import accounts, trail

OFTEN = 3
"""Entries of one campaign from which somebody is named as entering it often."""
NAMED = 10


class SimulatedDay(TypedDict):
    """One day."""

    day: str
    messages: dict[str, int]
    """Campaign → messages that went out, by the customers' calendar."""
    entered: dict[str, int]
    withheld: dict[str, int]
    """Reason → people of an audience who were not sent its first message. The same people may be counted every day."""


class SimulatedCampaign(TypedDict):
    """One campaign over the whole stretch. Amounts in the shop's currency."""

    campaign: str
    title: str
    entered: int
    held_out: int
    messages: int
    by_message: dict[str, int]
    """Name and channel, `first by email` → messages."""
    people: int
    """Who got at least one."""
    codes: int
    if_all_redeem: str
    by_value: dict[str, int]
    """`10 %`, `25 RON`, `gift CEAI-TEI` → codes."""
    answers: dict[str, dict[str, int]]
    """Survey and question, `nps recommend` → score → answers, all of them invented."""
    orders: int
    """Orders of history credited to it, by the window alone: nobody had its codes."""
    revenue: str
    withheld: dict[str, int]
    held: int
    """First messages that waited for the end of quiet hours."""
    left_out: dict[str, int]
    """Reason → messages of people inside that were settled without being sent."""
    stopped: dict[str, int]
    """Why its limits stopped it → days."""
    often: dict[str, int]
    """Number of entries, from three on → people."""
    often_ids: list[str]


class Simulation(TypedDict):
    """`simulate --format json`."""

    shop: str
    currency: str
    first: str
    last: str
    customers: int
    messages: int
    people: int
    per_person: dict[str, int]
    """How many messages somebody got in all, `0` included → people."""
    per_person_and_day: dict[str, int]
    """How many messages somebody got on one day → how often that was."""
    per_person_and_7_days: dict[str, int]
    """The most that somebody got in any seven days → people."""
    most_in_7_days: int
    channels: dict[str, int]
    codes: int
    if_all_redeem: str
    answering: Answering
    """What was assumed of answers to surveys."""
    by_day: list[SimulatedDay]
    campaigns: list[SimulatedCampaign]


def summed(desk: Desk, lived: Sequence[Day], at: datetime, assumed: Answering) -> Simulation:
    """The figures of the days lived at `desk`, as of their end, `at`; `assumed` is how people answered."""
    sent, customers = trail.messages(desk.ledger), desk.snapshot(at).customers
    in_all = _counts(
        desk, "select n, count(*) from (select customer_id, count(*) as n from sent group by 1) group by 1", sent
    )
    in_day = "select n, count(*) from (select customer_id, local_day, count(*) as n from sent group by 1, 2) group by 1"
    in_week = _counts(desk, _MOST_IN_7_DAYS, sent)
    reached = sum(in_all.values())
    issued = liability(desk, trail.codes(desk.ledger), at)
    return {
        "shop": str(desk.rules.shop.name),
        "currency": str(desk.rules.shop.currency),
        "first": lived[0].day.isoformat(),
        "last": lived[-1].day.isoformat(),
        "customers": customers,
        "messages": sent.num_rows,
        "people": reached,
        "per_person": {"0": max(customers - reached, 0)} | in_all,
        "per_person_and_day": _counts(desk, in_day, sent),
        "per_person_and_7_days": in_week,
        "most_in_7_days": max(map(int, in_week), default=0),
        "channels": _counts(desk, "select channel, count(*) from sent group by 1", sent),
        "codes": issued["codes"],
        "if_all_redeem": issued["if_all_redeem"],
        "answering": assumed,
        "by_day": _days(desk, lived, sent),
        "campaigns": _campaigns(desk, lived, sent, at),
    }


def _counts(desk: Desk, query: str, sent: pa.Table) -> dict[str, int]:
    rows = desk.arrow(f"select * from ({query}) as counted(what, n) order by what", sent=sent).to_pylist()
    return {str(row["what"]): row["n"] for row in rows}


_MOST_IN_7_DAYS = """
    select n, count(*) from (
      select customer_id, max(n) as n from (
        select customer_id, count(*) over (partition by customer_id order by cast(local_day as date)
                                           range between interval 6 days preceding and current row) as n from sent)
      group by 1)
    group by 1"""


def _days(desk: Desk, lived: Sequence[Day], sent: pa.Table) -> list[SimulatedDay]:
    messages: dict[str, dict[str, int]] = {}
    rows = desk.arrow("select local_day, campaign, count(*) as n from sent group by all order by all", sent=sent)
    for row in rows.to_pylist():
        messages.setdefault(row["local_day"], {})[row["campaign"]] = row["n"]
    return [
        {
            "day": one.day.isoformat(),
            "messages": messages.get(one.day.isoformat(), {}),
            "entered": {run.campaign: run.enter for run in one.runs if run.enter},
            "withheld": dict(sum((Counter(run.withheld) for run in one.runs), Counter())),
        }
        for one in lived
    ]


def _campaigns(desk: Desk, lived: Sequence[Day], sent: pa.Table, at: datetime) -> list[SimulatedCampaign]:
    issued, entered = trail.codes(desk.ledger), trail.entries(desk.ledger)
    left_out, answers = trail.left_out(desk.ledger).to_pylist(), _answers(desk)
    with desk.ledger.reading() as connection:
        credited = accounts.credits_given(connection)
    told: list[SimulatedCampaign] = []
    for name, campaign in desk.project.campaigns.items():
        runs = [run for one in lived for run in one.runs if run.campaign == name]
        if not runs:
            continue
        of = _Of(desk, name)
        mine, codes = of(sent), liability(desk, of(issued), at)
        often = of.rows(
            f"""select customer_id, count(*) as n from mine where arm = 'treated' group by 1 having count(*) >= {OFTEN}
                order by n desc, customer_id""",
            of(entered),
        )
        arms = {row["arm"]: row["n"] for row in of.rows("select arm, count(*) as n from mine group by 1", of(entered))}
        by_message = "select name || ' by ' || channel as what, count(*) as n from mine group by 1 order by n desc"
        given = [one for one in credited if one.campaign == name]
        told.append(
            {
                "campaign": name,
                "title": str(campaign.title),
                "entered": sum(arms.values()),
                "held_out": sum(arms.values()) - arms.get("treated", 0),
                "messages": mine.num_rows,
                "by_message": {row["what"]: row["n"] for row in of.rows(by_message, mine)},
                "people": len(mine["customer_id"].unique()),
                "codes": codes["codes"],
                "if_all_redeem": codes["if_all_redeem"],
                "by_value": codes["by_value"],
                "answers": answers.get(name, {}),
                "orders": int(sum(one.orders for one in given)),
                "revenue": f"{sum(one.revenue for one in given):.2f}",
                "withheld": dict(sum((Counter(run.withheld) for run in runs), Counter()).most_common()),
                "held": sum(run.held for run in runs),
                "left_out": {one["reason"]: one["n"] for one in left_out if one["campaign"] == name},
                "stopped": dict(Counter(run.stopped for run in runs if run.stopped)),
                "often": dict(Counter(str(row["n"]) for row in often)),
                "often_ids": [row["customer_id"] for row in often[:NAMED]],
            }
        )
    return told


def _answers(desk: Desk) -> dict[str, dict[str, dict[str, int]]]:
    """Campaign → survey and question → score → answers."""
    told: dict[str, dict[str, dict[str, int]]] = {}
    for row in trail.answers(desk.ledger).to_pylist():
        asked = told.setdefault(row["campaign"], {}).setdefault(f"{row['survey']} {row['question']}", {})
        asked[str(row["score"])] = row["n"]
    return told


class _Of:
    """The rows of one campaign."""

    def __init__(self, desk: Desk, campaign: str) -> None:
        self._desk, self._campaign = desk, campaign

    def __call__(self, table: pa.Table) -> pa.Table:
        import pyarrow.compute as pc

        return table.filter(pc.equal(table["campaign"], self._campaign))

    def rows(self, query: str, table: pa.Table) -> list[dict[str, Any]]:
        """The rows of `query` over `table`, which it calls `mine`."""
        return list(self._desk.arrow(query, mine=table).to_pylist())
