"""Where providers tell what became of messages. A post is checked, kept, and answered; it is expanded afterwards.

Genuine and kept: 200. Genuine and not kept: 503, and the provider comes again. Anything else: 403 without a word, so
that nobody learns what would pass.
"""

from __future__ import annotations

import asyncio
from html import escape
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from regulars import clock
from regulars.channels import sendgrid_events, twilio_callbacks
from regulars.errors import OutsideError
from regulars.ledger.inbox import Post

SMALL = 16 * 1024
"""Bytes that are checked sooner than a thread is found."""
STATUS_PATH = "/webhooks/twilio/status"
INBOUND_PATH = "/webhooks/twilio/inbound"

router = APIRouter()


@router.post("/webhooks/sendgrid")
async def sendgrid(request: Request) -> Response:
    """Signed events of SendGrid."""
    body = await request.body()
    settings = request.app.state.house.settings
    arguments = (body, request.headers, settings.sendgrid_webhook_key, settings.webhook_max_age, clock.now())
    if len(body) > SMALL:
        genuine = await run_in_threadpool(sendgrid_events.is_genuine, *arguments)
    else:
        genuine = sendgrid_events.is_genuine(*arguments)
    if not genuine:
        return Response(status_code=403)
    return await _kept(request, Post("sendgrid", sendgrid_events.digest(body), body)) or Response(status_code=200)


@router.post(STATUS_PATH)
async def twilio_status(request: Request) -> Response:
    """What became of a text message."""
    body = await request.body()
    query = _query(request)
    if not _is_twilios(request, body, query, STATUS_PATH):
        return Response(status_code=403)
    post = Post("twilio-status", twilio_callbacks.digest(body, query), body, query)
    return await _kept(request, post) or Response(status_code=200)


@router.post(INBOUND_PATH)
async def twilio_inbound(request: Request) -> Response:
    """A text message that somebody wrote to us."""
    body = await request.body()
    query = _query(request)
    if not _is_twilios(request, body, query, INBOUND_PATH):
        return Response(status_code=403)
    post = Post("twilio-inbound", twilio_callbacks.digest(body, query), body, query)
    return await _kept(request, post) or _answer(request, body)


def _answer(request: Request, body: bytes) -> Response:
    """Nothing, or how to stop, where help was asked for. Where Twilio has found out itself it has answered as well."""
    fields = twilio_callbacks.fields_of(body) or {}
    words = ""
    if "OptOutType" not in fields and twilio_callbacks.wish(fields) == "HELP":
        words = f"{request.app.state.house.shop['name']}: STOP = no more messages. START = again."
    answer = f"<Response><Message>{escape(words)}</Message></Response>" if words else "<Response/>"
    return Response(answer, media_type="text/xml")


def _is_twilios(request: Request, body: bytes, query: str, path: str) -> bool:
    settings: Any = request.app.state.house.settings
    return twilio_callbacks.is_genuine(
        body,
        query,
        request.headers,
        path=path,
        public_url=settings.public_url,
        account_sid=settings.twilio_account_sid,
        token=settings.twilio_auth_token.get_secret_value(),
    )


def _query(request: Request) -> str:
    """As it came: it is part of what is signed."""
    raw: bytes = request.scope["query_string"]
    return raw.decode("latin-1")


async def _kept(request: Request, post: Post) -> Response | None:
    """None once the post is safe; else the answer that makes the provider come again."""
    house = request.app.state.house
    try:
        await asyncio.wrap_future(house.inbox.keep_soon([post]))
    except OutsideError:
        return Response(status_code=503)
    if expander := getattr(request.app.state, "expander", None):
        expander.wake()
    return None
