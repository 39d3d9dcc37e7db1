"""What a message is, whatever its id: the same person, campaign, entry and message make the same key.

It travels with each message to the provider. Where an old copy of the ledger is put back, the entries made since are
gone, and a run would make them again under other ids; by this key the provider's events tell that they went out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from regulars.ledger.store import Ledger

_BYTES = 16


def keys(ledger: Ledger, messages: Iterable[tuple[str, str, str, str]]) -> list[str]:
    """A key of 32 hexadecimal digits for each (campaign, customer_id, occasion, message name). It names nobody."""
    secret = bytes.fromhex(ledger.salt("same"))
    return [
        hashlib.blake2b("\0".join(message).encode(), key=secret, digest_size=_BYTES).hexdigest() for message in messages
    ]
