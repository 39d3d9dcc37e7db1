"""Plan before effect: who would get what, who is withheld and why, what it costs, and how it reads. Nothing happens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NotRequired, TypedDict
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from regulars.campaigns.desk import Desk
from regulars.campaigns.letters import BLANK, OWN_CODE, Letters
from regulars.campaigns.rendering import outgoing
from regulars.campaigns.running import entrants
from regulars.campaigns.select import Selector, expected, summary
from regulars.errors import RegularsError
from regulars.ledger import entries
from regulars.people import orders
from regulars.people.traits import Counting

SAMPLES = 3
COUNTED_TEXTS = 20_000
"""Text messages that are rendered to count their segments; beyond, the rest is counted like these."""


class Sample(TypedDict):
    """One message as its reader would see it. `who` is the id and a first name with an initial."""

    who: str
    channel: str
    language: str
    reads: str


class Later(TypedDict):
    """A later message: at most this many people, not before that moment (ISO)."""

    message: str
    send: str
    at_most: int
    due: str


class PlannedCampaign(TypedDict):
    """One campaign of a plan. Counts are people; money is a decimal text in the shop's currency."""

    campaign: str
    title: str
    status: str
    schedule: str
    audience: int
    send: dict[str, int]
    languages: dict[str, dict[str, int]]
    withheld: dict[str, int]
    holdout: int
    held: int
    inside: int
    later: list[Later]
    cost: dict[str, Any]
    """`sms_segments`, `encodings` {GSM-7: n, UCS-2: n}, `rendered` (how many were counted)."""
    liability: dict[str, Any]
    """`codes`, `if_all_redeem`, `by_value` {"10 %": n}."""
    stopped: str
    samples: list[Sample]
    error: NotRequired[str]


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
    """Walk a run's way up to the moment before something happens."""
    snapshot = desk.snapshot(at)
    average = (
        orders.totals(Counting(desk.vocabulary, desk.day(at)), snapshot.customers).average_order
        if any(_percent(desk, one) for one in campaigns)
        else Decimal(0)
    )
    planned = [_campaign(desk, name, at, average) for name in campaigns]
    return {
        "as_of": at.astimezone(ZoneInfo(desk.zone)).isoformat(),
        "fingerprint": desk.project.fingerprint,
        "newest_order": snapshot.newest_order.isoformat() if snapshot.newest_order else "",
        "customers": snapshot.customers,
        "people": sum(sum(one["send"].values()) for one in planned),
        "campaigns": planned,
    }


def _percent(desk: Desk, campaign: str) -> bool:
    described = desk.campaign(campaign)
    return any(offer is not None and offer.kind == "percent" for offer in map(described.offer_of, described.messages))


def _campaign(desk: Desk, name: str, at: datetime, average: Decimal) -> PlannedCampaign:
    campaign = desk.campaign(name)
    snapshot = desk.snapshot(at)
    table = Selector(desk, name, at).run(snapshot, "regulars_planned")
    counts = summary(desk, table)
    letters = Letters(desk, name, campaign.messages[0])
    people = entrants(desk, name, at, table, snapshot)
    people = desk.arrow("select *, customer_id as enrolment_id from people where arm = 'treated'", people=people)
    if "referral" in letters.reads:
        people = people.append_column(OWN_CODE, pa.array([BLANK] * people.num_rows, pa.string()))
    messages, codes = letters.build(people, at)
    sent = sum(counts["send"].values())
    return {
        "campaign": name, "title": str(campaign.title), "status": campaign.status, "schedule": str(campaign.schedule), **counts,  # type: ignore[typeddict-item]  # summary() gives these keys
        "inside": entries.running(desk.ledger, name).num_rows, "later": _later(desk, name, at, sent), "cost": _cost(desk, name, messages),
        "liability": _liability(desk, codes, average), "stopped": _stopped(desk, name, counts), "samples": _samples(desk, name, messages),
    }  # fmt: skip


def _stopped(desk: Desk, name: str, counts: dict[str, Any]) -> str:
    campaign = desk.campaign(name)
    if campaign.status != "live":
        return f"it is {'a draft' if campaign.status == 'draft' else 'paused'}: nothing leaves"
    return expected(campaign, counts)


def _later(desk: Desk, name: str, at: datetime, sent: int) -> list[Later]:
    due = at.astimezone(ZoneInfo(desk.zone))
    later: list[Later] = []
    for message in desk.campaign(name).messages[1:]:
        due += message.after.delta if message.after else due - due
        later.append({"message": str(message.name), "send": str(message.send), "at_most": sent, "due": due.isoformat()})
    return later


def _cost(desk: Desk, name: str, messages: pa.Table) -> dict[str, Any]:
    """Segments of text messages, counted on the rendered text."""
    from regulars.words.sms import segments

    texts = messages.filter(pc.equal(messages["channel"], "sms")) if messages.num_rows else messages
    if texts.num_rows == 0:
        return {"sms_segments": 0, "encodings": {}, "rendered": 0}
    message = desk.campaign(name).messages[0]
    total, encodings, rendered = 0, dict[str, int](), 0
    for row in texts.slice(0, COUNTED_TEXTS).to_pylist():
        try:
            counted = segments(
                outgoing(
                    desk,
                    message,
                    message_id=row["id"],
                    channel="sms",
                    to="",
                    language=row["language"],
                    context=row["context"],
                ).text
            )
        except RegularsError:
            continue
        total, rendered = total + counted.segments, rendered + 1
        encodings[counted.encoding] = encodings.get(counted.encoding, 0) + 1
    scale = texts.num_rows / rendered if rendered else 1
    return {"sms_segments": round(total * scale), "encodings": encodings, "rendered": rendered}


def _liability(desk: Desk, codes: pa.Table, average: Decimal) -> dict[str, Any]:
    """What the codes would cost if everybody used theirs: amounts as they are, percentages of an average order."""
    if codes.num_rows == 0:
        return {"codes": 0, "if_all_redeem": "0.00", "by_value": {}}
    values = (
        desk.connection.from_arrow(codes)
        .query("codes", "select kind, value, count(*) from codes group by 1, 2 order by 1, 2")
        .fetchall()
    )
    cost = sum(
        (number * (value if kind == "amount" else average * value / 100) for kind, value, number in values), Decimal(0)
    )
    currency = str(desk.rules.shop.currency)
    by_value = {
        f"{value.normalize():f} {'%' if kind == 'percent' else currency}": number for kind, value, number in values
    }
    return {"codes": codes.num_rows, "if_all_redeem": f"{cost:.2f}", "by_value": by_value}


def _samples(desk: Desk, name: str, messages: pa.Table) -> list[Sample]:
    """One message in each language, rendered."""
    message = desk.campaign(name).messages[0]
    chosen = desk.arrow(
        "select distinct on (language) * from messages where state = 'planned' order by language, customer_id",
        messages=messages,
    ).to_pylist()
    samples: list[Sample] = []
    for row in chosen[:SAMPLES]:
        try:
            sent = outgoing(
                desk,
                message,
                message_id=row["id"],
                channel=row["channel"],
                to="",
                language=row["language"],
                context=row["context"],
            )
        except RegularsError as error:
            reads = f"(cannot be written: {error.sentence})"
        else:
            reads = sent.subject or sent.text
        first_name = (json.loads(row["context"]).get("customer") or {}).get("first_name") or ""
        samples.append(
            {
                "who": f"#{row['customer_id']} {first_name}".strip(),
                "channel": row["channel"],
                "language": row["language"],
                "reads": reads,
            }
        )
    return samples
