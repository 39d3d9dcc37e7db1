"""How many segments a text message takes, counted as Twilio counts them.

GSM-7: 160 septets alone, 153 in each of several; its extension characters take two and never straddle a seam.
UCS-2: 70 UTF-16 units alone, 67 in each of several; what people see as one character is never cut.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

LONGEST = 1_600
"""Characters Twilio takes in one message."""

_PLAIN = (
    "\n\r !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
    "¡£¤¥§¿ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùüΓΔΘΛΞΠΣΦΨΩ"
)
_EXTENDED = "\f[\\]^{|}~€"
_GSM = re.compile(f"[{re.escape(_PLAIN + _EXTENDED)}]*")
_TWO_SEPTETS = re.compile(f"[{re.escape(_EXTENDED)}]")
# Letters and signs that are one UTF-16 unit and never join a neighbour: no need to look for clusters.
_ONE_UNIT_EACH = re.compile(
    "[\\x00-\u02ff\u0370-\u0482\u048a-\u0590\u1e00-\u200b\u2010-\u2027\u2030-\u205e\u2070-\u20cf\u2100-\u2bff\u3000-\u3029\u4e00-\u9fff]*"
)
_JOINER = "\u200d"
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u200c\u200d\u20d0-\u20f0"
    "\ufe00-\ufe0f\ufe20-\ufe2f\U0001f3fb-\U0001f3ff"
)
_FLAG = "\U0001f1e6-\U0001f1ff"
_CLUSTER = re.compile(
    f"[{_FLAG}]{{2}}[{_MARKS}]*|[^\\r\\n](?:[{_MARKS}]|(?<={_JOINER})[\u2600-\u27bf\U0001f300-\U0001faff])*|.",
    re.DOTALL,
)


_PLAIN_LETTERS = str.maketrans("ăâîșțşţĂÂÎȘȚŞŢ", "aaiststAAISTST")


class Segments(NamedTuple):
    """What one text costs: its `encoding`, its length in septets (GSM-7) or UTF-16 units (UCS-2), and its segments."""

    encoding: Literal["GSM-7", "UCS-2"]
    characters: int
    segments: int


def segments(text: str) -> Segments:
    """Count `text`. An empty one takes one segment, as it does at Twilio."""
    if _GSM.fullmatch(text):
        doubled = len(_TWO_SEPTETS.findall(text))
        length = len(text) + doubled
        if length <= 160:
            return Segments("GSM-7", length, 1)
        sizes = (2 if character in _EXTENDED else 1 for character in text)
        return Segments("GSM-7", length, _seams(sizes, 153) if doubled else -(-length // 153))
    length = _units(text)
    if length <= 70:
        return Segments("UCS-2", length, 1)
    if _ONE_UNIT_EACH.fullmatch(text):
        return Segments("UCS-2", length, -(-length // 67))
    return Segments("UCS-2", length, _seams(map(_units, _clusters(text)), 67))


def plain_letters(text: str) -> str:
    """`text` with the Romanian letters that are not in GSM-7 (ă â î ș ț, ş ţ) as a a i s t. Others stay as they are."""
    return text if text.isascii() else unicodedata.normalize("NFC", text).translate(_PLAIN_LETTERS)


def total(texts: Iterable[str]) -> int:
    """Segments of all `texts` together."""
    return sum(segments(text).segments for text in texts)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _clusters(text: str) -> Iterator[str]:
    return (found[0] for found in _CLUSTER.finditer(text))


def _seams(sizes: Iterable[int], room: int) -> int:
    """Segments of `room` units that hold pieces of these sizes in order, none of them cut."""
    count, filled = 1, 0
    for size in sizes:
        if filled + size > room:
            count, filled = count + 1, 0
        filled += size
    return count
