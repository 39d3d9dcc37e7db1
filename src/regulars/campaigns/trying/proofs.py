"""Proofs: a campaign's messages, marked as tests, to one of the shop's own team, by the real channel.

They leave no trace: no entry, no code, nothing that a cap, a holdout or a conversion would count. Their links name a
message that there is not, so that nobody is unsubscribed by following one, and their codes are none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parseaddr
from itertools import product
from typing import Any

from regulars.campaigns import dated
from regulars.campaigns.desk import Desk
from regulars.campaigns.letters import BLANK
from regulars.campaigns.rendering import outgoing
from regulars.campaigns.team import of_the_team
from regulars.campaigns.trying.invented import customer_of, row_of
from regulars.campaigns.trying.preview import day_shown, outbox_row, shown_to, wanted_messages
from regulars.channels.contract import Kind, Outgoing, sending
from regulars.errors import RegularsError
from regulars.lang.model import Message
from regulars.ledger import ids

MARK = "TEST"


@dataclass(frozen=True)
class Proof:
    """One message in one language, and what became of it. Nobody's address."""

    message: str
    template: str
    channel: str
    language: str
    outcome: str
    """`accepted`, or why it did not go."""
    variant: str = ""
    """Empty where the message has one wording alone."""

    @property
    def sent(self) -> bool:
        """Whether the channel has it."""
        return self.outcome == "accepted"


def prove(
    desk: Desk, campaign: str, name: str, at: datetime, *, customer: str = "", message: str = "", language: str = ""
) -> list[Proof]:
    """Send every message of `campaign` (or the one called `message`) to `name`, in every language it is written in.

    `language`: in this one alone. The values are those of `customer` (id or address), else of somebody invented. A
    message that cannot go to the address there is (a phone gets no e-mail) is told as such. Raises WrongUse for a name
    that is not of the team.
    """
    address = of_the_team(desk, name)
    kind: Kind = "email" if "@" in address else "sms"
    to = parseaddr(address)[1] if kind == "email" else address.replace(" ", "")
    proofs: list[Proof] = []
    for one in wanted_messages(desk, campaign, message):
        if kind not in one.send.channels:
            other = "a phone number" if kind == "sms" else "an e-mail address"
            why = f"it goes by {one.send}, and {name} has {other}"
            proofs.append(Proof(str(one.name), str(one.template), str(one.send), "", why))
            continue
        for variant, way in one.ways.items():
            letters = _Letters(desk, campaign, way, kind, language, at, variant)
            proofs += _send(desk, kind, list(letters.all(to, customer)))
    return proofs


@dataclass(frozen=True)
class _Letters:
    """One message by one channel, in all the ways it may be written."""

    desk: Desk
    campaign: str
    message: Message
    kind: Kind
    only: str
    """A language, or empty."""
    at: datetime
    variant: str = ""

    def all(self, to: str, customer: str) -> Iterator[tuple[Proof, Outgoing | None]]:
        """Each way with what is sent; nothing, where it cannot be written."""
        words, described = self.desk.words_of(self.campaign), self.desk.campaign(self.campaign)
        languages = [str(one) for one in described.languages or self.desk.rules.shop.languages]
        stands_in = shown_to(self.desk, self.campaign, customer, self.at)
        row = outbox_row(self.desk, self.campaign, self.message, stands_in, self.at, named=bool(customer))
        day = day_shown(self.desk, self.campaign, self.at)
        templates = [row["template"]] if customer else dated.templates(self.desk, self.message, (day,))
        for template, language in product(templates, languages):
            if self.only not in ("", language) or words.language(template, self.kind, language) != language:
                continue
            proof = Proof(str(self.message.name), template, self.kind, language, "accepted", self.variant)
            context = self._context(row["context"], language, invent=not customer)
            try:
                yield proof, self._marked(template, language, to, context)
            except RegularsError as error:
                yield replace(proof, outcome=f"cannot be written: {error.sentence}"), None

    def _context(self, kept: str, language: str, *, invent: bool) -> dict[str, Any]:
        context: dict[str, Any] = json.loads(kept)
        if context.get("offer"):
            context["offer"]["code"] = BLANK
        if invent:
            walked = self.desk.campaign(self.campaign).for_each
            if "customer" in context:
                context["customer"] = customer_of(self.desk, context["customer"], language)
            if walked is not None and "row" in context:
                context["row"] = row_of(self.desk, str(walked.row), context["row"])
            if walked is not None and "rows" in context:
                context["rows"] = [row_of(self.desk, str(walked.row), one) for one in context["rows"]]
        return context

    def _marked(self, template: str, language: str, to: str, context: dict[str, Any]) -> Outgoing:
        sent = outgoing(
            self.desk, self.campaign, self.message, template=template, message_id=ids.one(), channel=self.kind, to=to,
            language=language, context=context, expires_at=self.at + timedelta(days=1),
        )  # fmt: skip
        sent = replace(sent, attempt_id=ids.one())
        if self.kind == "sms":
            return replace(sent, text=f"{MARK} {sent.text}")
        return replace(sent, subject=f"[{MARK}] {sent.subject}")


def _send(desk: Desk, kind: Kind, letters: list[tuple[Proof, Outgoing | None]]) -> list[Proof]:
    """One request each: so few that nothing is gained by fewer."""
    from regulars.channels.registry import channel_for

    told = []
    with sending(channel_for(kind, desk.settings, desk.folder / "outbox")) as send:
        for proof, letter in letters:
            if letter is None:
                told.append(proof)
                continue
            (answer,) = send([letter])
            why = "accepted" if answer.outcome == "accepted" else f"{answer.outcome}: {answer.reason}".rstrip(": ")
            told.append(replace(proof, outcome=why))
    return told
