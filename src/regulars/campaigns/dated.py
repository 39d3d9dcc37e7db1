"""Templates with `{date}` in their names: words that are written for one day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

from regulars.campaigns.desk import Desk
from regulars.lang.campaign import DATE
from regulars.lang.model import Message

_DAY = r"\d{4}-\d{2}-\d{2}"


def is_dated(name: str) -> bool:
    """Whether each day has a template of its own."""
    return DATE in name


def of_day(name: str, day: date) -> str:
    """The name on `day`; the same where it has no `{date}`."""
    return name.replace(DATE, day.isoformat())


def templates(desk: Desk, message: Message, days: Sequence[date] = ()) -> list[str]:
    """Every template that `message` may be written with, each once.

    Those with `{date}` on each of `days`; without days, on every day that has words.
    """
    found: list[str] = []
    for name in map(str, message.template.names):
        if not is_dated(name) or days:
            found += [of_day(name, day) for day in days] if is_dated(name) else [name]
        else:
            pattern = re.compile(_DAY.join(map(re.escape, name.split(DATE))))
            found += [written for written in desk.words.templates if pattern.fullmatch(written)]
    return list(dict.fromkeys(found))


def missing(desk: Desk, campaign: str, at: datetime) -> str:
    """Why a run of `campaign` has no words on the shop's day of `at`; empty where it has.

    A ladder needs the words of each of its steps. Without a day of its own a message is written at entering, and only
    then are its words asked for.
    """
    described, day = desk.campaign(campaign), desk.day(at)
    message, words = described.messages[0], desk.words_of(campaign)
    if message.own_time:
        return ""
    for name in message.template.names:
        wanted = of_day(name, day)
        if is_dated(name) and not any(words.speaks(wanted, channel) for channel in message.send.channels):
            suffix = "sms" if message.send.channels[0] == "sms" else "html"
            return (
                f"there are no words for {day:%A}, {day.day} {day:%B}: it needs "
                f"templates/{wanted}.{words.fallback}.{suffix}."
            )
    return ""
