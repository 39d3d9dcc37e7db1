"""One path from a row of the outbox to the words that go out: for the folder, the providers and `preview` alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from regulars.campaigns.desk import Desk
from regulars.channels.contract import Outgoing
from regulars.errors import ProjectError
from regulars.lang.model import Message


def message_of(desk: Desk, campaign: str, name: str) -> Message:
    """The message called `name`; raises ProjectError when the campaign's file no longer has it."""
    for message in desk.campaign(campaign).messages:
        if str(message.name) == name:
            return message
    raise ProjectError(f"`{campaign}` has no message `{name}` any more.", "Give it back its name, or let it go.")


def outgoing(
    desk: Desk,
    message: Message,
    *,
    message_id: str,
    channel: str,
    to: str,
    language: str,
    context: str | Mapping[str, Any],
    expires_at: datetime | None = None,
) -> Outgoing:
    """Render `message` for one person. `context` is the row's JSON.

    Raises WordsError, and ProjectError where the row cannot be read.
    """
    variables = _variables(context)
    template, sender = str(message.template), desk.rules.shop.sender
    variables["links"] = desk.links.of(message_id, short=channel == "sms")
    if channel == "sms":
        text = desk.words.sms(template, language, variables)
        return Outgoing(message_id, "", "sms", to, text=text, sender=str(sender.sms or ""), valid_until=expires_at)
    subject = message.subject_in(language, desk.rules.shop.fallback)
    email = desk.words.email(template, language, variables, subject)
    return Outgoing(
        message_id, "", "email", to, subject=email.subject, html=email.html, text=email.text, sender=str(sender.email),
        reply_to=str(sender.reply_to or ""), headers=_headers(desk, variables["links"]), valid_until=expires_at,
    )  # fmt: skip


def _variables(context: str | Mapping[str, Any]) -> dict[str, Any]:
    try:
        return dict(json.loads(context) if isinstance(context, str) else context)
    except (ValueError, TypeError):
        raise ProjectError("What the ledger keeps for this message cannot be read.", "Nothing was sent.") from None


def _headers(desk: Desk, links: Mapping[str, str]) -> dict[str, str]:
    """One-click unsubscribe (RFC 8058), where the links lead to a web app that answers it."""
    if not desk.settings.public_url:
        return {}
    return {"List-Unsubscribe": f"<{links['unsubscribe']}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
