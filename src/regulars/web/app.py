"""The web app: one project's pages and webhooks as a FastAPI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from regulars.web import (
    answering,
    clicking,
    confirming,
    ordering,
    preferences,
    referring,
    unsubscribing,
    watching,
    webhooks,
    wording,
)
from regulars.web.answers import Answers
from regulars.web.expanding import expanding
from regulars.web.house import House
from regulars.web.intake import Intake
from regulars.web.showing import not_found, notice

ROUTERS = (
    unsubscribing.router,  # /u/TOKEN
    preferences.router,  # /p/TOKEN
    clicking.router,  # /c/TOKEN
    referring.router,  # /r/CODE
    watching.router,  # /health, /metrics
    webhooks.router,  # /webhooks/…
    confirming.router,  # /o/TOKEN
    ordering.router,  # /orders
    answering.router,  # /a/TOKEN
)
"""Every address of the app."""


def create(root: Path) -> FastAPI:
    """The app of the project in `root`; it lets go of the ledger when it is shut down.

    Raises ProblemsFoundError when the project's files have errors, OutsideError when the ledger cannot be reached.
    """
    house = House.open(root)
    app = FastAPI(
        title="Regulars", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, lifespan=_lifespan,
        exception_handlers={HTTPException: _no_such, RequestValidationError: _refused},
    )  # fmt: skip
    app.state.house = house
    app.state.guesses = referring.Guesses()
    app.state.meters = watching.Meters(house)
    for router in ROUTERS:
        app.include_router(router)
    # The last one added is met first.
    app.add_middleware(Intake)
    app.add_middleware(Answers, encrypted=house.is_encrypted, counted=app.state.meters.answered)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    house = app.state.house
    try:
        with expanding(house.ledger, house.inbox) as expander:
            app.state.expander = expander
            yield
    finally:
        house.close()


async def _no_such(request: Request, error: Exception) -> HTMLResponse:
    status = error.status_code if isinstance(error, HTTPException) else 404
    if status == 404:
        return not_found(request)
    answer = notice(request, status, wording.REFUSED_TITLE, wording.REFUSED)
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


async def _refused(request: Request, _error: Exception) -> HTMLResponse:
    return notice(request, 400, wording.REFUSED_TITLE, wording.REFUSED)
