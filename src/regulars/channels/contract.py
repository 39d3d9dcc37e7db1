"""What every channel takes and answers. Whoever writes a new one starts here, with the tests of `regulars.testing`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, Protocol, TypeVar, runtime_checkable

Kind = Literal["email", "sms"]
Sent_contra = TypeVar("Sent_contra", contravariant=True)

Outcome = Literal["accepted", "rejected", "throttled", "notsent", "config", "ambiguous"]
"""What is known of a message after `send`:

- `accepted`: the provider has it;
- `rejected`: the provider refused it for what it is; nothing was sent, and asking again changes nothing;
- `throttled`: too fast; nothing was sent, try again after `retry_after`;
- `notsent`: nothing reached the provider; try again later;
- `config`: the credentials, the sender or the provider's host are wrong; nothing was sent, an operator must act;
- `ambiguous`: the answer was lost; it may or may not have been sent, and only evidence may settle it.
"""

AddressVerdict = Literal["", "opted-out", "unusable"]
"""What an answer says of the address, whatever is sent to it: its owner opted out, or nothing ever arrives there."""


class Parts(NamedTuple):
    """A rendered text, taken apart: what it shares with others, and what is its own, in the order of the text.

    The text is `texts[0] + holes[0] + texts[1] + …`; there is one text more than holes.
    """

    texts: tuple[str, ...]
    holes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One rendered message for one address. Its `repr` names no person."""

    message_id: str
    """The ledger's id, 32 hexadecimal digits. It travels with the message, so that events find it again."""
    attempt_id: str
    channel: Kind
    to: str = field(repr=False)
    """An e-mail address, or a phone number in E.164 (`+40700000000`)."""
    subject: str = field(default="", repr=False)
    """E-mail only."""
    html: str = field(default="", repr=False)
    """E-mail only."""
    text: str = field(default="", repr=False)
    """The plain-text twin of `html`, or the words of an SMS."""
    sender: str = field(default="", repr=False)
    """`Casa Verde <salut@casaverde.example>`; for SMS a number or a name of up to 11 letters and digits."""
    reply_to: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """E-mail only: `List-Unsubscribe` and the like."""
    valid_until: datetime | None = None
    """Aware. A provider that can is told not to deliver later than this."""
    html_parts: Parts | None = field(default=None, repr=False)
    """`html` taken apart; None where it can share a request with nobody."""
    text_parts: Parts | None = field(default=None, repr=False)
    """`text` likewise."""
    ledger_id: str = ""
    """Whose message it is. It travels with it, so that what a provider tells is known to be about this ledger."""
    segments: int = 0
    """SMS only: segments its text takes, which is what providers limit and charge by; 0: not counted."""
    same: str = ""
    """What the message is, whatever its id (`ledger.same`). It travels with it, for the day an old copy is restored."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one message. Without personal text: `reason` is made of our words and the provider's codes."""

    message_id: str
    outcome: Outcome
    provider_id: str = ""
    """The provider's own id of the message or of the request that carried it."""
    http_status: int | None = None
    """`None` where no whole answer came, or nothing was asked."""
    reason: str = ""
    """Why it is not `accepted`; the same for the same cause, so that it can be counted."""
    retry_after: float | None = None
    """Seconds to wait, where the provider said so."""
    address: AddressVerdict = ""
    blamed: bool = False
    """The provider refused a whole request, and pointed at this message."""


@runtime_checkable
class Channel(Protocol):
    """A way out of the house."""

    name: str
    """`folder`, `sendgrid`, `twilio` …; recorded with each attempt."""
    batch: int
    """How many messages one request can carry: what one lost answer makes ambiguous. Where it is more than 1, messages
    with one `attempt_id` travel in one request (see `batches.requests`); else each goes alone."""
    idempotency_key: bool
    """Whether the provider drops a second request for the same `message_id`: a lost answer may be asked again."""
    proof_of_absence: bool
    """Whether the provider can be asked what it has sent, so that `ambiguous` can become `unsent`."""

    async def send(self, messages: Sequence[Outgoing]) -> list[Answer]:
        """Ask once for each of `messages`; one answer each, in their order.

        Never retries, and raises nothing for what a provider or a wire can do. Done within 45 seconds whatever the
        peer does, so that a lease of 60 seconds holds: messages whose turn does not come are answered as not sent.
        """

    async def close(self) -> None:
        """Let go of the connections of the running event loop. The channel may be used again."""


class Sought(NamedTuple):
    """A message whose answer was lost: `message` as it was sent, and when (aware) its request began."""

    message: Outgoing
    at: datetime


class Sighting(NamedTuple):
    """What a provider's books say of it: `unknown` where they could not be read to the end, or fit two messages."""

    verdict: Literal["sent", "absent", "unknown"]
    provider_id: str = ""
    """The provider's own id, where it is plain which one."""


@runtime_checkable
class ProvesAbsence(Channel, Protocol):
    """A channel with `proof_of_absence` whose provider keeps books."""

    async def seen(self, sought: Sequence[Sought]) -> dict[str, Sighting]:
        """Message id → what the provider has of it. One question per address; done within 45 seconds.

        A provider may still be at work on a request that was given up: ask a minute later, not sooner. Raises nothing
        for what a provider or a wire can do.
        """


@asynccontextmanager
async def opened(channel: Channel) -> AsyncIterator[Channel]:
    """Use `channel` in one event loop and close it at the end: `async with opened(channel): await channel.send(…)`."""
    try:
        yield channel
    finally:
        await channel.close()


class Sends(Protocol[Sent_contra]):
    """What `sending` needs of a channel."""

    async def send(self, messages: Sequence[Sent_contra], /) -> list[Answer]:
        """One answer each, in their order."""

    async def close(self) -> None:
        """Let go of the connections of the running event loop."""


@contextmanager
def sending(channel: Sends[Sent_contra]) -> Iterator[Callable[[Sequence[Sent_contra]], list[Answer]]]:
    """The same for callers without an event loop, such as Prefect's sync tasks: one loop and one pool for many sends.

        with sending(channel) as send:
            answers = send(messages)

    Raises RuntimeError in a thread where an event loop is running already: there `opened` belongs.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise RuntimeError("an event loop is running in this thread: use `async with opened(channel)`")
    with asyncio.Runner() as runner:

        async def send(messages: Sequence[Sent_contra]) -> list[Answer]:
            return await channel.send(messages)

        try:
            # asyncio.Runner keeps the context of its making; without the caller's own a frozen clock would not hold.
            yield lambda messages: runner.run(send(messages), context=copy_context())
        finally:
            runner.run(channel.close())
