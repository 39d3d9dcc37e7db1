"""The variants of a plan: who would get which, and how a test of them stands."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict
from zoneinfo import ZoneInfo

from regulars.campaigns.desk import Desk
from regulars.campaigns.variants import Wordings


class Testing(TypedDict):
    """A test of the first message."""

    among: str
    """On whom: the condition, or the share."""
    until: str
    """When the others get the best (ISO, the shop's clock), as of a run now; empty where they get it already."""
    winner: str
    """What everybody gets since it is over; empty while it runs, or where none was known to be better."""
    sentence: str
    """What was said of it when it was settled."""


class Planned(TypedDict):
    """What a plan says of variants."""

    variants: dict[str, int]
    test: Testing | None


def planned(desk: Desk, campaign: str, at: datetime, table: str) -> Planned:
    """Of the first message, by the decisions in `table`."""
    message = desk.campaign(campaign).messages[0]
    if not message.variants:
        return {"variants": {}, "test": None}
    counted = desk.connection.execute(f"select variant, count(*) from {table} where reason is null group by 1")
    people = dict(counted.fetchall())
    return {"variants": {name: people.get(name, 0) for name in message.ways}, "test": _test(desk, campaign, at)}


def _test(desk: Desk, campaign: str, at: datetime) -> Testing | None:
    wordings = Wordings(desk, campaign, desk.campaign(campaign).messages[0], at)
    test, trial = wordings.message.test, wordings.trial
    if test is None:
        return None
    over = wordings.over
    return {
        "among": " ".join(test.among.split()),
        "until": over.astimezone(ZoneInfo(desk.zone)).isoformat(timespec="minutes") if over else "",
        "winner": wordings.same_for_all or "",
        "sentence": trial.sentence if trial else "",
    }
