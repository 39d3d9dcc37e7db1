"""Plan before effect: who would get what, who is withheld and why, what it costs, and how it reads. Nothing happens.

Campaigns are planned one after the other, as they would run: what an earlier one sends counts against the caps of a
later one. So the figures are those of runs in this order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns import calendar, pool_codes, running, stopping
from regulars.campaigns.costs import Cost, Liability, cost, liability
from regulars.campaigns.desk import Desk
from regulars.campaigns.letters import BLANK, OWN_CODE, Letters
from regulars.campaigns.samples import Sample, samples
from regulars.campaigns.select import Selector, summary
from regulars.ledger import entries, facts

PLANNED = "regulars_planned"
"""DuckDB: the decisions of the campaign that is being planned."""


class Later(TypedDict):
    """A later message: at most this many people, not before that moment (ISO)."""

    message: str
    send: str
    at_most: int
    due: str
    unless: str
    """`ordered`, or the condition that takes people out; empty: nothing does."""


class PlannedCampaign(TypedDict):
    """One campaign of a plan. Counts are people; money is a decimal text in the shop's currency."""

    campaign: str
    title: str
    status: str
    schedule: str
    due: bool
    """Whether its schedule falls on this day."""
    next: str
    """The next day (ISO) on which it does; empty: none within a year."""
    audience: int
    send: dict[str, int]
    """By channel: what a run would send. Nothing where `stopped` says why."""
    would_send: dict[str, int]
    """What it would send if nothing stopped it; `languages`, `cost`, `liability` and `samples` are of these."""
    languages: dict[str, dict[str, int]]
    withheld: dict[str, int]
    holdout: int
    held: int
    """Of those it would send: how many wait for the end of quiet hours."""
    inside: int
    """Entered earlier, and still on their way."""
    later: list[Later]
    cost: Cost
    liability: Liability
    pools: dict[str, int]
    """The pools its messages take codes from, and how many codes each has left."""
    stopped: str
    samples: list[Sample]


class Plan(TypedDict):
    """Everything a run would do now."""

    as_of: str
    fingerprint: str
    newest_order: str
    customers: int
    people: int
    """Different people who would get something."""
    campaigns: list[PlannedCampaign]


def plan(desk: Desk, campaigns: Sequence[str], at: datetime) -> Plan:
    """Walk the way of runs of `campaigns`, one after the other, up to the moment before something happens.

    Without names: all campaigns, those that are due first, in the order of `regulars run`.
    """
    snapshot = desk.snapshot(at)
    reached: list[pa.ChunkedArray] = []
    with desk.foresight.during():
        planned = [_campaign(desk, name, at, reached) for name in campaigns or in_order(desk, at)]
    return {
        "as_of": at.astimezone(ZoneInfo(desk.zone)).isoformat(),
        "fingerprint": desk.project.fingerprint,
        "newest_order": snapshot.newest_order.isoformat() if snapshot.newest_order else "",
        "customers": snapshot.customers,
        "people": len(pc.unique(pa.chunked_array([part for one in reached for part in one.chunks], pa.string()))),
        "campaigns": planned,
    }


def in_order(desk: Desk, at: datetime) -> list[str]:
    """All campaigns: those that are due, in the order they run; then the others by name."""
    due = running.due(desk, at)
    return [*due, *(name for name in desk.project.campaigns if name not in due)]


def _campaign(desk: Desk, name: str, at: datetime, reached: list[pa.ChunkedArray]) -> PlannedCampaign:
    campaign, day = desk.campaign(name), desk.day(at)
    counts, messages, codes = _foreseen(desk, name, at)
    stopped = _stopped(desk, name, at, counts)
    would_send = counts["send"]
    if not stopped:
        leaving = messages.filter(pc.equal(messages["state"], "planned"))
        reached.append(leaving["customer_id"])
        desk.foresight.add(name, _sent_days(desk, leaving))
    following = calendar.next_day(campaign.schedule, day)
    return {
        "campaign": name,
        "title": str(campaign.title),
        "status": campaign.status,
        "schedule": str(campaign.schedule),
        "due": calendar.due_on(campaign.schedule, day),
        "next": following.isoformat() if following else "",
        "audience": counts["audience"],
        "send": {} if stopped else would_send,
        "would_send": would_send,
        "languages": counts["languages"],
        "withheld": counts["withheld"],
        "holdout": counts["holdout"],
        "held": counts["held"],
        "inside": entries.running(desk.ledger, name, former=desk.names_of(name)[1]).num_rows,
        "later": _later(desk, name, at, sum(would_send.values())),
        "cost": cost(desk, name, campaign.messages[0], messages),
        "liability": liability(desk, codes, at),
        "pools": pool_codes.left(desk, name),
        "stopped": stopped,
        "samples": samples(desk, name, at, messages),
    }


def _foreseen(desk: Desk, name: str, at: datetime) -> tuple[dict[str, Any], pa.Table, pa.Table]:
    """What a run would count, and the messages and codes it would write."""
    snapshot = desk.snapshot(at)
    table = Selector(desk, name, at).run(snapshot, PLANNED)
    counts = summary(desk, table)
    letters = Letters(desk, name, desk.campaign(name).messages[0], (desk.day(at),))
    people = running.entrants(desk, name, at, table, snapshot)
    people = desk.arrow("select *, customer_id as enrolment_id from people where arm = 'treated'", people=people)
    if "referral" in letters.reads:
        people = people.append_column(OWN_CODE, pa.array([BLANK] * people.num_rows, pa.string()))
    return counts, *letters.build(people, at)


def _sent_days(desk: Desk, messages: pa.Table) -> pa.Table:
    """The messages as the caps of later campaigns count them."""
    columns = "customer_id, channel, local_day, campaign"
    counted = desk.arrow(f"select {columns}, count(*) as n from messages group by all", messages=messages)
    return counted.cast(facts.SENT_DAYS)


def _stopped(desk: Desk, name: str, at: datetime, counts: dict[str, Any]) -> str:
    campaign = desk.campaign(name)
    if campaign.status != "live":
        return f"it is {'a draft' if campaign.status == 'draft' else 'paused'}: nothing leaves"
    return stopping.reason(desk, name, at, PLANNED, counts)


def _later(desk: Desk, name: str, at: datetime, sent: int) -> list[Later]:
    """Later messages; `after` counts days and hours by the shop's clock, through changes of daylight saving."""
    campaign = desk.campaign(name)
    due = at.astimezone(ZoneInfo(desk.zone))
    later: list[Later] = []
    for message in campaign.messages[1:]:
        due += message.after.length.delta if message.after else due - due
        later.append(
            {
                "message": str(message.name),
                "send": str(message.send),
                "at_most": sent,
                "due": due.isoformat(),
                "unless": str(campaign.exit or "").strip(),
            }
        )
    return later
