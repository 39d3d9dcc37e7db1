"""Links in messages: tokens that name a message without naming a person, and cannot be made up.

A token is `b64url(id) "." b64url(HMAC-SHA256(key of the purpose, purpose, 0, id))`, the tag cut to 16 bytes, to 10
where a text message pays for every character. Each purpose has a key of its own, so that a token for one is
worthless for another.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from hashlib import sha256
from typing import Literal
from urllib.parse import quote, urlencode

from regulars.errors import ProjectError

Purpose = Literal["unsubscribe", "preferences"]
_LETTER: dict[Purpose, str] = {"unsubscribe": "u", "preferences": "p"}
_TAG, _SHORT_TAG = 16, 10


class Links:
    """The links of one shop.

    `secret_key` signs; `public_url` is where the web app is reached, `site` the shop's own address. Without a
    `public_url` every link leads to the site with the token as a query: good to look at, nobody answers it yet.
    Raises ProjectError where there is neither.
    """

    def __init__(self, secret_key: str, public_url: str = "", site: str = "") -> None:
        self._public, self._site = public_url.rstrip("/"), site.rstrip("/")
        if not self._public and not self._site:
            raise ProjectError(
                "Messages have nowhere to lead.", "Give the shop its web address: `site:` under `shop:` in rules.yaml."
            )
        self._keys = {purpose: hmac.digest(secret_key.encode(), purpose.encode(), "sha256") for purpose in _LETTER}

    def of(self, message_id: str, *, short: bool = False) -> dict[str, str]:
        """What a template knows as `links`: the shop, and the unsubscribe and preferences pages for this message.

        `message_id` is 32 hexadecimal digits. `short` is for text messages.
        """
        return {
            "shop": self.shop,
            "unsubscribe": self.unsubscribe(message_id, short=short),
            "preferences": self.preferences(message_id, short=short),
        }

    @property
    def shop(self) -> str:
        """Where the shop is."""
        return self._site or self._public

    def unsubscribe(self, message_id: str, *, short: bool = False) -> str:
        """Where the reader of this message says: no more. Never expires."""
        return self._link("unsubscribe", message_id, short)

    def preferences(self, message_id: str, *, short: bool = False) -> str:
        """Where the reader of this message chooses what to get."""
        return self._link("preferences", message_id, short)

    def referral(self, code: str) -> str:
        """An advocate's own link. The code is unguessable by itself and is meant to be passed on: no tag."""
        return f"{self._public}/r/{quote(code)}" if self._public else f"{self._site}?{urlencode({'ref': code})}"

    def message(self, purpose: Purpose, token: str) -> str | None:
        """The message id (32 hexadecimal digits) of a token; None for one that is forged or of another purpose."""
        head, _, tail = token.partition(".")
        try:
            identity, tag = _bytes(head), _bytes(tail)
        except (NotBase64, ValueError):
            return None
        genuine = len(tag) in (_TAG, _SHORT_TAG) and hmac.compare_digest(tag, self._tag(purpose, identity, len(tag)))
        return identity.hex() if genuine else None

    def _link(self, purpose: Purpose, message_id: str, short: bool) -> str:
        identity = bytes.fromhex(message_id)
        token = f"{_text(identity)}.{_text(self._tag(purpose, identity, _SHORT_TAG if short else _TAG))}"
        return (
            f"{self._public}/{_LETTER[purpose]}/{token}" if self._public else f"{self._site}?{_LETTER[purpose]}={token}"
        )

    def _tag(self, purpose: Purpose, identity: bytes, length: int) -> bytes:
        return hmac.digest(self._keys[purpose], purpose.encode() + b"\0" + identity, sha256)[:length]


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """The bytes of unpadded base64url; only the one spelling that `_text` writes is taken."""
    raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if _text(raw) != text:
        raise ValueError
    return raw
