"""Links in messages: tokens that name a message without naming a person, and cannot be made up.

A token is `b64url(what) "." b64url(HMAC-SHA256(key of the purpose, purpose, 0, what))`, the tag cut to 16 bytes, to 10
where a text message pays for every character. `what` is the message's id, for a click the number of the link after
it. Each purpose has a key of its own, so that a token for one is worthless for another. Of several secret keys the
first signs and all verify, so that a key can be changed and the links of old messages stay good.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from binascii import b2a_base64
from collections.abc import Callable
from hashlib import sha256
from typing import Literal
from urllib.parse import quote, urlencode

from regulars.errors import ProjectError

Purpose = Literal["unsubscribe", "preferences", "click", "confirm", "answer"]
_LETTER: dict[Purpose, str] = {"unsubscribe": "u", "preferences": "p", "click": "c", "confirm": "o", "answer": "a"}
_TAG, _SHORT_TAG = 16, 10
_ID = 16
"""Bytes of a message's id."""
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_LONGEST = 200
"""Characters; no token of ours is as long."""


class Links:
    """The links of one shop.

    `secret_key` signs, or several separated by commas: the first signs, all verify. `public_url` is where the web app
    is reached, `site` the shop's own address. `number` gives the number under which the ledger keeps an address:
    text messages then lead there by way of the web app, which sees the click. Without a `public_url` every link leads
    to the site with the token as a query: good to look at, nobody answers it yet. Raises ProjectError where there is
    neither.
    """

    def __init__(
        self, secret_key: str, public_url: str = "", site: str = "", number: Callable[[str], int] | None = None
    ) -> None:
        self._public, self._site, self._number = public_url.rstrip("/"), site.rstrip("/"), number
        if not self._public and not self._site:
            raise ProjectError(
                "Messages have nowhere to lead.", "Give the shop its web address: `site:` under `shop:` in rules.yaml."
            )
        secrets = _secrets(secret_key)
        self._keys = {
            purpose: [hmac.digest(secret.encode(), purpose.encode(), "sha256") for secret in secrets]
            for purpose in _LETTER
        }

    def of(self, message_id: str, *, short: bool = False) -> dict[str, str]:
        """What a template knows as `links`: the shop, and the pages of this message: unsubscribe, preferences, confirm.

        `message_id` is 32 hexadecimal digits. `short` is for text messages.
        """
        what = bytes.fromhex(message_id)
        head = _text(what)
        return {
            "shop": self._clicked_shop(message_id) if short else self.shop,
            "unsubscribe": self._link("unsubscribe", what, short, head),
            "preferences": self._link("preferences", what, short, head),
            "confirm": self._link("confirm", what, short=False, head=head),
        }

    @property
    def shop(self) -> str:
        """Where the shop is."""
        return self._site or self._public

    def unsubscribe(self, message_id: str, *, short: bool = False) -> str:
        """Where the reader of this message says: no more. Never expires."""
        return self._link("unsubscribe", bytes.fromhex(message_id), short)

    def preferences(self, message_id: str, *, short: bool = False) -> str:
        """Where the reader of this message chooses what to get."""
        return self._link("preferences", bytes.fromhex(message_id), short)

    def confirm(self, message_id: str) -> str:
        """Where the reader of this message says that the address is theirs, and yes."""
        return self._link("confirm", bytes.fromhex(message_id), short=False)

    def answer(self, message_id: str, *, short: bool = False) -> str:
        """Where the reader of this message answers its survey; with `/9` behind it, the answer 9 is chosen already."""
        return self._link("answer", bytes.fromhex(message_id), short)

    def click(self, message_id: str, number: int) -> str:
        """Where a text message leads to the address that the ledger keeps under `number` (from 1)."""
        what = bytes.fromhex(message_id) + number.to_bytes((number.bit_length() + 7) // 8, "big")
        return self._link("click", what, short=True)

    def referral(self, code: str) -> str:
        """An advocate's own link. The code is unguessable by itself and is meant to be passed on: no tag."""
        return f"{self._public}/r/{quote(code)}" if self._public else f"{self._site}?{urlencode({'ref': code})}"

    def message(self, purpose: Purpose, token: str) -> str | None:
        """The message id (32 hexadecimal digits) of a token; None for one that is forged or of another purpose."""
        what = self._genuine(purpose, token)
        return what.hex() if what is not None and len(what) == _ID else None

    def clicked(self, token: str) -> tuple[str, int] | None:
        """The message id and the number of the link of a token of `click`; None for one that is forged."""
        what = self._genuine("click", token)
        if what is None or len(what) <= _ID:
            return None
        return what[:_ID].hex(), int.from_bytes(what[_ID:], "big")

    def _clicked_shop(self, message_id: str) -> str:
        """The shop, by way of the web app where there is one to see the click."""
        if not self._public or not self._site or self._number is None:
            return self.shop
        return self.click(message_id, self._number(self._site))

    def token(self, purpose: Purpose, message_id: str) -> str:
        """What stands at the end of a link of this message."""
        return self._token(purpose, bytes.fromhex(message_id), short=False)

    def _token(self, purpose: Purpose, what: bytes, short: bool, head: str = "") -> str:
        return (
            f"{head or _text(what)}.{_text(_tag(self._keys[purpose][0], purpose, what, _SHORT_TAG if short else _TAG))}"
        )

    def _link(self, purpose: Purpose, what: bytes, short: bool, head: str = "") -> str:
        """`head`: `what` as text, where it is known already."""
        token = self._token(purpose, what, short, head)
        return (
            f"{self._public}/{_LETTER[purpose]}/{token}" if self._public else f"{self._site}?{_LETTER[purpose]}={token}"
        )

    def _genuine(self, purpose: Purpose, token: str) -> bytes | None:
        """What a token names, where one of our keys signed it for this purpose."""
        head, _, tail = token[:_LONGEST].partition(".")
        try:
            what, tag = _bytes(head), _bytes(tail)
        except (NotBase64, ValueError):
            return None
        if len(tag) not in (_TAG, _SHORT_TAG):
            return None
        # Every key is tried, whichever fits: how long it takes tells nothing.
        fits = [hmac.compare_digest(tag, _tag(key, purpose, what, len(tag))) for key in self._keys[purpose]]
        return what if any(fits) else None


def _secrets(secret_key: str) -> list[str]:
    """The keys of a setting, the signing one first. The whole of it is one too: once a comma was part of a key."""
    parts = [part.strip() for part in secret_key.split(",") if part.strip()]
    return list(dict.fromkeys([*parts, secret_key]))


def _tag(key: bytes, purpose: Purpose, what: bytes, length: int) -> bytes:
    return hmac.digest(key, purpose.encode() + b"\0" + what, sha256)[:length]


def _text(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).translate(_URL_SAFE, b"=").decode()


def _bytes(text: str) -> bytes:
    """The bytes of unpadded base64url; only the one spelling that `_text` writes is taken."""
    raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if _text(raw) != text:
        raise ValueError
    return raw
