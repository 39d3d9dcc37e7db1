"""Plan before effect: who would get what, who is withheld and why, what it costs, and how it reads. Nothing happens.

Campaigns are planned one after the other, as they would run: what an earlier one sends counts against the caps of a
later one. So the figures are those of runs in this order.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns import calendar, pool_codes, running, stopping, told_ways
from regulars.campaigns.budgets import told
from regulars.campaigns.budgets.told import Left
from regulars.campaigns.desk import Desk
from regulars.campaigns.letters import BLANK, OWN_CODE, Letters
from regulars.campaigns.planning import onward, uncertain, withheld, wordings
from regulars.campaigns.planning.comparison import Compared, Comparison
from regulars.campaigns.planning.costs import Cost, Promised, cost, promised
from regulars.campaigns.planning.editions import Earlier, Editions
from regulars.campaigns.planning.limits import Limit, limits
from regulars.campaigns.planning.onward import Ahead, Later
from regulars.campaigns.planning.samples import Sample, samples
from regulars.campaigns.planning.uncertain import Undecided, Unknown
from regulars.campaigns.planning.withheld import Again
from regulars.campaigns.planning.wordings import Testing
from regulars.campaigns.select import Selector, counted_as, summary
from regulars.lang.expressions import ROW
from regulars.ledger import facts, usual
from regulars.people.snapshot import Snapshot

PLANNED = "regulars_planned"
"""DuckDB: the decisions about the campaign that is being planned."""
WEEKS = 8
"""How far back one looks for what a usual day of this name sends."""


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
    counted: str
    """What is counted: `people`, or `rows` where each row of a table is an entry of its own."""
    compared: Comparison
    """Against its last run, or a git revision: who came and who left, and why."""
    unknown: Unknown | None
    """Who is not in the audience because something about them is not known."""
    send: dict[str, int]
    """By channel: what a run would send. Nothing where `stopped` says why."""
    would_send: dict[str, int]
    """What it would send if nothing stopped it; `languages`, `cost`, `liability` and `samples` are of these."""
    undecided: Undecided | None
    """Of those it would send to: for whom a step of the words, or `unless`, is unknown rather than false."""
    languages: dict[str, dict[str, int]]
    other_tongues: dict[str, int]
    """By language: how many get a message in it and speak another one."""
    withheld: dict[str, int]
    again: dict[str, Again]
    """By reason: when those people are asked again."""
    holdout: int
    held: int
    """Of those it would send: how many wait for the end of quiet hours."""
    waiting: int
    """Who enters before the first message is due."""
    variants: dict[str, int]
    """By variant of the first message: how many would get it now; empty where it has one wording alone."""
    test: Testing | None
    """What is tried on some before the others get the best of it."""
    inside: int
    """Entered earlier, and still on their way."""
    ahead: Ahead
    """What the edit since then does to them."""
    rewritten: int
    """Messages to those inside whose words were edited since they were last used."""
    later: list[Later]
    cost: Cost
    liability: Promised
    budgets: list[Left]
    """What is left of the budgets it counts against, and what this would give of it."""
    pools: dict[str, int]
    """The pools its messages take codes from, and how many codes each has left."""
    answers: list[str]
    """Who hears of the answers to its surveys, a sentence for each message that says so."""
    stopped: str
    limits: list[Limit]
    samples: list[Sample]


class Plan(TypedDict):
    """Everything a run would do now."""

    as_of: str
    fingerprint: str
    read_at: str
    """When the data was read (ISO, the shop's clock); empty: unknown."""
    newest_order: str
    customers: int
    people: int
    """Different people who would get something today: of campaigns that are due and that nothing stops."""
    usual: int | None
    """What such a day of the week usually sends: the median of the last weeks; None: nobody knows yet."""
    against: str
    """The git revision it is compared with; empty: with the last runs."""
    vanished: list[str]
    """Campaigns of that revision that are gone."""
    unforeseen: list[str]
    """What models are asked for and nobody has a number of, with the reason, in sentences."""
    campaigns: list[PlannedCampaign]


def plan(desk: Desk, campaigns: Sequence[str], at: datetime, against: str = "") -> Plan:
    """Walk the way of runs of `campaigns`, one after the other, up to the moment before something happens.

    Without names: all campaigns, those that are due first, in the order of `regulars run`. `against`: a git revision
    to compare the rules with, over the same data; without it each campaign is compared with its last run. Raises
    WrongUse for a revision git does not know.
    """
    editions = Editions(desk, at, against)
    names = list(campaigns) or in_order(desk, at)
    planning = _Planning(desk, at, against, {name: editions.of(name) for name in names}, *editions.lay())
    with desk.foresight.during():
        planned = [planning.campaign(name) for name in names]
    snapshot = desk.snapshot(at)
    return {
        "as_of": at.astimezone(ZoneInfo(desk.zone)).isoformat(),
        "fingerprint": desk.project.fingerprint,
        "read_at": snapshot.read_at.astimezone(ZoneInfo(desk.zone)).isoformat() if snapshot.read_at else "",
        "newest_order": snapshot.newest_order.isoformat() if snapshot.newest_order else "",
        "customers": snapshot.customers,
        "people": planning.people(),
        "usual": _usual(desk, at),
        "against": against,
        "vanished": editions.vanished,
        "unforeseen": desk.unforeseen(snapshot),
        "campaigns": planned,
    }


def in_order(desk: Desk, at: datetime) -> list[str]:
    """All campaigns: those that are due, in the order they run; then the others by name."""
    due = running.due(desk, at)
    return [*due, *(name for name in desk.project.campaigns if name not in due)]


@dataclass
class _Planning:
    """Plans campaigns in turn; remembers whom they reach."""

    desk: Desk
    at: datetime
    against: str
    earlier: dict[str, Earlier]
    snapshot: Snapshot
    both: str
    """The relation with the columns of today's rules and of those they are compared with."""
    reached: list[pa.ChunkedArray] = field(default_factory=list)
    """Customers who get something on this day."""

    def people(self) -> int:
        """How many different people are reached."""
        return len(pc.unique(pa.chunked_array([part for one in self.reached for part in one.chunks], pa.string())))

    def campaign(self, name: str) -> PlannedCampaign:
        """What a run of `name` would do, after those before it."""
        desk, at, campaign = self.desk, self.at, self.desk.campaign(name)
        counts, messages, codes = _foreseen(desk, name, at)
        stopped = _stopped(desk, name, at, counts)
        due = calendar.due(campaign, at, desk.zone)
        following = calendar.next_day(campaign.schedule, desk.day(at))
        standing = onward.inside(desk, name)
        planned: PlannedCampaign = {
            "campaign": name,
            "title": str(campaign.title),
            "status": campaign.status,
            "schedule": str(campaign.schedule),
            "due": due,
            "next": following.isoformat() if following else "",
            "audience": counts["audience"],
            "counted": counted_as(campaign),
            "compared": self._compared(name),
            "unknown": self._unknown(name),
            "send": {} if stopped else counts["send"],
            "would_send": counts["send"],
            "undecided": self._undecided(name, messages),
            "languages": counts["languages"],
            "other_tongues": withheld.other_tongues(desk, PLANNED, desk.snapshot(at)),
            "withheld": counts["withheld"],
            "again": withheld.again(desk, name, at, PLANNED, counts["withheld"]),
            "holdout": counts["holdout"],
            "held": counts["held"],
            "waiting": counts.get("later", 0),
            **wordings.planned(desk, name, at, PLANNED),
            "inside": standing["people"],
            "ahead": onward.ahead(self.earlier[name], desk, name),
            "rewritten": standing["rewritten"],
            "later": onward.later(desk, name, at, sum(counts["send"].values())),
            "cost": cost(desk, name, campaign.messages[0], messages),
            "liability": promised(desk, name, codes, at),
            "budgets": told.left(desk, name, at, codes),
            "pools": pool_codes.left(desk, name),
            "answers": told_ways.spoken(campaign, desk.settings),
            "stopped": stopped,
            "limits": limits(desk, name, at, counts),
            "samples": samples(desk, name, at, messages),
        }
        if not stopped:
            self._goes_out(name, messages, today=due)
            told.foreseen(desk, name, at, codes)
        return planned

    def _compared(self, name: str) -> Comparison:
        compared = Compared(self.desk, name, self.at, self.earlier[name], self.snapshot, self.both, PLANNED)
        return compared.told(self.against)

    def _unknown(self, name: str) -> Unknown | None:
        campaign, vocabulary = self.desk.campaign(name), self.desk.vocabulary
        audience = self.desk.condition(campaign.audience, campaign.row)
        if any(one.startswith(f"{ROW}.") for one in audience.names):
            return None
        segments = {one.name: one for one in vocabulary.derived}
        snapshot = self.desk.snapshot(self.at)
        return uncertain.unknown(self.desk.connection, snapshot.relation, snapshot.day, audience, segments)

    def _undecided(self, name: str, messages: pa.Table) -> Undecided | None:
        campaign = self.desk.campaign(name)
        first = campaign.messages[0]
        offer = campaign.offer_of(first)
        texts = [*first.template.conditions, *([offer.unless] if offer is not None and offer.unless else [])]
        conditions = [self.desk.condition(text, campaign.row) for text in texts]
        customers = messages.filter(pc.equal(messages["state"], "planned"))["customer_id"]
        return uncertain.undecided(self.desk.connection, self.desk.snapshot(self.at), customers, conditions)

    def _goes_out(self, name: str, messages: pa.Table, *, today: bool) -> None:
        leaving = messages.filter(pc.equal(messages["state"], "planned"))
        if today:
            self.reached.append(leaving["customer_id"])
        self.desk.foresight.add(name, _sent_days(self.desk, leaving))


def _foreseen(desk: Desk, name: str, at: datetime) -> tuple[dict[str, Any], pa.Table, pa.Table]:
    """What a run would count, and the messages and codes it would write."""
    snapshot = desk.snapshot(at)
    table = Selector(desk, name, at).run(snapshot, PLANNED)
    counts = summary(desk, table)
    letters = Letters(desk, name, desk.campaign(name).messages[0])
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


def _usual(desk: Desk, at: datetime) -> int | None:
    """What the same days of the weeks before sent: the median of those on which something ran."""
    today = desk.day(at)
    same = {today - timedelta(weeks=week) for week in range(1, WEEKS + 1)}
    sent: dict[Any, int] = {}
    for moment, messages in usual.sent_by_runs(desk.ledger, at - timedelta(weeks=WEEKS, days=1), at):
        if (day := desk.day(moment)) in same:
            sent[day] = sent.get(day, 0) + messages
    return round(statistics.median(sent.values())) if len(sent) > 1 else None
