"""`/c/TOKEN`: from a text message on to the shop, with the click written down.

The token says which message and which link, never where to: only addresses of the project's own `rules.yaml` are in
the ledger's table of links, so nobody can make a link of ours lead elsewhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from regulars import clock
from regulars.ledger import destinations, events, wishes
from regulars.ledger.events import News
from regulars.ledger.wishes import Reader
from regulars.web.house import House
from regulars.web.showing import house_of, not_found

SCANNERS = timedelta(seconds=10)
"""Nobody has read a message and opened its link so soon after it left."""
AHEAD = ("purpose", "sec-purpose", "x-purpose", "x-moz")
"""Headers of browsers and mail programs that fetch what nobody has asked for yet."""

router = APIRouter()


@router.head("/c/{token}", include_in_schema=False)
@router.get("/c/{token}", status_code=302, response_class=Response)
def follow(request: Request, token: str) -> Response:
    """Write the click down and lead on."""
    house = house_of(request)
    named = house.links.clicked(token)
    if named is None:
        return not_found(request)
    message_id, number = named
    with house.ledger.reading() as connection:
        url = destinations.leads_to(connection, number)
        reader = wishes.reader(connection, message_id)
    if not is_ours(url):
        return not_found(request)
    # A message that nobody knows was a proof: its reader still wants to see where it leads.
    if reader is not None:
        _write_down(house, reader, number, machine=is_machine(request, reader.sent_at, clock.now()))
    return RedirectResponse(url, 302)


def is_ours(url: str) -> bool:
    """Whether people may be led there: by https, or within this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)))
    except ValueError:
        return False


def is_machine(request: Request, sent_at: datetime | None, now: datetime) -> bool:
    """Whether a program looks at the link, rather than its reader."""
    ahead = any("prefetch" in request.headers.get(name, "").lower() for name in AHEAD)
    too_soon = sent_at is None or now - sent_at < SCANNERS
    return request.method == "HEAD" or ahead or too_soon


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _write_down(house: House, reader: Reader, number: int, *, machine: bool) -> None:
    now = clock.now()
    key = f"regulars {reader.message_id} click {number}{' machine' if machine else ''}"
    click = News(key, "regulars", reader.message_id, "clicked", now, f"link {number}", machine=machine)
    with house.ledger.writing() as connection:
        events.record(connection, [click], now)
