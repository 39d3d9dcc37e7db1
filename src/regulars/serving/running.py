"""`regulars run`: the project's own flows, in this process, against whatever API is at hand."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regulars.errors import OutsideError, RegularsError, WrongUse
from regulars.serving import api, home
from regulars.serving.flow_files import load_flow

if TYPE_CHECKING:
    from prefect import Flow

QUIET = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"}
"""The story goes to stderr by itself; Prefect's own lines and tracebacks are in its log."""


@dataclass(frozen=True)
class Outcome:
    """What one flow run did. `figures` is what → how many; `error` is None where it went well."""

    name: str
    figures: dict[str, int] = field(default_factory=dict)
    error: RegularsError | None = None


def run_campaigns(root: Path, campaigns: Sequence[str], at: datetime | None = None) -> list[Outcome]:
    """Run campaigns one after the other, each as its Prefect flow. One that fails does not keep the next from running.

    Args:
        root: the project's folder.
        campaigns: names, in the order they go.
        at: the moment (aware) they are run for; None: now.

    Raises OutsideError where no Prefect API can be had, ProjectError where `flows/campaign.py` cannot be loaded.
    """
    return _run(root, at, "campaign", [{"campaign": name} for name in campaigns])


def run_advance(root: Path, at: datetime | None = None) -> Outcome:
    """Write the follow-ups that fell due and deliver everything that is due at `at` (aware; None: now)."""
    return _run(root, at, "advance", [{}])[0]


def run_conversions(root: Path, at: datetime | None = None) -> Outcome:
    """Match new orders to messages, as of `at` (aware; None: now)."""
    return _run(root, at, "conversions", [{}])[0]


def _run(root: Path, at: datetime | None, name: str, each: Sequence[dict[str, str]]) -> list[Outcome]:
    if at is not None and at.tzinfo is None:
        raise WrongUse("The moment of a run must know its time zone.")
    root = root.resolve()
    home.apply(root, **QUIET)
    with api.at_hand(root) as url, _settings(url), _story():
        flow = load_flow(root, name)
        fixed = {"project": str(root), "at": at.isoformat() if at else ""}
        return [_outcome(flow, fixed | parameters) for parameters in each]


def _outcome(flow: Flow[..., Any], parameters: dict[str, str]) -> Outcome:
    name = parameters.get("campaign", flow.name)
    state: Any = flow(**parameters, return_state=True)
    result = state.result(raise_on_failure=False)
    if isinstance(result, RegularsError):
        return Outcome(name, error=result)
    if isinstance(result, BaseException):
        return Outcome(
            name,
            error=OutsideError(
                f"The flow `{name}` failed: {type(result).__name__}.", "Prefect's log of the run has more."
            ),
        )
    return Outcome(name, figures=result or {})


@contextmanager
def _settings(url: str) -> Iterator[None]:
    """The API's URL for what follows, whether or not Prefect was imported before."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: url}):
        try:
            yield
        finally:
            for handler in logging.getLogger("prefect.flow_runs").handlers:
                handler.flush()  # while there is still an API to take the last lines


@contextmanager
def _story() -> Iterator[None]:
    """Lines of the story on stderr while a run goes on."""
    story = logging.getLogger("regulars.story")
    handler = logging.StreamHandler(sys.stderr)
    before = story.level
    story.addHandler(handler)
    story.setLevel(logging.INFO)
    try:
        yield
    finally:
        story.removeHandler(handler)
        story.setLevel(before)
