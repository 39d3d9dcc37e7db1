"""Ids of our own: UUIDv7 as 32 hexadecimal digits, drawn as many at once as a chunk needs."""

from __future__ import annotations

import os

import numpy as np
import pyarrow as pa

from regulars import clock

DIGITS = 32
_HEX = np.frombuffer(b"".join(b"%02x" % byte for byte in range(256)), dtype="<u2")


def draw(n: int) -> pa.Array:
    """`n` fresh ids (string array), ascending, so that an index grows at its end.

    The first 48 bits are the present millisecond; 74 of the others are random (RFC 9562, version 7).
    """
    random = np.frombuffer(os.urandom(n * 10), dtype=np.uint8).reshape(n, 10).copy()
    random[:, 0] = random[:, 0] & 0x0F | 0x70  # version 7
    random[:, 2] = random[:, 2] & 0x3F | 0x80  # the RFC's variant
    octets = np.empty((n, 16), dtype=np.uint8)
    millisecond = int(clock.now().timestamp() * 1000)
    octets[:, :6] = np.frombuffer(millisecond.to_bytes(6, "big"), dtype=np.uint8)
    octets[:, 6:] = random[np.argsort(random[:, :8].copy().view(">u8").ravel())]
    return _strings(np.ascontiguousarray(_HEX[octets]))


def one() -> str:
    """One fresh id."""
    return str(draw(1)[0].as_py())


def _strings(digits: np.ndarray[tuple[int, ...], np.dtype[np.uint16]]) -> pa.Array:
    n = digits.shape[0]
    offsets = np.arange(0, (n + 1) * DIGITS, DIGITS, dtype=np.int32)
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(digits))
