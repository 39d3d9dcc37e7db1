"""`/a/TOKEN` and `/a/TOKEN/9`: the survey of a message. GET shows it and changes nothing; POST writes the answer down.

One click answers: the page of `/a/TOKEN/9` has 9 chosen, and posts itself by a small script where it is really looked
at. Without scripts it takes one more press. A scanner that opens links gets a page; one that runs scripts too is known
as it is by its clicks, and what it answered counts nowhere. A press of the button always counts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from regulars import clock
from regulars.lang.surveys import SCALES, Scale
from regulars.ledger import answered, wishes
from regulars.ledger.answered import Said
from regulars.ledger.wishes import Reader
from regulars.web.clicking import is_machine
from regulars.web.filled import fields
from regulars.web.house import House
from regulars.web.showing import house_of, no_message, not_found, page, script
from regulars.web.wording import ASK_HIGH, ASK_LOW, QUESTIONS, say

TOGETHER = timedelta(seconds=5)
"""Nobody opens two links of one letter within so long."""
LONGEST = 1_000
"""Characters of a comment that are kept."""
BY_ITSELF, COMMENT = "auto", "comment"

router = APIRouter()


@router.head("/a/{token}", include_in_schema=False)
@router.get("/a/{token}", response_class=HTMLResponse)
def ask(request: Request, token: str) -> HTMLResponse:
    """The question, with nothing chosen."""
    return _shown(request, token, "")


@router.head("/a/{token}/{score}", include_in_schema=False)
@router.get("/a/{token}/{score}", response_class=HTMLResponse)
def ask_chosen(request: Request, token: str, score: str) -> HTMLResponse:
    """The question, with an answer chosen that posts itself."""
    return _shown(request, token, score)


@router.post("/a/{token}", response_class=HTMLResponse)
@router.post("/a/{token}/{score}", response_class=HTMLResponse)
async def answer(request: Request, token: str) -> HTMLResponse:
    """Write down what was answered: a field for each question, and a comment."""
    filled = await fields(request)
    return await run_in_threadpool(_answered, request, token, filled)


def _shown(request: Request, token: str, score: str) -> HTMLResponse:
    asked = _asked(request, token)
    if isinstance(asked, HTMLResponse):
        return asked
    reader, survey = asked
    scale = SCALES[survey]
    chosen = _scores(scale, {scale.questions[0]: score})
    return _page(request, reader, survey, chosen, posts_itself=bool(chosen))


def _answered(request: Request, token: str, filled: dict[str, str]) -> HTMLResponse:
    asked = _asked(request, token)
    if isinstance(asked, HTMLResponse):
        return asked
    reader, survey = asked
    chosen, comment, now = _scores(SCALES[survey], filled), _comment(filled.get(COMMENT, "")), clock.now()
    if not chosen:
        return _page(request, reader, survey, chosen)
    with house_of(request).ledger.writing() as connection:
        before = answered.given(connection, reader.message_id)
        by_itself = bool(filled.get(BY_ITSELF))
        machine = by_itself and (is_machine(request, reader.sent_at, now) or _hurried(before, chosen, now))
        answered.record(connection, reader.message_id, survey, chosen, now, comment=comment or None, machine=machine)
    return _page(request, reader, survey, chosen, told=not machine, over=bool(comment))


def _hurried(before: dict[str, Said], chosen: dict[str, int], now: datetime) -> bool:
    """Whether another answer came a moment ago: somebody follows all the links of the letter."""
    return any(
        question in before
        and now - before[question].at < TOGETHER
        and (before[question].score != score or before[question].machine)
        for question, score in chosen.items()
    )


def _scores(scale: Scale, filled: dict[str, str]) -> dict[str, int]:
    """Question → score, of those that are on the scale."""
    known = {str(score): score for score in scale.scores}
    return {question: known[filled[question]] for question in scale.questions if filled.get(question) in known}


def _comment(text: str) -> str:
    """What was written, without what is no writing."""
    return "".join(one for one in text if one.isprintable() or one == "\n").strip()[:LONGEST]


def _page(
    request: Request,
    reader: Reader,
    survey: str,
    chosen: dict[str, int],
    *,
    posts_itself: bool = False,
    told: bool = False,
    over: bool = False,
) -> HTMLResponse:
    """The survey; `told`: with thanks, `over`: for a comment too."""
    house, scale = house_of(request), SCALES[survey]
    language = house.language(reader.language)
    questions = [
        {
            "name": name,
            "wording": say(QUESTIONS[name], language, shop=house.shop["name"]),
            "low": say(ASK_LOW[name], language),
            "high": say(ASK_HIGH[name], language),
            "chosen": chosen.get(name),
        }
        for name in scale.questions
    ]
    own = script() if posts_itself else ""
    return page(request, "answer", language, questions=questions, scores=scale.scores, told=told, over=over, script=own)


def _asked(request: Request, token: str) -> tuple[Reader, str] | HTMLResponse:
    """Whose link it is and which survey it asks, or the page that says it is nobody's."""
    house: House = house_of(request)
    message_id = house.links.message("answer", token)
    if message_id is None:
        return not_found(request)
    with house.ledger.reading() as connection:
        reader = wishes.reader(connection, message_id)
        survey = answered.asked(connection, message_id)
    if reader is None:
        return no_message(request)
    return (reader, survey) if survey in SCALES else not_found(request)
