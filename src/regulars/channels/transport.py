"""One request to a provider: pooled, never repeated, never redirected, over in time, and its fate told honestly.

The providers' own clients are not used for this: `sendgrid` has no timeout, opens a connection per request and turns
a redirected POST into a GET it reports as success; `twilio`'s asynchronous one repeats a POST after a 500.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

from regulars import clock
from regulars.channels.contract import Outcome

if TYPE_CHECKING:
    import aiohttp
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

CONNECT = 3.0
"""Seconds for name, TCP and TLS together."""
TOTAL = 45.0
"""Seconds for a whole `send`; the ledger's lease is 60."""
KEEP_ALIVE = 15.0
"""Seconds a connection may idle. Providers close after 30 and more; a request on a closing one would be ambiguous."""
ANSWER_BYTES = 65_536
"""More of an answer is not read."""
LIST_BYTES = 4_000_000
"""The same of a page of a list."""

OUTCOME_OF_STATUS: dict[int, Outcome] = {
    400: "rejected",
    401: "config",
    403: "config",
    404: "config",
    405: "config",
    408: "ambiguous",  # the peer gave up waiting for something; who knows for what
    413: "rejected",
    422: "rejected",
    429: "throttled",
}


def outcome_of(status: int) -> Outcome:
    """What an HTTP status other than success means.

    A redirect is a wrong host. A refusal (4xx) we do not know holds the messages back rather than killing them.
    Everything else, 5xx first of all, tells nothing.
    """
    if status in OUTCOME_OF_STATUS:
        return OUTCOME_OF_STATUS[status]
    return "config" if 300 <= status < 500 else "ambiguous"


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. Header names in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait, at most a day: `Retry-After` (seconds or a date) or `X-RateLimit-Reset` (epoch seconds)."""
        asked, reset = self.headers.get("retry-after", "").strip(), self.headers.get("x-ratelimit-reset", "").strip()
        if asked.isdecimal():
            seconds = float(asked)
        elif asked:
            try:
                seconds = parsedate_to_datetime(asked).timestamp() - clock.now().timestamp()
            except ValueError:
                return None
        elif reset.isdecimal():
            seconds = float(reset) - clock.now().timestamp()
        else:
            return None
        return min(max(seconds, 0.0), 86_400.0)


@dataclass(frozen=True, slots=True)
class Lost:
    """No whole answer. `notsent`: no connection was ever had. `ambiguous`: there was one; the rest is unknown."""

    outcome: Literal["notsent", "ambiguous"]
    reason: str


@dataclass(slots=True)
class _Wire:
    """Whether one request ever had a connection. From then on we assume that the provider may have read it."""

    had: bool = False


_ASKING: ContextVar[_Wire | None] = ContextVar("regulars_asking", default=None)
"""The request that this task makes."""


class Transport:
    """A pool of connections per event loop. Making one opens nothing."""

    def __init__(self, *, connect: float = CONNECT, total: float = TOTAL) -> None:
        """`connect`: seconds for name, TCP and TLS; `total`: seconds for a whole `send` of a channel."""
        self.total = total
        self._connect = connect
        self._sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = WeakKeyDictionary()

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes, until: float) -> Reply | Lost:
        """POST once. `until` is a time of the running loop's clock: then it is over, also for a peer that dribbles."""
        return await self._ask("POST", url, headers, body, until, ANSWER_BYTES)

    async def get(self, url: str, *, headers: Mapping[str, str], until: float) -> Reply | Lost:
        """GET once, by the same rules; up to 4 MB are read."""
        return await self._ask("GET", url, headers, None, until, LIST_BYTES)

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, until: float, most: int
    ) -> Reply | Lost:
        import aiohttp

        wire = _Wire()
        _ASKING.set(wire)
        asked = self._session().request(method, url, data=body, headers=headers, allow_redirects=False)
        try:
            async with asyncio.timeout_at(until), asked as response:
                answer = await _read(response, most)
                return Reply(response.status, {name.lower(): value for name, value in response.headers.items()}, answer)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            # Their texts may hold the URL; only their kinds go on.
            return Lost("ambiguous" if wire.had else "notsent", _in_words(error, had_connection=wire.had))

    async def close(self) -> None:
        """Close the pool of the running loop, and what loops that are gone have left."""
        here = asyncio.get_running_loop()
        for loop in [loop for loop in self._sessions if loop is here or loop.is_closed()]:
            await self._sessions.pop(loop).close()

    def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if loop not in self._sessions:
            self._sessions[loop] = _new_session(self._connect)
        return self._sessions[loop]


def _new_session(connect: float) -> aiohttp.ClientSession:
    import aiohttp

    class Connector(aiohttp.TCPConnector):
        """Tells whoever asks that there was a connection; a trace would say the same at twice the price."""

        async def connect(
            self,
            req: aiohttp.ClientRequest,
            traces: list[Trace],
            timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # aiohttp's signature
        ) -> Connection:
            connection = await super().connect(req, traces, timeout)
            if wire := _ASKING.get():
                wire.had = True
            return connection

    return aiohttp.ClientSession(
        # No limit of its own: waiting for a free connection would count as connecting. Callers bound what they start.
        connector=Connector(limit=0, keepalive_timeout=KEEP_ALIVE),
        timeout=aiohttp.ClientTimeout(total=None, connect=connect),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity", "User-Agent": "regulars"},
    )


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    if response.content_length is not None and response.content_length <= most:
        return await response.read()
    answer = bytearray()
    async for piece in response.content.iter_any():
        answer += piece
        if len(answer) > most:
            response.close()
            break
    return bytes(answer[:most])


def _in_words(error: Exception, *, had_connection: bool) -> str:
    import aiohttp

    if had_connection:
        return "no answer in time" if isinstance(error, TimeoutError) else "the connection was lost before the answer"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "no connection: the host's name was not found"
    if isinstance(error, aiohttp.ClientSSLError):
        return "no connection: TLS failed"
    if isinstance(error, TimeoutError):
        return "no connection in time"
    if isinstance(error, ConnectionRefusedError) or isinstance(
        getattr(error, "os_error", None), ConnectionRefusedError
    ):
        return "no connection: refused"
    return "no connection"
