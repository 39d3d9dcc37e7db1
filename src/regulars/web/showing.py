"""Pages: our own templates with our own words and one small script, nothing to fetch."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from regulars.web import wording
from regulars.web.house import House
from regulars.web.wording import Said, say


def house_of(request: Request) -> House:
    """The house that this request came to."""
    house: House = request.app.state.house
    return house


def page(request: Request, name: str, language: str, status: int = 200, **variables: Any) -> HTMLResponse:
    """The page `pages/NAME.html` in `language` (one of `wording.LANGUAGES`), with texts and lists it shows."""
    shop = house_of(request).shop

    def said(sentence: str, **names: str) -> str:
        return say(getattr(wording, sentence), language, **{"shop": shop["name"], "email": shop["email"], **names})

    html = _pages().get_template(f"{name}.html")
    return HTMLResponse(html.render(language=language, shop=shop, style=style(), said=said, **variables), status)


def notice(request: Request, status: int, title: Said, sentence: Said, *wanted: str) -> HTMLResponse:
    """A page of one title and one sentence, in the first of the languages `wanted` that we have."""
    house = house_of(request)
    language, names = house.language(*wanted, *preferred(request)), house.shop
    shown = {
        "title": say(title, language),
        "sentence": say(sentence, language, shop=names["name"], email=names["email"]),
    }
    return page(request, "notice", language, status, **shown)


def not_found(request: Request) -> HTMLResponse:
    """The answer to every link that is none of ours."""
    return notice(request, 404, wording.NOT_FOUND_TITLE, wording.NOT_FOUND)


def no_message(request: Request) -> HTMLResponse:
    """The answer to a link of ours whose message is not in the ledger."""
    return notice(request, 404, wording.NO_MESSAGE_TITLE, wording.NO_MESSAGE)


def preferred(request: Request) -> list[str]:
    """The languages that the browser asks for, in its order; its weights are always in that order too."""
    tags = request.headers.get("accept-language", "")[:200].split(",")
    return [tag.partition(";")[0] for tag in tags]


@cache
def style() -> str:
    """The style sheet, which stands in every page."""
    return files("regulars.web").joinpath("pages/page.css").read_text("utf-8")


@cache
def script() -> str:
    """The one script, which posts an answer that was chosen in a message."""
    return files("regulars.web").joinpath("pages/answer.js").read_text("utf-8")


@cache
def policy() -> str:
    """What a browser may do with a page of ours: show it in our style, and send its form back to us."""
    style_sum, script_sum = (b64encode(sha256(one.encode()).digest()).decode() for one in (style(), script()))
    return (
        f"default-src 'none'; style-src 'sha256-{style_sum}'; script-src 'sha256-{script_sum}'; img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


@cache
def _pages() -> Environment:
    loader = PackageLoader("regulars.web", "pages")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
