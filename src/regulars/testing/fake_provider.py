"""An HTTP server on the loopback address that plays a provider, keeps the ground truth, and fails as it is told."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self

Fault = Literal["", "reset", "cut", "dribble", "hang", "garbage"]
"""What the wire does instead of answering: reset the connection, end it inside the answer, send an answer that never
ends, send nothing, or send what is no HTTP."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """How one request is met: with a status, or with a fault of the wire.

    `keeps`: whether the provider has taken the message all the same. By default it has for 2xx and for faults, as real
    ones do in the worst case: the answer is lost, the message is not.
    """

    status: int = 0
    fault: Fault = ""
    keeps: bool | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    code: int = 0
    """The provider's own error code, where it has such."""

    @property
    def takes(self) -> bool:
        """Whether the message goes out."""
        return (bool(self.fault) or self.status < 300) if self.keeps is None else self.keeps


@dataclass(frozen=True, slots=True)
class Request:
    """What came in. Header names in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message the provider has taken: the ground truth a test compares with."""

    message_id: str
    to: str
    text: str
    html: str = ""
    subject: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    args: Mapping[str, str] = field(default_factory=dict)
    """The ids that travel with it."""


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back when the wire is well."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, status: int, told: Any, headers: Mapping[str, str] | None = None) -> Response:
        """`told` as JSON."""
        return cls(status, json.dumps(told).encode(), {"Content-Type": "application/json", **(headers or {})})


class FakeProvider:
    """Start it with `with`. `url` is where it listens, `requests` what came in over how many `connections`,
    `arrivals` what it has taken.

    A subclass says what a request holds (`read`), what it thinks of it (`judge`) and how it refuses (`refuse`).
    """

    def __init__(self, *, latency: float = 0.0) -> None:
        """`latency`: seconds before each answer."""
        self.requests: list[Request] = []
        self.arrivals: list[Arrival] = []
        self.connections = 0
        self._latency = latency
        self._next: deque[Reaction] = deque()
        self._usual: Reaction | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        if self._server is None:
            raise RuntimeError("the fake provider is not running: use it in a `with`")
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def will(self, *reactions: int | Fault | Reaction) -> None:
        """Meet the next requests so, one each: `will(429, "reset", Reaction(500, keeps=True))`."""
        self._next.extend(map(_reaction, reactions))

    def always(self, reaction: int | Fault | Reaction | None) -> None:
        """Meet every further request so; `None`: as a healthy provider."""
        self._usual = None if reaction is None else _reaction(reaction)

    @property
    def twice(self) -> list[str]:
        """The ids of messages that were taken more than once, sorted: whatever else holds, there should be none."""
        counts = Counter(arrival.message_id for arrival in self.arrivals)
        return sorted(message_id for message_id, count in counts.items() if count > 1)

    def read(self, request: Request) -> list[Arrival]:
        """What would arrive: a message, or each of those that share the request. May raise on a malformed one."""
        raise NotImplementedError

    def judge(self, request: Request) -> Response:
        """A healthy provider's answer; 2xx takes the message."""
        raise NotImplementedError

    def look(self, request: Request) -> Response:
        """A healthy provider's answer to a GET: its books, where it lets one read them."""
        return self.refuse(Reaction(405), request)

    def refuse(self, reaction: Reaction, request: Request) -> Response:
        """The answer with `reaction.status` in the provider's own words, as indiscreet as the real ones are."""
        raise NotImplementedError

    def meet(self, request: Request) -> tuple[Response, Fault]:
        """Keep the books for one request; what to answer, and what the wire does to the answer."""
        with self._lock:
            self.requests.append(request)
            reaction = self._next.popleft() if self._next else self._usual
            healthy = self.look(request) if request.method == "GET" else self.judge(request)
            if request.method == "GET":
                return _met(self, healthy, reaction, request)
            if reaction is None:
                if healthy.status < 300:
                    self.arrivals += self.read(request)
                return healthy, ""
            if reaction.takes and healthy.status < 300:
                self.arrivals += self.read(request)
        return _met(self, healthy, reaction, request)

    def pause(self, seconds: float | None) -> bool:
        """Wait; true as soon as the provider is being stopped."""
        return self._stopping.wait(seconds)

    @property
    def latency(self) -> float:
        """Seconds before each answer."""
        return self._latency

    def __enter__(self) -> Self:
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()


def _reaction(told: int | Fault | Reaction) -> Reaction:
    if isinstance(told, Reaction):
        return told
    return Reaction(status=told) if isinstance(told, int) else Reaction(fault=told)


def _met(
    provider: FakeProvider, healthy: Response, reaction: Reaction | None, request: Request
) -> tuple[Response, Fault]:
    if reaction is None:
        return healthy, ""
    if reaction.fault or (reaction.status < 300 and reaction.body is None):
        return Response(reaction.status or healthy.status, healthy.body, healthy.headers), reaction.fault
    told = provider.refuse(reaction, request)
    body = told.body if reaction.body is None else reaction.body
    return Response(reaction.status, body, {**told.headers, **reaction.headers}), ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, provider: FakeProvider) -> None:
        self.provider = provider
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """One more connection."""
        self.provider.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what these servers are for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one write per answer
    server: _Server

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.path, headers, body, self.command)
        provider = self.server.provider
        response, fault = provider.meet(request)
        if provider.latency:
            provider.pause(provider.latency)
        if fault:
            self.close_connection = True
            _FAULTS[fault](self, response)
        else:
            self._answer(response, len(response.body))
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the standard library's name
        """Says nothing: requests hold people."""

    def _answer(self, response: Response, length: int) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _reset(self, _response: Response) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _cut(self, response: Response) -> None:
        self._answer(response, len(response.body) + 100)
        self.wfile.write(response.body)

    def _dribble(self, response: Response) -> None:
        self._answer(response, 1_000_000)
        while not self.server.provider.pause(0.05):
            self.wfile.write(b" ")
            self.wfile.flush()

    def _hang(self, _response: Response) -> None:
        self.server.provider.pause(120)

    def _garbage(self, _response: Response) -> None:
        self.wfile.write(b"\x00\x01 no HTTP at all\r\n\r\n")


_FAULTS = {
    "reset": _Handler._reset,  # noqa: SLF001  # same file
    "cut": _Handler._cut,  # noqa: SLF001  # same file
    "dribble": _Handler._dribble,  # noqa: SLF001  # same file
    "hang": _Handler._hang,  # noqa: SLF001  # same file
    "garbage": _Handler._garbage,  # noqa: SLF001  # same file
}
