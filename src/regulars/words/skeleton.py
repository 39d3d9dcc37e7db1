"""A message is a skeleton with holes: what the template says, and what is said of one person.

People whose templates took the same way share the skeleton. CSS is inlined on it once, with a marker in every hole,
and cut at the markers; from then on a message is only put together. Where the markers could stand in the way of the
inlining (in a style, a class, a tag), each message is inlined as a whole: slower, and right.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING, NamedTuple

from regulars.words.sources import WordsError

if TYPE_CHECKING:
    from css_inline import CSSInliner

Shape = tuple[str | None, ...]
"""A rendering with its values left out: the template's pieces in order, None for each hole."""

_ADDRESSES = frozenset({"href", "src", "action", "background", "cite", "poster"})
# Without TLS to this machine only, where people try things.
_HERE = ("localhost", "127.0.0.1", "[::1]")
_SAFE_START = ("https://", "mailto:", "tel:", *(f"http://{host}{end}" for host in _HERE for end in "/:"))
_STYLED = frozenset({"class", "id", "style"})
_QUOTED = re.compile(r"""=\s*(?:"[^"]*"|'[^']*')""")
_STYLESHEET = re.compile(r"<style\b[^>]*>(.*?)</style", re.IGNORECASE | re.DOTALL)
# What fills the holes while a skeleton is tried: inlining before and after filling must give the same bytes.
_TRIALS = ("", " ", "a b")


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Static texts, and which hole stands between each and the next.

    `order[i]` is the index of the hole between `texts[i]` and `texts[i + 1]`. `whole`: the message must be inlined
    as one, and shares its skeleton with nobody. `addresses` are the holes with which a link begins.
    """

    texts: tuple[str, ...]
    order: tuple[int, ...]
    in_order: bool = True
    whole: bool = False
    addresses: tuple[int, ...] = ()

    def fill(self, holes: Sequence[str]) -> str:
        """The text with these values in its holes."""
        parts = [""] * (len(self.texts) * 2 - 1)
        parts[::2] = self.texts
        parts[1::2] = self.in_place(tuple(holes))
        return "".join(parts)

    def in_place(self, holes: tuple[str, ...]) -> tuple[str, ...]:
        """The values in the order of the text: inlining may move a hole, say it twice, or leave it out."""
        return holes if self.in_order else tuple(holes[index] for index in self.order)


class Rendered(NamedTuple):
    """One message, taken apart: the skeleton it shares with others, and its own values in order."""

    skeleton: Skeleton
    holes: tuple[str, ...]
    file: str = ""

    @property
    def in_place(self) -> tuple[str, ...]:
        """The values in the order of the text."""
        return self.skeleton.in_place(self.holes)

    @property
    def text(self) -> str:
        """The message put together. Raises WordsError where a link would lead to something that is not an address."""
        for index in self.skeleton.addresses:
            address = self.holes[index]
            # Nearly all begin so as they are: unescaping each costs more than putting the message together.
            if not address.startswith(_SAFE_START) and not unescape(address).lower().startswith(_SAFE_START):
                raise WordsError(
                    f"A link in {self.file} does not begin with https:// or mailto:.", "Look at what its `href` names."
                )
        filled = self.skeleton.fill(self.holes)
        return _inliner().inline(filled) if self.skeleton.whole else filled


def plain(shape: Shape) -> Skeleton:
    """The skeleton of a text as it is: nothing inlined."""
    texts = [""]
    for piece in shape:
        if piece is None:
            texts.append("")
        else:
            texts[-1] += piece
    return Skeleton(tuple(texts), tuple(range(len(texts) - 1)))


def styled(shape: Shape) -> Skeleton:
    """The skeleton of an HTML text with its CSS inlined."""
    bare = plain(shape)
    nonce = _nonce(bare.texts)
    marked = bare.fill([f"{nonce}{index:05d}z" for index in bare.order])
    places = _Places.of(marked, nonce)
    css = "".join(_STYLESHEET.findall(marked))
    if not css:
        return Skeleton(bare.texts, bare.order, addresses=places.addresses)
    if places.adverse or (places.attributes and "[" in css):
        return _inlined_whole(bare, places)
    inlined = _cut(_inliner().inline(marked), nonce, places.addresses)
    if set(inlined.order) != set(bare.order) or not _same(bare, inlined):
        return _inlined_whole(bare, places)
    return inlined


def _nonce(texts: Iterable[str]) -> str:
    """A word of lower-case letters and digits that is in none of the texts."""
    while any((nonce := f"z{secrets.token_hex(6)}x") in text for text in texts):
        continue
    return nonce


def _inlined_whole(bare: Skeleton, places: _Places) -> Skeleton:
    return Skeleton(bare.texts, bare.order, whole=True, addresses=places.addresses)


def _cut(text: str, nonce: str, addresses: tuple[int, ...]) -> Skeleton:
    parts = re.split(rf"{nonce}(\d{{5}})z", text)
    order = tuple(map(int, parts[1::2]))
    return Skeleton(tuple(parts[::2]), order, order == tuple(range(len(order))), addresses=addresses)


def _same(bare: Skeleton, inlined: Skeleton) -> bool:
    count = len(bare.order)
    return all(_inliner().inline(bare.fill([trial] * count)) == inlined.fill([trial] * count) for trial in _TRIALS)


@lru_cache(maxsize=1)
def _inliner() -> CSSInliner:
    """Media queries stay in the head, everything else moves to its element. Nothing is fetched."""
    from css_inline import CSSInliner

    return CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


class _Places(HTMLParser):
    """Where the markers of a skeleton stand."""

    def __init__(self, nonce: str) -> None:
        super().__init__(convert_charrefs=True)
        self._nonce = nonce
        self.adverse = False
        """Some marker stands where its value could change what a style applies to, or how the text is read."""
        self.attributes = False
        self._addresses: list[int] = []

    @classmethod
    def of(cls, marked: str, nonce: str) -> _Places:
        """Read the places of all markers in `marked`."""
        places = cls(nonce)
        places.feed(marked)
        places.close()
        return places

    @property
    def addresses(self) -> tuple[int, ...]:
        return tuple(self._addresses)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  # HTMLParser calls it so
        raw = self.get_starttag_text() or ""
        if self._nonce not in raw:
            return
        self.attributes = True
        if self._nonce in _QUOTED.sub("", raw):
            self.adverse = True
        for name, value in attrs:
            if value and self._nonce in value:
                self.adverse = self.adverse or name in _STYLED
                if name in _ADDRESSES and value.lstrip().startswith(self._nonce):
                    self._addresses.append(int(value.lstrip()[len(self._nonce) :][:5]))

    def handle_data(self, data: str) -> None:
        # `cdata_elem` is the element whose content is not HTML: style or script.
        if self.cdata_elem and self._nonce in data:
            self.adverse = True

    def handle_decl(self, decl: str) -> None:
        self.adverse = self.adverse or self._nonce in decl

    def unknown_decl(self, data: str) -> None:
        self.adverse = self.adverse or self._nonce in data

    def handle_pi(self, data: str) -> None:
        self.adverse = self.adverse or self._nonce in data
