"""Prefect's API: the one that runs already, or one of our own for as long as a command takes."""

from __future__ import annotations

import fcntl
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regulars.errors import OutsideError
from regulars.serving import home
from regulars.serving.children import Child, begin

HOST = "127.0.0.1"
START_SECONDS = 180
ANSWER_SECONDS = 0.1


@contextmanager
def at_hand(root: Path) -> Iterator[str]:
    """The URL of an API: of a running `up`, else of `PREFECT_API_URL`, else of one that lives as long as the block.

    Says so in the last case, which takes five seconds, and some more the first time in a project. Raises OutsideError.
    """
    running = home.running(root)
    if url := running.url if running else home.configured():
        yield url
        return
    say("Starting Prefect's API for this command (`regulars up` keeps one running) …")
    with _one_at_a_time(root):
        child, url = serve(
            root, free_port(), PREFECT__SERVER_EPHEMERAL="1", PREFECT_SERVER_REGISTER_BLOCKS_ON_START="false"
        )
        try:
            import prefect  # noqa: F401  # two seconds that cost nothing while the API starts

            wait(child, url)
        except BaseException:
            child.end()
            raise
    try:
        yield url
    finally:
        child.end()


def serve(root: Path, port: int, **environment: str) -> tuple[Child, str]:
    """Start an API on `port` of this machine. Returns the process and the URL, at which it answers after some seconds.

    The command is the one `prefect server start` runs in the background, without the second its command line takes.
    """
    factory = ["--factory", "prefect.server.api.server:create_app"]
    command = [sys.executable, "-m", "uvicorn", *factory, "--host", HOST, "--port", str(port), "--log-level", "warning"]
    return begin(root, "api", command, PREFECT__SERVER_FINAL="1", **environment), f"http://{HOST}:{port}/api"


def wait(child: Child, url: str, what: str = "Prefect's API") -> None:
    """Wait until `what` answers at `url`/health. Raises OutsideError where it ends instead, or takes minutes."""
    until = time.monotonic() + START_SECONDS
    while not home.healthy(url):
        if not child.alive():
            raise child.ended_by_itself()
        if time.monotonic() > until:
            raise OutsideError(f"{what} did not answer within {START_SECONDS} seconds.", f"See {child.log}.")
        time.sleep(ANSWER_SECONDS)


def free_port(wanted: int = 0) -> int:
    """`wanted` where nobody listens there, else any port that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OutsideError("No port of this machine is free.", "End some programs and try again.")


def say(sentence: str) -> None:
    """One line of the story, on stderr."""
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201  # stderr is for the story


@contextmanager
def _one_at_a_time(root: Path) -> Iterator[None]:
    """Two commands that start together must not lay Prefect's database both."""
    with (home.folder(root, "prefect") / "starting.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
