"""What Twilio has created for a number, compared with messages whose answers were lost.

The list is asked for by `To` alone: a day would leave out what is queued and has no day yet. It does not give our id
back, so words, number and time must do: the same letters and digits (Twilio's smart encoding may have changed signs
and spaces), created from a little before our request until Twilio could still have been at work on it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import NamedTuple

from regulars.channels.contract import Sighting, Sought

PAGE = 1_000
"""Messages of one page, the most Twilio gives."""
PAGES = 5
"""Pages that are read for one number; what is beyond is unknown."""
BEFORE, AFTER = timedelta(minutes=5), timedelta(minutes=5)
"""Clocks differ; and Twilio has been seen to end a request 26 seconds after its client gave up."""

_SIGNS = re.compile(r"[\W_]+")


class Created(NamedTuple):
    """One message of the list."""

    sid: str
    body_hash: str
    status: str
    at: datetime


class Page(NamedTuple):
    """One page, and where the next one is: a path of the same host, or empty."""

    messages: list[Created]
    following: str


def page_of(body: bytes) -> Page | None:
    """A page as Twilio writes it; None where it is none."""
    try:
        told = json.loads(body)
        messages = [
            Created(str(one["sid"]), body_hash(one["body"]), str(one["status"]), _moment(one["date_created"]))
            for one in told["messages"]
        ]
        return Page(messages, str(told.get("next_page_uri") or ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def body_hash(text: str) -> str:
    """A fingerprint of the letters and digits of `text`; of an emoji alone, of the text as it is."""
    folded = _SIGNS.sub("", unicodedata.normalize("NFKC", text))
    return sha256((folded or text.strip()).encode("utf-8", "replace")).hexdigest()


def sightings(sought: Sequence[Sought], created: Sequence[Created] | None) -> dict[str, Sighting]:
    """What the books of one number say of messages to it; `created` is None where they could not be read to the end.

    A created message stands for one of ours at most. Where fewer fit than are sought it is not plain which ones they
    are, and all of them are unknown; the other mistake would send somebody a message twice.
    """
    if created is None:
        return {one.message.message_id: Sighting("unknown") for one in sought}
    fitting = {one.message.message_id: _fitting(one, created) for one in sought}
    taken = set().union(*fitting.values())
    # Something with other words, made just then: ours, perhaps, whose words were edited since.
    near = {
        one.message.message_id
        for one in sought
        if any(_is_near(one, made) and made.sid not in taken for made in created)
    }
    found: dict[str, Sighting] = {}
    for message_id, sids in fitting.items():
        rivals = [other for other in fitting.values() if other & sids]
        if not sids:
            found[message_id] = Sighting("unknown" if message_id in near else "absent")
        elif len(set().union(*rivals)) < len(rivals):
            found[message_id] = Sighting("unknown")
        else:
            found[message_id] = Sighting("sent", next(iter(sids)) if len(rivals) == len(sids) == 1 else "")
    return found


def _fitting(one: Sought, created: Sequence[Created]) -> set[str]:
    words = body_hash(one.message.text)
    return {made.sid for made in created if made.body_hash == words and _is_near(one, made)}


def _is_near(one: Sought, made: Created) -> bool:
    return one.at - BEFORE <= made.at <= one.at + AFTER


def _moment(text: str) -> datetime:
    moment = parsedate_to_datetime(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment
