"""Why somebody gets a message, or does not: each condition with the value it saw, then each guard.

Everything is asked of the engine that decides, over the customer's own row: there is no second evaluator that could
differ. Of a past day the decision log, the ledger and the kept snapshots tell what was decided then.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from regulars import clock
from regulars.campaigns import decided
from regulars.campaigns.desk import Desk
from regulars.campaigns.whom import Somebody, find
from regulars.campaigns.why.answers import Answer, Explanation
from regulars.campaigns.why.past import Past
from regulars.campaigns.why.person_desk import PersonDesk
from regulars.errors import WrongUse
from regulars.ledger import contacts, forgotten

REMEMBERED = timedelta(days=90)


class Why(TypedDict):
    """Everything about one customer. No addresses."""

    customer: str
    name: str
    also: list[str]
    """Ids of other customers with the same address."""
    as_of: str
    read_at: str
    """When the data was read that the answers of today's day rest on; empty where each answer says its own."""
    campaigns: list[Explanation]
    log: list[dict[str, str]]
    """What runs decided on that day, by the decision log."""
    sent: list[dict[str, str]]
    """What reached them in the last 90 days, from any campaign."""


def why(desk: Desk, who: str, campaigns: Sequence[str], at: datetime) -> Why:
    """Explain `campaigns` (none: all) for one customer, as of `at`.

    A day before today is told by what was decided then, as far as that is kept. Raises WrongUse for a customer nobody
    knows, or nobody knew then.
    """
    person, *others = find(desk, who)
    names = list(campaigns or desk.project.campaigns)
    if desk.day(at) < desk.day(clock.now()):
        explained, read_at = Past(desk, person, at).explained(names), None
    else:
        explained, read_at = _of_today(desk, person, names, at)
    return {
        "customer": person.customer,
        "name": person.name,
        "also": [other.customer for other in others],
        "as_of": at.astimezone(ZoneInfo(desk.zone)).isoformat(),
        "read_at": read_at.astimezone(ZoneInfo(desk.zone)).isoformat() if read_at else "",
        "campaigns": explained,
        "log": _log(desk, person.customer, at),
        "sent": _sent(desk, person.customer, at),
    }


def _of_today(
    desk: Desk, person: Somebody, names: Sequence[str], at: datetime
) -> tuple[list[Explanation], datetime | None]:
    """What a run would decide now, and when the data was read that says so."""
    with closing(PersonDesk.of(desk, person)) as alone:
        alone.lay(desk, at, names)
        if not alone.is_customer:
            if since := forgotten.is_forgotten(desk.ledger, person.customer):
                raise WrongUse(
                    f"The customer {person.customer} asked to be forgotten on {desk.day(since)}.",
                    "What the shop's own data still says of them is read again on another day.",
                )
            raise WrongUse(
                f"The customer {person.customer} is not one yet on {desk.day(at)}.", "Ask about a later day by --as-of."
            )
        logs = decided.about(desk, person.customer, decided.runs(desk, desk.day(at)))
        answers = [Answer(alone, name, at, [row for row in logs if row["campaign"] == name]) for name in names]
        return [one for answer in answers for one in answer.explanations()], alone.read_at


def _log(desk: Desk, customer: str, at: datetime) -> list[dict[str, str]]:
    """What the runs of that day decided about the customer."""
    told = ("campaign", "decision", "arm", "channel", "language", "at")
    zone = ZoneInfo(desk.zone)

    def spoken(value: Any) -> str:
        return value.astimezone(zone).isoformat() if isinstance(value, datetime) else str(value or "")

    rows = decided.about(desk, customer, decided.runs(desk, desk.day(at)))
    return [{key: spoken(row.get(key)) for key in told} for row in rows]


def _sent(desk: Desk, customer: str, at: datetime) -> list[dict[str, str]]:
    rows = contacts.sent_to(desk.ledger, [customer], desk.day(at) - REMEMBERED).to_pylist()
    named = {"local_day": "day", "campaign": "campaign", "name": "name", "channel": "channel", "state": "state"}
    return [{ours: str(row[column]) for column, ours in named.items()} for row in rows if row["sent_at"] <= at]
