"""Giving somebody what is held about them: readable JSON, with the words they were sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from regulars.campaigns import decided
from regulars.campaigns.desk import Desk
from regulars.campaigns.held.whose import Person
from regulars.errors import RegularsError
from regulars.ledger import erasure, forgotten, templates
from regulars.people import copies
from regulars.words.render import Words

MEANS = {
    "enrolment": "campaigns you entered, when and why they ended",
    "message": "messages to you, or that were meant for you, with their words",
    "transition": "what became of each message, step by step",
    "event": "what the providers told about messages to you",
    "answer": "what you answered to our questions, and wrote beside it",
    "code": "codes you were given",
    "conversion": "your orders that a message was credited with",
    "touch": "messages to you that may have had a part in an order",
    "posted_order": "orders of yours that the shop told us of",
    "redemption": "orders that carried a code: yours, and those with a code you were given",
    "outcome": "what you ordered while a campaign was counted",
    "referral": "friends you brought, or who brought you",
    "referral_code": "your own code for friends",
    "consent": "what you said about being written to: when, where, and the words you agreed to",
    "suppression": "addresses of yours that nobody writes to, and why; kept as hashes",
    "membership": "audiences you were in when they were last looked at",
    "stage": "where you stood in the shop's ladders, and since when",
    "stray": "news of providers about your address that fit no message of ours",
    "link": "links that were made for you",
}
"""Table → what it says to the person. Every table that holds people is here; a test sees to it."""


def export(desk: Desk, person: Person, at: datetime) -> dict[str, Any]:
    """Everything held about `person`, ready for `json.dumps(…, default=str)`. Writes nothing."""
    held = erasure.holdings(desk.ledger, person.known)
    for row in held.get("message", []):
        row["context"] = json.loads(row["context"] or "{}")
        row["words"] = _words(desk, row)
    since = forgotten.is_forgotten(desk.ledger, person.customer)
    return {
        "customer": person.customer,
        "as_of": at.isoformat(),
        "shop": str(desk.rules.shop.name),
        "forgotten": since.isoformat() if since else None,
        "traits_and_segments": _row(desk, person, at),
        "decisions": _decisions(desk, person),
        "ledger": {name: {"what": MEANS[name], "rows": rows} for name, rows in held.items()},
        "files": _files(desk, person),
    }


def _words(desk: Desk, row: Mapping[str, Any]) -> dict[str, str]:
    """The text of a message that was sent, from the version of the words it was sent with; nothing for another."""
    if not row["context"] or not row["template_hash"]:
        return {}
    with desk.ledger.reading() as connection:
        files = templates.kept(connection, row["template_hash"])
    if not files:
        return {}
    context = {name: value for name, value in row["context"].items() if value is not None}
    if "offer" in context:
        context["offer"] = {name: value for name, value in context["offer"].items() if value is not None}
    context["links"] = desk.links.of(row["id"], short=row["channel"] == "sms")
    with suppress(RegularsError):
        return _rendered(Words.of_version(files), row, context)
    return {}


def _rendered(words: Words, row: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, str]:
    template, language = str(row["template"]), str(row["language"])
    if row["channel"] == "sms":
        return {"text": words.sms(template, language, context)}
    subject, preview_text = (
        lines.get(language) or lines.get(words.fallback) or "" for lines in (words.subjects, words.preview_texts)
    )
    email = words.email(template, language, context, subject, preview_text)
    return {"subject": email.subject, "text": email.text, "html": email.html}


def _row(desk: Desk, person: Person, at: datetime) -> dict[str, Any]:
    """What is known and worked out of them today; nothing for somebody the shop does not know any more."""
    if person.shop is None:
        return {}
    snapshot = desk.snapshot(at)
    found = copies.rows_of(desk.connection, snapshot.path, [snapshot.id_column], {person.customer})
    return found[0] if found else {}


def _decisions(desk: Desk, person: Person) -> Sequence[Mapping[str, Any]]:
    logs = sorted((desk.folder / decided.FOLDER).glob("*.parquet"))
    return decided.about(desk, person.customer, logs)


def _files(desk: Desk, person: Person) -> dict[str, list[str]]:
    """Names of files below `.regulars` that are theirs."""
    letters = (file for file in (desk.folder / "outbox").rglob("*") if file.stem in person.known.messages)
    return {"letters": sorted(file.relative_to(desk.folder).as_posix() for file in letters)}
