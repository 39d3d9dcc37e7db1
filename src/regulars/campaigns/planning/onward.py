"""What comes after today: later messages, and people who entered earlier and are still on their way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypedDict
from zoneinfo import ZoneInfo

from regulars.campaigns import dated
from regulars.campaigns.desk import Desk
from regulars.campaigns.planning.editions import Earlier
from regulars.errors import RegularsError
from regulars.lang.model import Campaign, Message
from regulars.ledger import entries, usual

AHEAD = ("exit", "send_within", "purpose", "topic", "languages", "sender", "enrich")
"""Keys of a campaign, beside its messages, that matter to those inside."""
Ahead = Literal["same", "edited", ""]
"""Whether what is ahead of those inside stays as it was; empty: nobody can say."""


class Later(TypedDict):
    """A later message: at most this many people, not before that moment (ISO; empty: it depends on the row)."""

    message: str
    send: str
    at_most: int
    due: str
    timing: str
    """As it is written, where each entry has a moment of its own: `1 hour from answer`."""
    when: str
    """The condition that is asked then; empty: none."""
    unless: str
    """`ordered`, or the condition that takes people out; empty: nothing does."""


class Inside(TypedDict):
    """People who entered earlier and are still on their way."""

    people: int
    rewritten: int
    """Messages still to come whose words were edited since they were last used."""


def later(desk: Desk, name: str, at: datetime, sent: int) -> list[Later]:
    """The messages after the first; `after` counts days and hours by the shop's clock, through daylight saving."""
    campaign = desk.campaign(name)
    due = at.astimezone(ZoneInfo(desk.zone))
    found: list[Later] = []
    for message in campaign.messages[1:]:
        own = message.before is not None or bool(message.after and (message.after.column or message.after.of_answer))
        if message.after is not None and message.after.origin == "entry":
            due = at.astimezone(ZoneInfo(desk.zone)) + message.after.length.delta
        elif message.after is not None and not own:
            due += message.after.length.delta
        if message.after is not None and message.after.at is not None and not own:
            due = due.replace(hour=message.after.at.hour, minute=message.after.at.minute, second=0, microsecond=0)
        found.append(
            {
                "message": str(message.name),
                "send": str(message.send),
                "at_most": sent,
                "due": "" if own else due.isoformat(),
                "timing": _timing(message) if own else "",
                "when": " ".join(str(message.when or "").split()),
                "unless": " ".join(str(campaign.exit or "").split()),
            }
        )
    return found


def _timing(message: Message) -> str:
    return f"{message.before.length} before {message.before.origin}" if message.before else str(message.after)


def inside(desk: Desk, name: str) -> Inside:
    """Who is inside, and how many of their messages to come have been given other words."""
    names = [str(message.name) for message in desk.campaign(name).messages]
    running = entries.running(desk.ledger, name, names, former=desk.names_of(name)[1])
    places = {name: place for place, name in enumerate(names)}
    edited = [places[str(one.name)] for one in desk.campaign(name).messages[1:] if _edited(desk, name, one)]
    rewritten = 0
    if edited:
        stands = running.group_by("name").aggregate([([], "count_all")]).to_pylist()
        rewritten = sum(row["count_all"] * _to_come(places, row["name"], edited) for row in stands)
    return {"people": running.num_rows, "rewritten": rewritten}


def ahead(earlier: Earlier, desk: Desk, name: str) -> Ahead:
    """What the edit since `earlier` does to those inside.

    Whom the audience takes is nothing to them, and neither is a message they have had. Other rules are, where one of
    their conditions is still to be asked.
    """
    new = desk.campaign(name)
    if earlier.project is None or (old := earlier.project.campaigns.get(earlier.campaign)) is None:
        return ""
    if any(getattr(old, key) != getattr(new, key) for key in AHEAD) or _to_follow(old) != _to_follow(new):
        return "edited"
    still_asked = [one for one in new.conditions if one is not new.audience]
    return "" if still_asked and earlier.project.rules != desk.rules else "same"


def _to_follow(campaign: Campaign) -> list[Message | str]:
    """The messages by which two versions of a campaign differ for those inside: of the first its name alone."""
    return [str(campaign.messages[0].name), *campaign.messages[1:]]


def _to_come(places: Mapping[str, int], latest: str | None, edited: list[int]) -> int:
    """How many of the messages at places `edited` come after the latest one."""
    return sum(place > places.get(latest or "", -1) for place in edited)


def _edited(desk: Desk, campaign: str, message: Message) -> bool:
    """Whether a message has words that were used before, and not as they are now."""
    ways = [(template, way) for way in message.ways.values() for template in dated.templates(desk, way)]
    for template, way in ways:
        lines = [{str(key): str(line) for key, line in said.items()} for said in (way.subject, way.preview_text)]
        known = usual.versions(desk.ledger, template)
        try:
            if known and desk.words_of(campaign).version(template, *lines).hash not in known:
                return True
        except RegularsError:
            continue  # words that are missing are told by `check`
    return False
