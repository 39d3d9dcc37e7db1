"""The fake provider, a process of its own: `python -m faults.provider` prints its two ports as JSON and serves.

One port plays SendGrid and Twilio; the other is for the test alone and never fails. It keeps its books whatever happens
to the workers, and ends when its parent does.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Callable
from itertools import chain
from typing import Any

from faults.books import Books, Taken
from faults.hooks import Habits, Signer, posts
from faults.letters import MAIL, MESSAGES, Mail, Texts
from faults.mishaps import Weather
from faults.processes import die_with_parent
from faults.wire import Asked, Line, Port, Reply


class Provider:
    """Both sides of the process: what workers see, and what the test asks."""

    def __init__(self) -> None:
        self.books, self.weather, self.signer = Books(), Weather(), Signer()
        self._mail, self._texts = Mail(self.books, self.weather), Texts(self.books, self.weather)
        self.front, self.back = Port(self._meet), Port(self._control)
        self._tasks: set[asyncio.Task[None]] = set()
        self._questions: dict[str, Callable[[Any], Any]] = {
            "/truth": lambda _: self.books.truth(),
            "/figures": lambda _: self.books.figures() | {"key": self.signer.public},
            "/requests": lambda _: self.books.requests,
            "/kept": lambda _: self.books.kept,
            "/events": lambda told: [post.plain() for post in self._posts(told)],
        }

    def _meet(self, asked: Asked, line: Line) -> None:
        path = asked.target.partition("?")[0]
        if path == MESSAGES and asked.method == "GET":
            line.answer(self._texts.list(asked))
            return
        side = {MAIL: self._mail, MESSAGES: self._texts}.get(path)
        if side is None or asked.method != "POST":
            self.books.came(0, "wrong address")
            line.answer(Reply.json(404, {"errors": []}))
            return
        taken, reply = side.meet(asked, self.weather.next())
        until_taken, until_answer = self.weather.wait()
        # Once a request is here it is dealt with, whether or not somebody still waits for the answer.
        _later(until_taken, self._take, taken)
        _later(until_answer, line.answer, reply)

    def _take(self, taken: list[Taken]) -> None:
        for one in taken:
            self.books.take(one)

    def _control(self, asked: Asked, line: Line) -> None:
        told = json.loads(asked.body) if asked.body else {}
        if asked.target in self._questions:
            line.answer(Reply.json(200, self._questions[asked.target](told)))
            return
        task = asyncio.create_task(self._act(asked.target, told, line))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _act(self, target: str, told: dict[str, Any], line: Line) -> None:
        answer: dict[str, Any] = {}
        if target == "/weather":
            refused = told.get("outage") == "refused"
            if refused:
                self.front.close()
            self.weather.change({**told, "outage": ""} if refused else told)
            if "outage" in told and not refused:
                await self.front.open()
        elif target == "/forget":
            self.books.taken.clear()
            self.books.by_number.clear()
            self.books.requests.clear()
            self.books.complaints.clear()
        elif target == "/report":
            answer = await self._report(told)
        line.answer(Reply.json(200, answer))

    def _posts(self, told: dict[str, Any]) -> Any:
        names = ("seed", "copies", "shuffle", "bounces", "complaints", "opens", "clicks", "chunk", "only")
        habits = Habits(**{name: told[name] for name in names if name in told})
        return posts(list(chain.from_iterable(self.books.taken.values())), self.signer, habits)

    async def _report(self, told: dict[str, Any]) -> dict[str, Any]:
        """Post everything to `url` (its scheme, host and port); how many posts were answered how."""
        import aiohttp

        statuses: dict[str, int] = {}
        async with aiohttp.ClientSession() as session:
            for post in self._posts(told):
                where = told["url"] + _path(post.url, told.get("path", "/webhooks/sendgrid"))
                async with session.post(where, data=post.body, headers=post.headers) as response:
                    statuses[str(response.status)] = statuses.get(str(response.status), 0) + 1
        return statuses


def _path(url: str, otherwise: str) -> str:
    """`/webhooks/twilio/status?m=…` of a message's own callback."""
    return "/" + url.split("/", 3)[3] if url else otherwise


def _later(seconds: float, call: Callable[..., None], *arguments: Any) -> None:
    if seconds:
        asyncio.get_running_loop().call_later(seconds, call, *arguments)
    else:
        call(*arguments)


async def _serve() -> None:
    provider, over = Provider(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    ports = {"port": await provider.front.open(), "control": await provider.back.open()}
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    await over.wait()


if __name__ == "__main__":
    die_with_parent()
    asyncio.run(_serve())
