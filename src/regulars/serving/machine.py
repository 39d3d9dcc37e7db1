"""`regulars up`: the API, the schedules and what they run, on one machine, until it is told to stop."""

from __future__ import annotations

import fcntl
import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from regulars.errors import OutsideError, RegularsError
from regulars.serving import api, home
from regulars.serving.api import say
from regulars.serving.children import Child, begin
from regulars.serving.deploying import deploy_at

PORT = 4200
WEB_PORT = 8080
POOL = "regulars"
RUNS_AT_ONCE = 4
LOOK_SECONDS = 5


def up(root: Path, port: int = PORT, web_port: int = WEB_PORT, also: Mapping[str, Sequence[str]] | None = None) -> None:
    """Serve the project until SIGINT or SIGTERM: API and UI on `port`, the pages of messages on `web_port` (or on
    free ones), a worker, the schedules.

    Schedules follow the files: an edit of `rules.yaml` or of a campaign is taken over within seconds, if it has no
    problems. `also` is name → command of further programs to run beside them.
    Raises OutsideError where one runs already, or where a child ends by itself; ProjectError for the project's files.
    """
    root = root.resolve()
    home.apply(root)
    stop = threading.Event()
    with _only_one(root), _signals(stop), _children() as children:
        server, url = api.serve(root, api.free_port(port))
        children.append(server)
        web, pages = _web(root, api.free_port(web_port))
        children.append(web)
        stamp = _stamp(root)
        api.wait(server, url)
        say(_registered(root, url))
        worker = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process"]
        limits = ["--limit", str(RUNS_AT_ONCE), "--name", "up", "--install-policy", "never"]
        children.append(begin(root, "worker", worker + limits, PREFECT_API_URL=url))
        children.extend(begin(root, name, command, PREFECT_API_URL=url) for name, command in (also or {}).items())
        api.wait(web, pages, "The web app")
        home.Running(url, os.getpid()).write(root)
        say(f"Up: {url.removesuffix('/api')}   web: {pages}   logs: {home.folder(root, 'logs')}   stop with Ctrl-C")
        _watch(root, url, stop, children, stamp)
        say("Stopping …")
    say("Stopped.")


def _web(root: Path, port: int) -> tuple[Child, str]:
    """Start the web app by its own command; the process and its address, at which it answers after some seconds."""
    command = [sys.executable, "-m", "regulars.cli", "web", "--host", api.HOST, "--port", str(port)]
    return begin(root, "web", command), f"http://{api.HOST}:{port}"


def _watch(root: Path, url: str, stop: threading.Event, children: list[Child], stamp: str) -> None:
    """Until told to stop: see that everything runs, and that the schedules are those of the files."""
    while not stop.wait(LOOK_SECONDS):
        for child in children:
            if not child.alive():
                raise child.ended_by_itself()
        if (now := _stamp(root)) != stamp:
            stamp = now
            try:
                say(_registered(root, url))
            except RegularsError as error:
                say(f"{error} The schedules stay as they are.")


def _registered(root: Path, url: str) -> str:
    deployed = deploy_at(url, root, POOL, command=f"{shlex.quote(sys.executable)} -m prefect.engine")
    removed = f", removed: {', '.join(deployed.removed)}" if deployed.removed else ""
    return f"Scheduled: {', '.join(deployed.names)}{removed}"


def _stamp(root: Path) -> str:
    """Changes when the files that schedules are read from change."""
    files = [root / "rules.yaml", *sorted((root / "campaigns").glob("*.yaml"))]
    return "\n".join(f"{file.name} {file.stat().st_mtime_ns}" for file in files if file.exists())


@contextmanager
def _only_one(root: Path) -> Iterator[None]:
    """A lock that the system takes back when we die, however we die."""
    with (home.folder(root, "prefect") / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutsideError("`regulars up` runs already for this project.", "Stop that one first.") from None
        try:
            yield
        finally:
            home.forget(root)


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """SIGINT and SIGTERM set `stop`, also while something starts."""
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _children() -> Iterator[list[Child]]:
    """A list of processes that are ended in the order opposite to their start."""
    children: list[Child] = []
    try:
        yield children
    finally:
        for child in reversed(children):
            child.end()
