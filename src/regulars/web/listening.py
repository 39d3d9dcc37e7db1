"""`regulars web`: the app on a port of this machine, until it is told to stop."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from regulars.errors import OutsideError, WrongUse
from regulars.web.app import create
from regulars.web.connection import Connection
from regulars.web.intake import HEADER_BYTES

AT_ONCE = 200
"""Connections; more are answered with 503."""
GRACE_SECONDS = 10


def listen(root: Path, host: str, port: int) -> None:
    """Serve the project on `host` and `port` (0: any that is free) until SIGINT or SIGTERM.

    Raises OutsideError where somebody listens there already, WrongUse where `host` is no address of this machine.
    """
    with _opened(host, port) as listener:
        server = uvicorn.Server(config(create(root)))
        _end_when_told(server)
        shown = f"[{host}]" if ":" in host else host
        print(f"Web: http://{shown}:{listener.getsockname()[1]}", file=sys.stderr, flush=True)  # noqa: T201  # stderr is for the story
        server.run(sockets=[listener])
    if not server.started:
        raise OutsideError("The web app could not start.", "Its last words are above.")


def config(app: FastAPI) -> uvicorn.Config:
    """How the app is served: no banner, no log of paths (they hold tokens), nothing believed that a caller says."""
    return uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, proxy_headers=False,
        h11_max_incomplete_event_size=HEADER_BYTES, http=Connection, ws="none", limit_concurrency=AT_ONCE,
        timeout_keep_alive=5, timeout_graceful_shutdown=GRACE_SECONDS, lifespan="on",
    )  # fmt: skip


def _end_when_told(server: uvicorn.Server) -> None:
    """Signals end the server, also while it starts. It raises each again when it has ended: then nothing is left."""

    def stop(_number: int, _frame: object) -> None:
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _opened(host: str, port: int) -> socket.socket:
    try:
        family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server((place[0], port), family=family, backlog=256)
    except socket.gaierror:
        raise WrongUse(f"`{host[:100]}` is no address of this machine.", "Write --host 127.0.0.1.") from None
    except OSError as error:
        raise OutsideError(
            f"Port {port} of {host} cannot be had: {os.strerror(error.errno or 0).lower()}.",
            "Choose another one: regulars web --port 8081.",
        ) from None
