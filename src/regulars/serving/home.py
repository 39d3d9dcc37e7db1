"""Prefect's home: `.regulars/prefect`, the settings it runs with, and where a running `up` is written down."""

from __future__ import annotations

import json
import os
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

from regulars.errors import OutsideError

OURS = ".regulars"
HEALTH_SECONDS = 3


def settings(root: Path) -> dict[str, str]:
    """Prefect's settings for the project in `root`, as environment variables.

    Nothing is reported to anybody: with analytics on, Prefect calls out, and a page of `database is locked` comes at
    exit.
    """
    return {
        "PREFECT_HOME": str(root / OURS / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "regulars",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_CLI_COLORS": "false",
        "PREFECT_LOGGING_COLORS": "false",
    }


def apply(root: Path, **more: str) -> None:
    """Put the settings and `more` into this process's environment. Prefect reads them when it is first imported."""
    folder(root, "prefect")
    os.environ.update(settings(root) | more)


def folder(root: Path, name: str) -> Path:
    """`.regulars/NAME`, made where it does not exist."""
    path = root / OURS / name
    path.mkdir(parents=True, exist_ok=True)
    return path


@dataclass(frozen=True)
class Running:
    """A running `up`: its API, its process."""

    url: str
    pid: int

    def write(self, root: Path) -> None:
        """Let `run` and a second `up` find it."""
        _note(root).write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")


def running(root: Path) -> Running | None:
    """The `up` that runs for this project now; None where there is none, or where one died without a word."""
    try:
        found = Running(**json.loads(_note(root).read_text(encoding="utf-8")))
        os.kill(found.pid, 0)
    except (OSError, ValueError, TypeError):
        return None
    return found if healthy(found.url) else None


def forget(root: Path) -> None:
    """Take the note away: `up` has ended."""
    _note(root).unlink(missing_ok=True)


def healthy(url: str) -> bool:
    """Whether a Prefect API answers at `url` (it ends in `/api`)."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=HEALTH_SECONDS) as answer:  # noqa: S310  # the operator's own URL
            return bool(answer.status == 200)
    except OSError:
        return False


def configured() -> str:
    """The API that `PREFECT_API_URL` names; empty where it is not set. Raises OutsideError where it does not answer."""
    url = os.environ.get("PREFECT_API_URL", "").rstrip("/")
    if url and not healthy(url):
        raise OutsideError(
            "The Prefect API that PREFECT_API_URL names does not answer.", "Start it, or unset PREFECT_API_URL."
        )
    return url


def _note(root: Path) -> Path:
    return root / OURS / "prefect.json"
