"""Why somebody gets a message, or does not: each condition with the value it saw, then each guard.

Everything is asked of the engine that decides, over the same snapshot: there is no second evaluator that could differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from regulars.campaigns.desk import Desk
from regulars.campaigns.guarded import Guards, judged
from regulars.campaigns.seen import Line, Person
from regulars.errors import WrongUse
from regulars.ledger import contacts
from regulars.people.engine import name as quoted
from regulars.people.engine import text

REMEMBERED = timedelta(days=90)
PHONE = re.compile(r"\+?[\d ().\-/]{7,}")
NATIONAL_DIGITS = 9
"""The end of a phone number, the same with and without its country's prefix."""


class Explanation(TypedDict):
    """Everything about one campaign and one customer."""

    campaign: str
    title: str
    decision: str
    """`sent` (would be, if it ran now), a reason, `not in the audience`, `not due`, or `draft`, `paused`."""
    would_get: str
    """What it would send: `email winback/first in ro, 15 %`; empty where nothing can reach them."""
    lines: list[Line]
    before: list[str]
    """What it sent them in the last 90 days."""


class Why(TypedDict):
    """Everything about one customer. No addresses."""

    customer: str
    name: str
    also: list[str]
    """Ids of other customers with the same address."""
    as_of: str
    campaigns: list[Explanation]
    log: list[dict[str, str]]
    """What runs decided on that day, by the decision log."""
    sent: list[dict[str, str]]
    """What reached them in the last 90 days, from any campaign."""


def find(desk: Desk, who: str, at: datetime) -> list[tuple[str, str]]:
    """(id, name) of the customers with this id, e-mail address or phone, the id first; raises WrongUse without any."""
    snapshot, has = desk.snapshot(at), desk.rules.source.customer.mapped()
    key = quoted(snapshot.id_column)
    names = " || ' ' || ".join(f"coalesce({part}, '')" for part in ("first_name", "last_name") if part in has) or "''"
    tests = [f"{key} = trim($1)"]
    if "email" in has:
        tests.append("lower(trim(email)) = lower(trim($1))")
    if "phone" in has and PHONE.fullmatch(who.strip()):
        ending = re.sub(r"\D", "", who)[-NATIONAL_DIGITS:]
        tests.append(f"ends_with(regexp_replace(phone, '\\D', '', 'g'), {text(ending)})")
    found = desk.connection.execute(
        f"""select {key}, trim({names}) from {snapshot.relation} where {" or ".join(tests)}
            order by {key} = trim($1) desc, {key} limit 10""",
        [who],
    ).fetchall()
    if not found:
        raise WrongUse(
            "There is no customer with this id or address.", f"Ids are those of the column `{snapshot.id_column}`."
        )
    return [(str(customer), str(called or "")) for customer, called in found if found[0][0] != who or customer == who]


def why(desk: Desk, who: str, campaigns: Sequence[str], at: datetime) -> Why:
    """Explain `campaigns` (none: all) for one customer, as of `at`. Raises WrongUse for a customer nobody knows."""
    (customer, called), *others = find(desk, who, at)
    sent = _sent(desk, customer, at)
    person = Person(desk, desk.snapshot(at), customer)
    return {
        "customer": customer,
        "name": called,
        "also": [other for other, _ in others],
        "as_of": at.astimezone(ZoneInfo(desk.zone)).isoformat(),
        "campaigns": [_campaign(desk, person, name, at, sent) for name in campaigns or list(desk.project.campaigns)],
        "log": _log(desk, customer, at),
        "sent": sent,
    }


def _campaign(desk: Desk, person: Person, name: str, at: datetime, sent: list[dict[str, str]]) -> Explanation:
    campaign = desk.campaign(name)
    audience = desk.condition(campaign.audience)
    live = campaign.status == "live"
    seen = judged(desk, person.customer, name, at, person.snapshot)
    guards = Guards(desk, person.customer, name, seen, _next_due(desk, person, name))
    status: Line = {"test": "status", "holds": live, "says": campaign.status, "saw": "" if live else "nothing leaves"}
    return {
        "campaign": name,
        "title": str(campaign.title),
        "decision": _decision(campaign.status, seen, inside=person.holds(audience)),
        "would_get": guards.would_get,
        "lines": [status, *person.lines(audience), *guards.lines()],
        "before": [
            f"{row['day']} `{row['name']}` by {row['channel']}: {row['state']}"
            for row in sent
            if row["campaign"] == name
        ],
    }


def _decision(status: str, seen: dict[str, Any], *, inside: bool) -> str:
    if status != "live":
        return status
    if not inside:
        return "not in the audience"
    return str(seen["reason"] or "sent") if seen["is_due"] else "not due"


def _next_due(desk: Desk, person: Person, name: str) -> str:
    """Of a yearly campaign: when it next is."""
    schedule = desk.campaign(name).schedule
    if schedule.kind != "yearly":
        return "its day is over"
    day = f"date {text(person.snapshot.day.isoformat())}"
    (following,) = desk.connection.execute(
        f"select next_anniversary(cast({quoted(schedule.column)} as date), {day} + 1) from regulars_person"
    ).fetchone() or (None,)
    return f"next on {following:%a %d %b %Y}" if following else f"{schedule.column} is unknown"


def _log(desk: Desk, customer: str, at: datetime) -> list[dict[str, str]]:
    """What the runs of that day decided about the customer."""
    files = sorted((desk.folder / "decisions").glob(f"{desk.day(at)}-*.parquet"))
    if not files:
        return []
    listed = ", ".join(text(str(file)) for file in files)
    rows = desk.arrow(
        f"""select campaign, decision, arm, channel, language, "at" from read_parquet([{listed}])
            where customer_id = {text(customer)} order by "at", campaign"""
    ).to_pylist()
    zone = ZoneInfo(desk.zone)
    return [
        {
            key: value.astimezone(zone).isoformat() if isinstance(value, datetime) else str(value or "")
            for key, value in row.items()
        }
        for row in rows
    ]


def _sent(desk: Desk, customer: str, at: datetime) -> list[dict[str, str]]:
    rows = contacts.sent_to(desk.ledger, [customer], desk.day(at) - REMEMBERED).to_pylist()
    named = {"local_day": "day", "campaign": "campaign", "name": "name", "channel": "channel", "state": "state"}
    return [{ours: str(row[column]) for column, ours in named.items()} for row in rows if row["sent_at"] <= at]
