"""Which templates a message may be written with, and whether the words of the day are there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from regulars.campaigns.desk import Desk
from regulars.lang.model import Message
from regulars.words.daily import days_of, is_daily, of_day


def templates(desk: Desk, message: Message, days: Sequence[date] = ()) -> list[str]:
    """Every template that `message` may be written with, each once.

    Those with `{date}` on each of `days`; without days, on every day that has words.
    """
    found: list[str] = []
    for name in (str(name) for way in message.ways.values() for name in way.template.names):
        if is_daily(name):
            found += [of_day(name, day) for day in days or days_of(name, desk.words.templates)]
        else:
            found.append(name)
    return list(dict.fromkeys(found))


def missing(desk: Desk, campaign: str, at: datetime) -> str:
    """Why a run of `campaign` has no words on the shop's day of `at`; empty where it has.

    A ladder needs the words of each of its steps. A first message with a time of its own is decided about later, and
    its words are asked for then.
    """
    described, day = desk.campaign(campaign), desk.day(at)
    message, words = described.messages[0], desk.words_of(campaign)
    if message.own_time:
        return ""
    for name in [name for way in message.ways.values() for name in way.template.names]:
        wanted = of_day(name, day)
        if is_daily(name) and not any(words.speaks(wanted, channel) for channel in message.send.channels):
            suffix = "sms" if message.send.channels[0] == "sms" else "html"
            return (
                f"there are no words for {day:%A}, {day.day} {day:%B}: it needs "
                f"templates/{wanted}.{words.fallback}.{suffix}"
            )
    return ""
