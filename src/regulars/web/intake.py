"""What may come in: how much, for how long, and nothing packed.

A body is read here, whole, before anything else sees it: counted while it comes, whatever its Content-Length says.
"""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from regulars.channels import sendgrid_events, twilio_callbacks
from regulars.web import ordering

LARGEST = (
    ("/webhooks/sendgrid", sendgrid_events.LARGEST),
    ("/webhooks/", twilio_callbacks.LARGEST),
    ("/orders", ordering.LARGEST),
    ("/", 16_384),
)
"""Path → bytes of a body; the first that fits counts."""
BODY_SECONDS = 5.0
HEADER_BYTES = 16_384
"""Of the address and all headers."""

_REFUSED = {
    400: "The length of the body is no number.",
    408: "The body took too long.",
    413: "The body is too large.",
    415: "The body must not be packed.",
    431: "The address and the headers are too large.",
}


class Intake:
    """Refuses bodies that are too large, too slow or packed; hands on the others as one piece."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused, body = _by_headers(scope), b""
        if not refused:
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    body = await _read(receive, _largest(scope))
            except TimeoutError:
                refused = 408
            except _TooLargeError:
                refused = 413
        if refused:
            # Without an end of the connection the server would go on reading what nobody wants.
            answer = PlainTextResponse(f"{_REFUSED[refused]}\n", refused, {"Connection": "close"})
            await answer(scope, receive, send)
            return
        await self._app(scope, _handed_on(body, receive), send)


class _TooLargeError(Exception):
    """More came than may come."""


def _by_headers(scope: Scope) -> int:
    """The status to refuse with for what the headers say; 0 where they say nothing wrong."""
    # The server's own limit holds for headers that are not complete yet; what comes in one piece passes it.
    size = len(scope["raw_path"]) + len(scope["query_string"]) + sum(len(a) + len(b) for a, b in scope["headers"])
    if size > HEADER_BYTES:
        return 431
    headers = Headers(scope=scope)
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        return 415
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        return 400
    return 413 if len(length) > 12 or int(length) > _largest(scope) else 0


def _largest(scope: Scope) -> int:
    return next(size for path, size in LARGEST if scope["path"].startswith(path) or path == "/")


async def _read(receive: Receive, largest: int) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        if len(body) > largest:
            raise _TooLargeError
        more = message.get("more_body", False)
    return bytes(body)


def _handed_on(body: bytes, receive: Receive) -> Receive:
    """The body in one piece; afterwards whatever the server says, such as that the caller has gone."""
    waiting: list[MutableMapping[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> MutableMapping[str, Any]:
        return waiting.pop() if waiting else await receive()

    return next_message
