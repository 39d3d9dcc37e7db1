"""Requests: some at a time, none begun too late, and none begun once the provider has said stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from regulars.channels.contract import Answer, Outgoing

AT_ONCE = 32
"""Requests in flight of one `send`: what an outage can make ambiguous."""
BEGIN_SHARE = 2 / 3
"""No request begins in the last third of the time: it could not be answered any more and would be ambiguous."""
AMBIGUOUS_IN_A_ROW = 3
"""So many lost answers, and no more requests begin."""

_LATE = Answer("", "notsent", reason="its turn did not come in time")
_OUTAGE = Answer("", "notsent", reason="held back: the provider's answers are being lost")


@dataclass(slots=True)
class _Brake:
    """What is answered for messages that have not left yet, as soon as asking on is pointless or rude."""

    verdict: Answer | None = None
    _lost: int = field(default=0)

    def saw(self, answers: Sequence[Answer]) -> None:
        """What one request came to."""
        for answer in answers:
            if answer.outcome in {"throttled", "notsent", "config"}:
                self.verdict = self.verdict or answer
        self._lost = self._lost + 1 if any(answer.outcome == "ambiguous" for answer in answers) else 0
        if self._lost >= AMBIGUOUS_IN_A_ROW:
            self.verdict = self.verdict or _OUTAGE


async def one_by_one(
    messages: Sequence[Outgoing],
    ask: Callable[[Outgoing, float], Awaitable[Answer]],
    *,
    total: float,
    at_once: int = AT_ONCE,
) -> list[Answer]:
    """Answers of `ask(message, until)` in the order of `messages`, a request each; see `in_turn`."""

    async def ask_one(request: Sequence[Outgoing], until: float) -> list[Answer]:
        return [await ask(request[0], until)]

    return await in_turn([[message] for message in messages], ask_one, total=total, at_once=at_once)


async def in_turn(
    requests: Sequence[Sequence[Outgoing]],
    ask: Callable[[Sequence[Outgoing], float], Awaitable[list[Answer]]],
    *,
    total: float,
    at_once: int = AT_ONCE,
) -> list[Answer]:
    """Answers of `ask(request, until)`, one for each message in the order of `requests`, all within `total` seconds.

    After an answer that holds for all (throttled, no connection, wrong credentials), or three requests in a row whose
    answers were lost, the requests that have not left are answered alike and stay at home.
    """
    loop = asyncio.get_running_loop()
    begin, until = loop.time() + total * BEGIN_SHARE, loop.time() + total
    brake, answers, turns = _Brake(), dict[int, list[Answer]](), iter(enumerate(requests))

    async def take_turns(turns: Iterator[tuple[int, Sequence[Outgoing]]]) -> None:
        for place, request in turns:
            stop = brake.verdict or (_LATE if loop.time() > begin else None)
            if stop:
                answers[place] = _alike(request, replace(stop, provider_id="", http_status=None))
                continue
            try:
                answers[place] = await ask(request, until)
            except Exception as error:  # noqa: BLE001  # a mistake in one channel's code must not lose the others' answers
                answers[place] = _alike(request, Answer("", "ambiguous", reason=f"unexpected {type(error).__name__}"))
            brake.saw(answers[place])

    async with asyncio.TaskGroup() as group:
        for _ in range(min(at_once, len(requests))):
            group.create_task(take_turns(turns))
    return [answer for place in range(len(requests)) for answer in answers[place]]


def _alike(request: Sequence[Outgoing], told: Answer) -> list[Answer]:
    return [replace(told, message_id=message.message_id, blamed=False, address="") for message in request]
