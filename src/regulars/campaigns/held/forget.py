"""Forgetting: a person is taken out of the ledger, the inbox and every file of ours, and stays out.

What was counted stays counted, under a name that was drawn; salted hashes of the addresses and of the id stay, so that
nobody writes to them although the shop's own data, which Regulars only reads, may still name them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from regulars.campaigns import hearing
from regulars.campaigns.desk import Desk
from regulars.campaigns.held import places
from regulars.campaigns.held.whose import Person
from regulars.ledger import erasure
from regulars.ledger.inbox import Inbox
from regulars.ledger.store import Ledger


@dataclass(frozen=True)
class Forgotten:
    """What was erased."""

    customer: str
    ledger: Mapping[str, int]
    """Table → rows that were theirs."""
    files: Mapping[str, int]
    """What, such as `decisions` → how many."""
    posts: int
    """Posts of providers that named them."""
    in_the_shop: bool
    """Whether the shop's own data still names them."""
    clean: bool
    """Whether the ledger's file keeps nothing of erased rows."""


def forget(desk: Desk, person: Person, at: datetime) -> Forgotten:
    """Erase `person` everywhere. Running it again changes nothing."""
    # What was heard of them and waits is taken in first, so that it is erased with the rest.
    hearing.expand(desk)
    codes: list[int] = []
    told = erasure.forget(desk.ledger, person.known, at, lambda: codes.append(places.erase_codes(desk, person)))
    posts = _posts(desk.ledger, sorted(person.texts))
    files = places.erase(desk, person)
    if codes[0]:
        files[places.CODES.tells] = codes[0]
    clean = erasure.scrub(desk.ledger)
    return Forgotten(person.customer, told, files, posts, person.shop is not None, clean)


def _posts(ledger: Ledger, texts: list[str]) -> int:
    """Strike these texts out of the posts in the inbox; how many held one."""
    inbox = Inbox.beside(ledger)
    if inbox is None:
        return 0
    with inbox:
        return inbox.forget(texts)
