"""One path from a row of the outbox to the words that go out: for the folder, the providers and `preview` alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from regulars.campaigns.desk import Desk
from regulars.campaigns.letters import SURVEY
from regulars.channels.contract import Outgoing, Parts
from regulars.errors import ProjectError
from regulars.lang.model import Message
from regulars.lang.surveys import SCALES

if TYPE_CHECKING:
    from regulars.ledger.doubt import Doubtful
    from regulars.words.render import Letter, Words
    from regulars.words.skeleton import Rendered

DELETED = "deleted"
"""Why a planned message is not sent whose campaign has no message of that name any more."""


def has_message(desk: Desk, campaign: str, name: str, variant: str = "") -> bool:
    """Whether the campaign's file still has a message called `name`, and still says it as `variant`."""
    return any(str(message.name) == name and message.says(variant) for message in desk.campaign(campaign).messages)


def message_of(desk: Desk, campaign: str, name: str, variant: str = "") -> Message:
    """The message called `name`, as `variant` says it.

    Raises ProjectError when the campaign's file no longer has it.
    """
    for message in desk.campaign(campaign).messages:
        if str(message.name) == name:
            return message.said_as(variant)
    raise ProjectError(f"`{campaign}` has no message `{name}` any more.", "Give it back its name, or let it go.")


def outgoing(
    desk: Desk,
    campaign: str,
    message: Message,
    *,
    template: str,
    message_id: str,
    channel: str,
    to: str,
    language: str,
    context: str | Mapping[str, Any],
    expires_at: datetime | None = None,
) -> Outgoing:
    """Render `message` of `campaign` for one person. `template` and `context` (JSON) are the row's.

    Raises WordsError, and ProjectError where the row cannot be read.
    """
    form = form_of(desk, campaign, message, template=template, channel=channel, language=language)
    return form.filled(message_id, to, context, expires_at)


def form_of(desk: Desk, campaign: str, message: Message, *, template: str, channel: str, language: str) -> Form:
    """What all letters of a message share that are written from one template in one language. Raises WordsError."""
    words = desk.words_of(campaign)
    if channel == "sms":
        return TextForm(desk, words, template, language, _sender(desk, campaign, "sms"), message.plain_letters)
    subject, preview_text = (
        spoken(language, words.fallback) for spoken in (message.subject_in, message.preview_text_in)
    )
    return EmailForm(
        desk, words.letter(template, language, subject, preview_text), _sender(desk, campaign, "email"),
        _sender(desk, campaign, "reply_to"), bool(desk.settings.public_url) and not desk.campaign(campaign).is_service,
    )  # fmt: skip


class Form(Protocol):
    """Letters of one kind, to be filled in for one person after another."""

    def filled(
        self, message_id: str, to: str, context: str | Mapping[str, Any], expires_at: datetime | None = None
    ) -> Outgoing:
        """The message for one person. Raises WordsError, and ProjectError where `context` (JSON) cannot be read."""


@dataclass(frozen=True, slots=True)
class EmailForm:
    """E-mails."""

    desk: Desk
    letter: Letter
    sender: str
    reply_to: str
    one_click: bool
    """Whether it carries one-click unsubscribe (RFC 8058): links lead to a web app that answers; not for a service."""

    def filled(
        self, message_id: str, to: str, context: str | Mapping[str, Any], expires_at: datetime | None = None
    ) -> Outgoing:
        """See `Form`."""
        variables = _variables(context)
        links = variables["links"] = self.desk.links.of(message_id)
        _ask(self.desk, variables, message_id)
        email = self.letter.parts(variables)
        headers = {
            "List-Unsubscribe": f"<{links['unsubscribe']}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"
        } if self.one_click else {}  # fmt: skip
        return Outgoing(
            message_id, "", "email", to, subject=email.subject, html=email.html.text, text=email.text.text,
            sender=self.sender, reply_to=self.reply_to, headers=headers, valid_until=expires_at,
            html_parts=parts(email.html), text_parts=parts(email.text),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TextForm:
    """Text messages."""

    desk: Desk
    words: Words
    template: str
    language: str
    sender: str
    plain_letters: bool

    def filled(
        self, message_id: str, to: str, context: str | Mapping[str, Any], expires_at: datetime | None = None
    ) -> Outgoing:
        """See `Form`."""
        from regulars.words.sms import plain_letters, segments

        variables = _variables(context)
        variables["links"] = self.desk.links.of(message_id, short=True)
        _ask(self.desk, variables, message_id, short=True)
        text = self.words.sms(self.template, self.language, variables)
        if self.plain_letters:
            text = plain_letters(text)
        return Outgoing(
            message_id, "", "sms", to, text=text, sender=self.sender, valid_until=expires_at,
            segments=segments(text).segments,
        )  # fmt: skip


def as_sent(desk: Desk, row: Doubtful) -> Outgoing:
    """A text message as it went out, by the version of the words that was kept then; an e-mail without its words.

    Raises ProjectError where that version is not kept, and WordsError.
    """
    if row.channel == "email":
        # Who keeps books about e-mails knows them by our id.
        return Outgoing(row.id, "", "email", row.address)
    from regulars.ledger import templates
    from regulars.words.render import Words

    with desk.ledger.reading() as connection:
        files = templates.kept(connection, row.template_hash)
    if not files:
        raise ProjectError("The words of this message were not kept.", "It waits for the provider's own word.")
    variables = _variables(row.context)
    variables["links"] = desk.links.of(row.id, short=True)
    _ask(desk, variables, row.id, short=True)
    text = Words.of_version(files).sms(row.template, row.language, variables)
    return Outgoing(row.id, "", "sms", row.address, text=text)


def parts(rendered: Rendered) -> Parts | None:
    """What may travel in one request with others; None where the message's styles are its own."""
    return None if rendered.skeleton.whole else Parts(rendered.skeleton.texts, rendered.in_place)


def _ask(desk: Desk, variables: dict[str, Any], message_id: str, *, short: bool = False) -> None:
    """Turn the name of a survey among the variables into what templates see as `survey`."""
    kind = variables.get(SURVEY)
    if kind in SCALES:
        link = desk.links.answer(message_id, short=short)
        variables[SURVEY] = {"kind": kind, "scores": SCALES[kind].scores, "link": link}


def _sender(desk: Desk, campaign: str, part: Literal["email", "reply_to", "sms"]) -> str:
    """A part of the sender: the campaign's own, else the shop's."""
    return str(getattr(desk.campaign(campaign).sender, part) or getattr(desk.rules.shop.sender, part) or "")


def _variables(context: str | Mapping[str, Any]) -> dict[str, Any]:
    try:
        read = dict(json.loads(context) if isinstance(context, str) else context)
    except (ValueError, TypeError):
        raise ProjectError("What the ledger keeps for this message cannot be read.", "Nothing was sent.") from None
    # An offer that somebody does not get, and what another kind of offer would have, is not there at all.
    offer = {name: value for name, value in (read.pop("offer", None) or {}).items() if value is not None}
    return read | {"offer": offer} if offer else read
