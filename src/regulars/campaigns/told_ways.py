"""The ways in which the shop hears of an answer: an e-mail to somebody of the team, a POST to a system of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC
from email.utils import parseaddr
from html import escape
from pathlib import Path
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from regulars.campaigns.desk import Desk
from regulars.campaigns.team import of_the_team
from regulars.channels.contract import Outcome, Outgoing, sending
from regulars.channels.notices import Notice, lacking, receiver_for
from regulars.lang.model import Campaign, Message
from regulars.lang.surveys import SCALES, Tell
from regulars.ledger import answered, ids
from regulars.settings import Settings

Send = Callable[[Mapping[str, Any]], Outcome]
"""Tells of a row of `answered.UNTOLD`, once."""
ANSWERED = "survey.answered"
"""`type` of what a webhook gets."""


@dataclass(frozen=True)
class Way(ABC):
    """One way for the answers to one message of a campaign."""

    desk: Desk
    campaign: str
    message: Message
    told: Tell
    column: ClassVar[answered.Way]
    kind: ClassVar[Literal["email", "webhook"]]

    @abstractmethod
    def opened(self) -> AbstractContextManager[Send]:
        """The way, open for as long as the context lasts. Raises RegularsError where it is not set up."""

    @property
    def _outbox(self) -> Path:
        return self.desk.folder / "outbox"


class ByLetter(Way):
    """To somebody of `shop.team`, by the channel of e-mails."""

    column, kind = "told", "email"

    def opened(self) -> AbstractContextManager[Send]:
        """See `Way.opened`."""
        from regulars.channels import registry

        channel = registry.channel_for("email", self.desk.settings, self._outbox)

        @contextmanager
        def opened() -> Iterator[Send]:
            with sending(channel) as send:
                yield lambda row: send([self._letter(row)])[0].outcome

        return opened()

    def _letter(self, row: Mapping[str, Any]) -> Outgoing:
        shop, scale = self.desk.rules.shop, SCALES[row["survey"]]
        when = row["at"].astimezone(ZoneInfo(self.desk.zone))
        lines = [
            f"Customer #{row['customer_id']} answered {row['answer']:.3g} of {scale.highest} ({row['survey']}).",
            f"Asked by: {self.desk.campaign(self.campaign).title}. Answered on {when:%d %b %Y at %H:%M}.",
            *([f"They wrote: {row['comment']}"] if row["comment"] else ["They wrote nothing."]),
        ]
        return Outgoing(
            ids.one(), ids.one(), "email", parseaddr(of_the_team(self.desk, str(self.told.team)))[1],
            subject=f"{row['survey']}: {row['answer']:.3g} of {scale.highest}, customer #{row['customer_id']}",
            html="".join(f"<p>{escape(line)}</p>\n" for line in lines), text="\n\n".join(lines) + "\n",
            sender=str(shop.sender.email),
        )  # fmt: skip


class ByWebhook(Way):
    """To a system of the shop, whose address the environment holds."""

    column, kind = "told_webhook", "webhook"

    def opened(self) -> AbstractContextManager[Send]:
        """See `Way.opened`."""
        receiver = receiver_for(str(self.told.webhook), self.desk.settings, self._outbox)

        @contextmanager
        def opened() -> Iterator[Send]:
            with sending(receiver) as send:
                yield lambda row: send([self._notice(row)])[0].outcome

        return opened()

    def _notice(self, row: Mapping[str, Any]) -> Notice:
        scale = SCALES[row["survey"]]
        content = {
            "type": ANSWERED,
            "timestamp": row["at"].astimezone(UTC).isoformat(),
            "data": {
                "survey": row["survey"],
                "answer": int(row["answer"]) if row["answer"].is_integer() else row["answer"],
                "lowest": scale.lowest,
                "highest": scale.highest,
                "comment": row["comment"],
                "customer_id": row["customer_id"],
                "campaign": self.campaign,
                "title": str(self.desk.campaign(self.campaign).title),
                "message": str(self.message.name),
            },
        }
        # Of the message that asked, not of the try: a notice that is tried again is the same one.
        return Notice(f"answer_{row['message_id']}", content)


def of_live(desk: Desk) -> list[Way]:
    """Every way of telling of campaigns that are live."""
    return [
        way(desk, name, message, message.tell)
        for name, campaign in desk.project.campaigns.items()
        if campaign.status == "live"
        for message in campaign.messages
        if message.tell is not None
        for way, whom in ((ByLetter, message.tell.team), (ByWebhook, message.tell.webhook))
        if whom is not None
    ]


def spoken(campaign: Campaign, settings: Settings) -> list[str]:
    """Who hears of the answers of a campaign, such as ``to `ask` are told to ana by e-mail``, for each message."""
    return [_spoken(message, message.tell, settings) for message in campaign.messages if message.tell is not None]


def _spoken(message: Message, told: Tell, settings: Settings) -> str:
    whom = [] if told.team is None else [f"{told.team} by e-mail"]
    if told.webhook is not None:
        unset = " (not set up, see regulars doctor)" if lacking(str(told.webhook), settings) else ""
        whom.append(f"the webhook `{told.webhook}`{unset}")
    return f"to `{message.name}` are told to {' and '.join(whom)}" + (f", if {told.when}" if told.when else "")
