"""`/p/TOKEN`: what somebody gets, channel by channel and topic by topic. GET shows it, POST saves what they chose.

A box is ticked where the last word says yes, and where nothing was ever said but we wrote to them there: then the
shop's data say yes. What was shown without a tick and unknown is written down as a no when it is saved so: people
get what they saw.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from regulars import clock
from regulars.ledger import wishes
from regulars.ledger.verdicts import OPTED_OUT
from regulars.ledger.wishes import Reader, Standing
from regulars.web.filled import fields
from regulars.web.house import House
from regulars.web.showing import house_of, no_message, not_found, notice, page
from regulars.web.unsubscribing import sentence
from regulars.web.wording import REFUSED, REFUSED_TITLE, SAVED, SHUT, UNCHANGED, YES_ALL, YES_TOPIC, say

SOURCE = "preference page"
SAVE = "save"
"""A hidden field: without it no box may be read as empty."""

router = APIRouter()


@dataclass(frozen=True)
class Topic:
    """One box below a channel's."""

    name: str
    wording: str
    ticked: bool


@dataclass(frozen=True)
class Choice:
    """A channel's box and those below it; `shut` says why nothing is sent there whatever is ticked."""

    name: str
    wording: str
    ticked: bool
    known: bool
    """Whether somebody ever said so; else it is ticked, or not, by what we see."""
    topics: list[Topic]
    shut: str


@dataclass(frozen=True)
class Word:
    """Something that somebody says by saving."""

    channel: str
    topic: str
    given: bool
    wording: str


@router.head("/p/{token}", include_in_schema=False)
@router.get("/p/{token}", response_class=HTMLResponse)
def show(request: Request, token: str) -> HTMLResponse:
    """The boxes as they stand."""
    return _shown(request, token)


@router.post("/p/{token}", response_class=HTMLResponse)
async def save(request: Request, token: str) -> HTMLResponse:
    """Write down what changed."""
    filled = await fields(request)
    if SAVE not in filled:
        return await run_in_threadpool(notice, request, 400, REFUSED_TITLE, REFUSED)
    return await run_in_threadpool(_shown, request, token, filled)


def _shown(request: Request, token: str, filled: Mapping[str, str] | None = None) -> HTMLResponse:
    house = house_of(request)
    message_id = house.links.message("preferences", token)
    if message_id is None:
        return not_found(request)
    with house.ledger.reading() as connection:
        reader = wishes.reader(connection, message_id)
    if reader is None:
        return no_message(request)
    language, told = house.language(reader.language), ""
    if filled is not None:
        told = say(SAVED if _saved(house, reader, language, filled) else UNCHANGED, language)
    return page(request, "choice", language, told=told, channels=_choices(house, reader, language))


def _saved(house: House, reader: Reader, language: str, filled: Mapping[str, str]) -> bool:
    """Write down each word that is new; whether any was."""
    words = [word for choice in _choices(house, reader, language) for word in _words(house, choice, filled, language)]
    at, new = clock.now(), False
    if not words:
        return False
    with house.ledger.writing() as connection:
        for word in words:
            new |= wishes.say(
                connection, reader.customer_id, word.channel, at,
                given=word.given, source=SOURCE, wording=word.wording, topic=word.topic,
            )  # fmt: skip
    return new


def _words(house: House, choice: Choice, filled: Mapping[str, str], language: str) -> Iterator[Word]:
    """What saving these boxes says. A channel without a tick is a no to all of it, whatever stands below."""
    wanted = choice.name in filled
    if not wanted:
        if choice.ticked or not choice.known:
            yield Word(choice.name, "", given=False, wording=sentence(house, choice.name, "", language))
        return
    if not choice.ticked:
        yield Word(choice.name, "", given=True, wording=choice.wording)
    for topic in choice.topics:
        if (ticked := f"{choice.name}/{topic.name}" in filled) != topic.ticked:
            no = sentence(house, choice.name, topic.name, language)
            yes = f"{choice.wording.rstrip('.')} {topic.wording}."
            yield Word(choice.name, topic.name, given=ticked, wording=yes if ticked else no)


def _choices(house: House, reader: Reader, language: str) -> list[Choice]:
    """The boxes of a reader: of each channel that a live campaign uses, and of the one they come from."""
    offered = house.topics_by_channel()
    offered.setdefault(reader.channel, [])
    with house.ledger.reading() as connection:
        said = wishes.standing(connection, reader.customer_id)
        shut = wishes.suppressed(connection, reader.customer_id, list(offered))
        reached = wishes.written_to(connection, reader.customer_id, list(house.written_by()))
    return [
        _choice(
            house, channel, topics, said.get(channel, Standing()), shut.get(channel, ""), channel in reached, language
        )
        for channel, topics in offered.items()
    ]


def _choice(
    house: House, channel: str, topics: list[str], stands: Standing, shut: str, reached: bool, language: str
) -> Choice:
    shop = house.shop["name"]
    general = reached if stands.general is None else stands.general
    # A topic that was opened by its name goes on although everything else is closed: the boxes must not hide that.
    by_name = not general and any(stands.topics.values())
    below = [
        Topic(
            topic,
            say(YES_TOPIC, language, topic=topic),
            ticked=stands.topics.get(topic) is True if by_name else stands.topics.get(topic) is not False,
        )
        for topic in topics
    ]
    stopped_elsewhere = shut == OPTED_OUT and channel != "sms"
    told = say(SHUT["other" if stopped_elsewhere or shut not in SHUT else shut], language) if shut else ""
    return Choice(
        channel, say(YES_ALL, language, shop=shop, channel=channel),
        general or by_name, stands.general is not None, below, told,
    )  # fmt: skip
