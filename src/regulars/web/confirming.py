"""`/o/TOKEN`: the second half of a double opt-in. POST says yes; GET shows a button, for scanners open every link.

What is written down is the sentence that was shown, word for word, with the time. Pressing twice says it once.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from regulars import clock
from regulars.ledger import wishes
from regulars.ledger.wishes import Reader
from regulars.web.house import House
from regulars.web.showing import house_of, no_message, not_found, notice, page
from regulars.web.wording import CONFIRM, CONFIRM_TITLE, CONFIRMED, say

SOURCE = "double opt-in"

router = APIRouter()


@router.head("/o/{token}", include_in_schema=False)
@router.get("/o/{token}", response_class=HTMLResponse)
def ask(request: Request, token: str) -> HTMLResponse:
    """The sentence and the button."""
    reader = _reader(request, token)
    if isinstance(reader, HTMLResponse):
        return reader
    house = house_of(request)
    return page(request, "confirm", house.language(reader.language), wording=_sentence(house, reader))


@router.post("/o/{token}", response_class=HTMLResponse)
async def confirm(request: Request, token: str) -> HTMLResponse:
    """Write down the yes."""
    return await run_in_threadpool(_confirmed, request, token)


def _confirmed(request: Request, token: str) -> HTMLResponse:
    reader = _reader(request, token)
    if isinstance(reader, HTMLResponse):
        return reader
    house = house_of(request)
    with house.ledger.writing() as connection:
        wishes.say(
            connection, reader.customer_id, reader.channel, clock.now(),
            given=True, source=SOURCE, wording=_sentence(house, reader),
        )  # fmt: skip
    return notice(request, 200, CONFIRM_TITLE, CONFIRMED, reader.language)


def _sentence(house: House, reader: Reader) -> str:
    return say(CONFIRM, house.language(reader.language), shop=house.shop["name"], channel=reader.channel)


def _reader(request: Request, token: str) -> Reader | HTMLResponse:
    """Whose link it is, or the page that says it is nobody's."""
    house = house_of(request)
    message_id = house.links.message("confirm", token)
    if message_id is None:
        return not_found(request)
    with house.ledger.reading() as connection:
        return wishes.reader(connection, message_id) or no_message(request)
