"""A mail provider that costs next to nothing: takes any POST, answers 202. A process of its own, on loopback.

    python -m benchmarks.mail_host [SECONDS]     prints its port, serves until its standard input closes

It answers at once, or after so many seconds, as a provider far away does; connections do not wait for each other.
What it counts (requests, messages) is answered to a GET. It checks nothing: here only time is measured.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MESSAGE = b'"regulars_mid"'


class Host(asyncio.Protocol):
    """One connection, kept open for as many requests as come."""

    latency = 0.0
    counts: dict[str, int] = {"requests": 0, "messages": 0}  # noqa: RUF012  # one host, one count

    def __init__(self) -> None:
        self._heard = bytearray()
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        while (end := self._heard.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._heard[:end]).lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            if len(self._heard) < end + 4 + length:
                return
            body = bytes(self._heard[end + 4 : end + 4 + length])
            del self._heard[: end + 4 + length]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"get"):
            told = json.dumps(self.counts).encode()
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(told), told))
            return
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, self._accept, body)
        else:
            self._accept(body)

    def _accept(self, body: bytes) -> None:
        self.counts["requests"] += 1
        self.counts["messages"] += max(body.count(MESSAGE), 1)
        self._transport.write(b"HTTP/1.1 202 Accepted\r\nX-Message-Id: m%d\r\nContent-Length: 0\r\n\r\n" % id(body))


async def _serve(latency: float) -> None:
    Host.latency = latency
    server = await asyncio.get_running_loop().create_server(Host, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


@contextmanager
def serving(latency: float = 0.0) -> Iterator[str]:
    """The URL of a host that runs meanwhile, and takes `latency` seconds for each answer."""
    command = [sys.executable, "-m", "benchmarks.mail_host", str(latency)]
    with subprocess.Popen(
        command, cwd=Path(__file__).resolve().parents[1], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.terminate()


def counted(url: str) -> dict[str, int]:
    """What the host has counted: requests, messages."""
    with urllib.request.urlopen(url) as response:
        told: dict[str, int] = json.load(response)
    return told


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]) if len(sys.argv) > 1 else 0.0))
