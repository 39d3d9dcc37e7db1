"""`/r/CODE`: where a friend arrives with an advocate's code, and a limit for those who guess."""

from __future__ import annotations

import threading
from collections import deque
from urllib.parse import urlencode, urlsplit, urlunsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from regulars import clock
from regulars.ledger import codes, referrals
from regulars.web.callers import caller
from regulars.web.house import House
from regulars.web.showing import house_of, notice, page, preferred
from regulars.web.wording import (
    FRIEND_FREE,
    FRIEND_GIFT,
    FRIEND_WORTH,
    NOT_FOUND,
    NOT_FOUND_TITLE,
    TOO_OFTEN,
    TOO_OFTEN_TITLE,
    say,
)

WRONG, SECONDS = 5, 600
"""So many wrong codes within so long, and a caller waits."""
CALLERS = 10_000
"""So many are remembered; the one whose last wrong code is oldest is forgotten first."""

router = APIRouter()


class Guesses:
    """Who gave wrong codes lately. In memory: whoever restarts us forgives everybody."""

    def __init__(self) -> None:
        self._wrong: dict[str, deque[float]] = {}
        self._one_at_a_time = threading.Lock()

    def too_many(self, who: str, now: float) -> bool:
        """Whether `who` has to wait at `now` (seconds)."""
        with self._one_at_a_time:
            return sum(now - at < SECONDS for at in self._wrong.get(who, ())) >= WRONG

    def wrong(self, who: str, now: float) -> None:
        """`who` gave a code that there is not."""
        with self._one_at_a_time:
            times = self._wrong.pop(who, None) or deque(maxlen=WRONG)
            times.append(now)
            self._wrong[who] = times
            if len(self._wrong) > CALLERS:
                del self._wrong[next(iter(self._wrong))]


@router.head("/r/{code}", include_in_schema=False)
@router.get("/r/{code}", response_class=HTMLResponse)
def welcome(request: Request, code: str) -> HTMLResponse:
    """The page of a code."""
    house, guesses = house_of(request), request.app.state.guesses
    who, now = caller(request, house.settings.proxies), clock.now().timestamp()
    if guesses.too_many(who, now):
        return notice(request, 429, TOO_OFTEN_TITLE, TOO_OFTEN)
    code = codes.normal(code[:100])
    with house.ledger.reading() as connection:
        known = referrals.exists(connection, code)
    if not known:
        guesses.wrong(who, now)
        return notice(request, 404, NOT_FOUND_TITLE, NOT_FOUND)
    language = house.language(*preferred(request))
    worth = _worth(house, language)
    return page(request, "friend", language, code=code, worth=worth, site=_with_code(house.shop["site"], code))


def _worth(house: House, language: str) -> str:
    """What the code is worth in a first order, as one sentence; empty where it is worth nothing."""
    from regulars.campaigns.friends.terms import terms

    friend = terms(house.desk.project).friend
    if friend is None:
        return ""
    gives = {
        "percent": f"{friend.percent} %",
        "amount": f"{friend.amount} {house.desk.rules.shop.currency}",
        "gift": say(FRIEND_GIFT, language),
        "free_delivery": say(FRIEND_FREE, language),
    }[friend.kind]
    return say(FRIEND_WORTH, language, gives=gives)


def _with_code(site: str, code: str) -> str:
    """The shop's address with the code in it; empty where the shop has none."""
    if not site:
        return ""
    parts = urlsplit(site)
    query = "&".join(part for part in (parts.query, urlencode({"ref": code})) if part)
    return urlunsplit(parts._replace(query=query))
