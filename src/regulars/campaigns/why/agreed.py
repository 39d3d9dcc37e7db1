"""What a customer agreed to, by channel: since when, and where it was said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from regulars.campaigns.why.person_desk import PersonDesk
from regulars.lang.scalars import Channel
from regulars.ledger import entered


def consent_lines(desk: PersonDesk, channels: Iterable[Channel], topic: str, today: date) -> dict[str, str]:
    """Channel → `yes since 14 Jan 2024, checkout`; of a word about `topic` alone, with its name.

    What was said to us stands over the shop's data; which word counts is said in `ledger.consent`.
    """
    said = entered.words_of(desk.ledger, desk.person.customer)
    told: dict[str, str] = {}
    for channel in channels:
        words = {one.topic: one for one in said if one.channel == channel and one.topic in ("", topic)}
        last = words.get("")
        about = words.get(topic) if topic else None
        if about is not None and (not about.given or last is None or about.at >= last.at):
            told[channel] = f"{_answer(about)} to `{topic}`{_since(desk, about, today)}"
        elif last is not None:
            told[channel] = _answer(last) + _since(desk, last, today)
        else:
            told[channel] = _by_the_data(desk, channel)
    return told


def _answer(word: entered.Word) -> str:
    return "yes" if word.given else "no"


def _since(desk: PersonDesk, word: entered.Word, today: date) -> str:
    day = desk.day(word.at)
    source = f", {word.source}" if word.source else ""
    return f" since {day.day} {day:%b %Y}{source}" + (" (today)" if day == today else "")


def _by_the_data(desk: PersonDesk, channel: Channel) -> str:
    column = getattr(desk.rules.source.customer.consent, channel)
    if column is None:
        return "no, nobody asks for it"
    value = desk.person_cell(str(column))
    if not isinstance(value, bool):
        return f"no, `{column}` is empty"
    if value and channel in desk.rules.guards.double_opt_in:
        return f"not confirmed; yes by `{column}` alone, and `double_opt_in` asks for their own word"
    return f"{'yes' if value else 'no'}, by `{column}`"
