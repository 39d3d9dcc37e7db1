"""What every answer carries, and what nobody's answer shows: the outermost wall of the app."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from regulars.web import wording
from regulars.web.showing import notice, policy

log = logging.getLogger("regulars.web")

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
ENCRYPTED_SECONDS = 31_536_000
UNKNOWN = "unknown"
"""The route of a path that is none: what callers make up must not become a label."""


class Answers:
    """Adds the headers, counts by route and status, and turns whatever breaks into a page without a person in it.

    `counted` takes the route as it is declared and the status.
    """

    def __init__(self, app: ASGIApp, *, encrypted: bool, counted: Callable[[str, int], None]) -> None:
        self._app, self._counted = app, counted
        self._headers = {"Content-Security-Policy": policy(), **HEADERS}
        if encrypted:
            self._headers["Strict-Transport-Security"] = f"max-age={ENCRYPTED_SECONDS}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0

        async def dressed(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
            await send(message)

        try:
            await self._app(scope, receive, dressed)
        except Exception as error:  # noqa: BLE001  # the one place that catches everything: nobody is shown a traceback
            log.error("%s %s: %s", scope["method"], _route(scope), _told(error))  # noqa: TRY400  # its text may quote a person
            if not status:
                await _broken(scope)(scope, receive, dressed)
        finally:
            self._counted(_route(scope), status or 500)


def _broken(scope: Scope) -> ASGIApp:
    """The answer to a request that broke: a page, or a line where even that cannot be had."""
    try:
        return notice(Request(scope), 500, wording.BROKEN_TITLE, wording.BROKEN)
    except Exception as error:  # noqa: BLE001  # the house itself may be what is broken
        log.error("no page for a mistake: %s", _told(error))  # noqa: TRY400  # the same
        return PlainTextResponse("Something went wrong. Try again in a few minutes.\n", 500)


def _told(error: Exception) -> str:
    """What broke and where in our files; never what it says, which may quote an address or a token."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames[-3:]]
    return f"{type(error).__name__} at {' > '.join(places)}"


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", UNKNOWN))
