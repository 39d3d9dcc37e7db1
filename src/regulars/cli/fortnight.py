"""The days after the first run of the demonstration: orders arrive in the shop's own files, follow-ups go out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from regulars import clock, sample
from regulars.campaigns import calendar, convert, counting, followups, stages
from regulars.campaigns.convert import Converted
from regulars.campaigns.deliver import deliver
from regulars.campaigns.desk import Desk
from regulars.ledger import credit
from regulars.measure import trials
from regulars.sample import Heard

EVENING = timedelta(hours=6)
"""After noon: what waited for the end of somebody's night in another zone goes too."""
AT_ONCE = 1000
"""Messages sent in one go."""


@dataclass(frozen=True)
class Passed:
    """What happened meanwhile."""

    arrived: int
    """Orders."""
    sent: int
    """Messages: follow-ups, and those that waited for the end of quiet hours."""
    converted: Converted


def live(folder: Path, first: date, days: int, zone: str) -> Passed:
    """Let `days` days after `first` go by in the sample shop in `folder`, and record what the messages earned.

    Days on which nothing falls due are passed over: nobody is told anything on them, so nothing would be different.
    """
    with Desk.open(folder) as desk:
        stops = _stops(desk, days)
    arrived = sent = before = 0
    for stop in stops:
        if stop > before:
            with Desk.open(folder, looking=True) as desk:
                heard = _heard(desk, zone)
            arrived += sample.arrive(folder, first + timedelta(days=before), stop - before, heard).orders
            before = stop
        at = _evening(first, stop, zone)
        with clock.frozen(at), Desk.open(folder) as desk:
            stages.keep(desk, at)
            followups.advance(desk, at, trials.decide)
            sent += _sent(desk, at)
    with clock.frozen(at), Desk.open(folder) as desk:
        converted = convert.convert(desk, at)
        counting.count(desk, at)
        return Passed(arrived, sent, converted)


def _stops(desk: Desk, days: int) -> list[int]:
    """The first day, those on which a follow-up of its entries falls due, and the last; counted from the first."""
    stops = {0, days}
    for campaign in desk.project.campaigns.values():
        due = timedelta()
        for message in campaign.messages[1:]:
            due += message.after.length.delta if message.after else timedelta()
            stops.add(-(-due // timedelta(days=1)))
    return sorted(stop for stop in stops if stop <= days)


def _evening(first: date, days: int, zone: str) -> datetime:
    return calendar.at_noon(first + timedelta(days=days), zone) + EVENING


def _sent(desk: Desk, at: datetime) -> int:
    sent = 0
    for channel in ("email", "sms"):
        while (delivered := deliver(desk, channel, AT_ONCE, at, "demo")).claimed:
            sent += delivered.counts.get("accepted", 0)
    return sent


def _heard(desk: Desk, zone: str) -> list[Heard]:
    """What each customer was sent, and who was held out: the sample shop's people answer to it."""
    own = {row["customer_id"]: row["code"] for row in credit.referral_codes(desk.ledger).to_pylist()}
    return [
        Heard(
            row["customer_id"],
            row["campaign"],
            row["arm"],
            calendar.day_of(row["sent_at"], zone),
            code=row["code"] or None,
            percent=Decimal(row["value"]) if row["kind"] == "percent" else None,
            amount=Decimal(row["value"]) if row["kind"] == "amount" else None,
            referral_code=own.get(row["customer_id"]) if row["campaign"] == "referral" else None,
            valid_until=_last_day(row["valid_until"], zone),
        )
        for row in credit.promises(desk.ledger).to_pylist()
    ]


def _last_day(valid_until: datetime | None, zone: str) -> date | None:
    """A code that ends at 24:00 is good on the day before."""
    return calendar.day_of(valid_until - timedelta(seconds=1), zone) if valid_until else None
