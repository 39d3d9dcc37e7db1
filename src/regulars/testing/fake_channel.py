"""A channel in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from regulars.channels.contract import Answer, Outcome, Outgoing, Sighting, Sought
from regulars.channels.objections import objection, refused


@dataclass
class FakeChannel:
    """Keeps what it is given, and answers as it was told.

    `asked` holds every message of every `send`, `arrived` what really went out: the ground truth. An `ambiguous` answer
    leaves no trace in `arrived` unless `lost_answers_arrive`.
    """

    name: str = "fake"
    batch: int = 1
    idempotency_key: bool = False
    proof_of_absence: bool = True
    lost_answers_arrive: bool = False
    asked: list[Outgoing] = field(default_factory=list)
    arrived: list[Outgoing] = field(default_factory=list)
    _told: deque[Answer] = field(default_factory=deque)

    def will(self, *outcomes: Outcome | Answer) -> None:
        """Answer the next messages with these, one each; then `accepted` again. The answers' `message_id` is ours."""
        self._told.extend(told if isinstance(told, Answer) else Answer("", told, reason="as told") for told in outcomes)

    async def send(self, messages: Sequence[Outgoing]) -> list[Answer]:
        """One answer for each message, at once."""
        return [self._one(message) for message in messages]

    async def seen(self, sought: Sequence[Sought]) -> dict[str, Sighting]:
        """The truth about each, by its id."""
        there = {message.message_id for message in self.arrived}
        return {
            one.message.message_id: Sighting("sent" if one.message.message_id in there else "absent") for one in sought
        }

    async def close(self) -> None:
        """Nothing is held open."""

    def _one(self, message: Outgoing) -> Answer:
        self.asked.append(message)
        if reason := objection(message, "email", "sms"):
            return refused(message, reason)
        told = self._told.popleft() if self._told else Answer("", "accepted", provider_id=f"fake-{message.message_id}")
        if told.outcome == "accepted" or (told.outcome == "ambiguous" and self.lost_answers_arrive):
            self.arrived.append(message)
        return replace(told, message_id=message.message_id)
