"""What people spent before they entered and since, packed into one text for each cohort and arm.

Of winsorised sums only the amounts themselves can be added up: where the ceiling lies is not known before all are seen.
A text holds whole hundredths as 64-bit numbers, first what each spent in the year before, then what in the window, for
those with either; deflated, in base 64. In no order, and of nobody's name.
"""

from __future__ import annotations

import base64
import sys
import zlib
from collections.abc import Iterable
from typing import NamedTuple

import pyarrow as pa

_BYTES = 8


class Spent(NamedTuple):
    """Amounts in hundredths, one row for each person who spent anything: int64 arrays."""

    before: pa.Array
    now: pa.Array


def packed(spent: Spent) -> str:
    """As one text; empty where nobody spent anything."""
    if not len(spent.now):
        return ""
    return base64.b64encode(zlib.compress(_bytes(spent.before) + _bytes(spent.now), 1)).decode()


def unpacked(texts: Iterable[str]) -> Spent:
    """All of these together."""
    before, now = [], []
    for text in texts:
        if text:
            both = zlib.decompress(base64.b64decode(text))
            before.append(both[: len(both) // 2])
            now.append(both[len(both) // 2 :])
    return Spent(_numbers(b"".join(before)), _numbers(b"".join(now)))


def _bytes(numbers: pa.Array) -> bytes:
    held = numbers.buffers()[1]
    start = numbers.offset * _BYTES
    found = bytes(memoryview(held)[start : start + len(numbers) * _BYTES])
    return found if sys.byteorder == "little" else _swapped(found)


def _numbers(held: bytes) -> pa.Array:
    told = held if sys.byteorder == "little" else _swapped(held)
    return pa.Array.from_buffers(pa.int64(), len(held) // _BYTES, [None, pa.py_buffer(told)])


def _swapped(held: bytes) -> bytes:
    import array

    numbers = array.array("q", held)
    numbers.byteswap()
    return numbers.tobytes()
