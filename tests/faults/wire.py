"""HTTP/1.1 on an asyncio transport, as little of it as a fake provider needs, and all the ways in which it breaks."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

Fate = Literal["", "reset", "cut", "dribble", "hang", "garbage"]
"""What happens to an answer on its way: nothing, a reset, an end inside it, no end, silence, or no HTTP at all."""
DRIP_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Asked:
    """A whole request. Header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and what the wire does to it."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    fate: Fate = ""

    @classmethod
    def json(cls, status: int, told: Any, headers: Mapping[str, str] | None = None) -> Reply:
        """`told` as JSON."""
        return cls(status, json.dumps(told).encode(), {"Content-Type": "application/json", **(headers or {})})


class Line(asyncio.Protocol):
    """One connection. `handle(asked, line)` is called for each request and answers through `line.answer`."""

    def __init__(self, handle: Callable[[Asked, Line], None], lines: set[Line]) -> None:
        self._handle, self._lines, self._buffer = handle, lines, bytearray()
        self.transport: asyncio.Transport | None = None
        self._waiting, self._last = 0, False
        self._drip: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._lines.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._lines.discard(self)
        if self._drip:
            self._drip.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (asked := self._whole()) is not None:
            self._waiting += 1
            self._handle(asked, self)

    def _whole(self) -> Asked | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", "0"))
        if len(self._buffer) < end + 4 + length:
            return None
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        del self._buffer[: end + 4 + length]
        method, target, _ = first.split(" ", 2)
        return Asked(method, target, headers, body)

    def answer(self, reply: Reply) -> None:
        """Send `reply`, or what its fate leaves of it. Nobody may be there any more."""
        self._waiting -= 1
        if self.transport is None or self.transport.is_closing():
            return
        match reply.fate:
            case "reset":
                self.reset()
            case "hang":
                return
            case "garbage":
                self.transport.write(b"\x00\x01 no HTTP at all\r\n\r\n")
                self.transport.close()
            case "cut":
                self._write(reply, len(reply.body) + 100)
                self.transport.close()
            case "dribble":
                self._write(reply, 1_000_000)
                self._dribble()
            case _:
                self._write(reply, len(reply.body))
                if self._last and not self._waiting:
                    self.transport.close()

    def end(self) -> None:
        """Answer what is asked already, and close."""
        self._last = True
        if self.transport is not None and not self._waiting:
            self.transport.close()

    def reset(self) -> None:
        """End the connection at once, so that the other side gets a reset and not an end."""
        if self.transport is not None:
            end: socket.socket = self.transport.get_extra_info("socket")
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()

    def _write(self, reply: Reply, length: int) -> None:
        assert self.transport is not None
        lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + reply.body)

    def _dribble(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(b" ")
            self._drip = asyncio.get_running_loop().call_later(DRIP_SECONDS, self._dribble)


class Port:
    """A listening socket on the loopback address that can be closed and opened again on the same number."""

    def __init__(self, handle: Callable[[Asked, Line], None]) -> None:
        self._handle, self._lines = handle, set[Line]()
        self._server: asyncio.Server | None = None
        self.number = 0

    async def open(self) -> int:
        """Listen; the port's number, the same each time."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            made = lambda: Line(self._handle, self._lines)  # noqa: E731  # a factory of one line
            self._server = await loop.create_server(made, "127.0.0.1", self.number, reuse_address=True, backlog=512)
            self.number = self._server.sockets[0].getsockname()[1]
        return self.number

    def close(self) -> None:
        """Refuse whoever comes; who is being served is served to the end."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for line in list(self._lines):
            line.end()
