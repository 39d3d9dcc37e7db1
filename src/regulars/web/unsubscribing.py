"""`/u/TOKEN`: no more of this. POST acts, at once and for good (RFC 8058); GET shows a button and changes nothing.

Mail programs POST here without a person seeing a page, scanners GET every link of a letter. Whoever has the link may
use it: it names one message, cannot be made up, never expires, and no answer is ever a redirect.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from regulars import clock
from regulars.ledger import wishes
from regulars.ledger.wishes import Reader
from regulars.web.filled import fields
from regulars.web.house import House
from regulars.web.showing import house_of, no_message, not_found, page
from regulars.web.wording import STOP_ALL, STOP_ALL_BUTTON, STOP_TOPIC, STOPPED_ALL, STOPPED_TOPIC, say

SOURCE = "unsubscribe link"
ONE_CLICK = "List-Unsubscribe"
"""The field that a mail program's own button sends (RFC 8058); its words are kept where no page was shown."""

router = APIRouter()


@router.head("/u/{token}", include_in_schema=False)
@router.get("/u/{token}", response_class=HTMLResponse)
def ask(request: Request, token: str) -> HTMLResponse:
    """The page with the button."""
    reader = _reader(request, token)
    if isinstance(reader, HTMLResponse):
        return reader
    house = house_of(request)
    language, topic = house.language(reader.language), house.topic_of(reader.campaign)
    wording = sentence(house, reader.channel, topic, language)
    return page(request, "stop", language, wording=wording, choose=_choose(house, reader))


@router.post("/u/{token}", response_class=HTMLResponse)
async def stop(request: Request, token: str) -> HTMLResponse:
    """Stop what the message was about, or everything of its channel where the form says so."""
    filled = await fields(request)
    return await run_in_threadpool(_stopped, request, token, filled)


def _stopped(request: Request, token: str, filled: dict[str, str]) -> HTMLResponse:
    reader = _reader(request, token)
    if isinstance(reader, HTMLResponse):
        return reader
    house = house_of(request)
    language = house.language(reader.language)
    topic = "" if filled.get("stop") == "everything" else house.topic_of(reader.campaign)
    wording = sentence(house, reader.channel, topic, language)
    if ONE_CLICK in filled:
        wording = f"{ONE_CLICK}=One-Click"
    with house.ledger.writing() as connection:
        wishes.say(
            connection, reader.customer_id, reader.channel, clock.now(),
            given=False, source=SOURCE, wording=wording, topic=topic,
        )  # fmt: skip
    names = {"shop": house.shop["name"], "channel": reader.channel, "topic": topic}
    more = say(STOP_ALL_BUTTON, language, channel=reader.channel) if topic else ""
    told = say(STOPPED_TOPIC if topic else STOPPED_ALL, language, **names)
    return page(request, "stopped", language, stopped=told, more=more, choose=_choose(house, reader))


def sentence(house: House, channel: str, topic: str, language: str) -> str:
    """What somebody says who stops a topic of a channel, or all of it: shown, and kept word for word."""
    return say(STOP_TOPIC if topic else STOP_ALL, language, shop=house.shop["name"], channel=channel, topic=topic)


def _reader(request: Request, token: str) -> Reader | HTMLResponse:
    """Whose link it is, or the page that says it is nobody's."""
    house = house_of(request)
    message_id = house.links.message("unsubscribe", token)
    if message_id is None:
        return not_found(request)
    with house.ledger.reading() as connection:
        return wishes.reader(connection, message_id) or no_message(request)


def _choose(house: House, reader: Reader) -> str:
    """The preference page of the same reader, beside this one wherever the web app is laid."""
    return "../p/" + house.links.token("preferences", reader.message_id)
