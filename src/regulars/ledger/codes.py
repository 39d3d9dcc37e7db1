"""Unique codes: ten random characters and one that catches typing errors.

31 signs without look-alikes (no 0 O 1 I L) give 8 × 10¹⁴ codes: a million guesses against a million live codes find
one with a probability of about a thousandth. 31 is a prime, so the check sign catches every single wrong sign and
every pair of exchanged ones.
"""

from __future__ import annotations

import secrets

import numpy as np

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
RANDOM = 10
LENGTH = RANDOM + 1
_SIGNS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_WEIGHTS = np.arange(1, RANDOM + 1)
_FAIR = 256 // len(ALPHABET) * len(ALPHABET)


def draw(n: int) -> list[str]:
    """`n` codes, all different, from the system's secure randomness."""
    codes: dict[str, None] = {}
    while len(codes) < n:
        codes.update(dict.fromkeys(_drawn(n - len(codes))))
    return list(codes)


def normal(code: str) -> str:
    """The code as we write it, however somebody typed it: capitals, without spaces and dashes."""
    return "".join(code.split()).replace("-", "").upper()


def valid(code: str) -> bool:
    """Whether this can be one of our codes (typed in any case, with spaces or dashes). Says nothing about its life."""
    written = normal(code)
    if len(written) != LENGTH or not set(written) <= set(ALPHABET):
        return False
    places = [ALPHABET.index(sign) for sign in written]
    return sum(weight * place for weight, place in zip(_WEIGHTS, places, strict=False)) % len(ALPHABET) == places[-1]


def _drawn(n: int) -> list[str]:
    places = np.empty((n, LENGTH), dtype=np.uint8)
    places[:, :RANDOM] = _fair(n * RANDOM).reshape(n, RANDOM)
    places[:, RANDOM] = (places[:, :RANDOM].astype(np.int64) @ _WEIGHTS) % len(ALPHABET)
    text = _SIGNS[places].tobytes().decode()
    return [text[at : at + LENGTH] for at in range(0, len(text), LENGTH)]


def _fair(n: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """`n` numbers below 31, each as likely as any other: bytes that would favour the first signs are thrown away."""
    kept = np.empty(0, dtype=np.uint8)
    while len(kept) < n:
        octets = np.frombuffer(secrets.token_bytes((n - len(kept)) * 5 // 4 + 16), dtype=np.uint8)
        kept = np.concatenate([kept, octets[octets < _FAIR]])
    return kept[:n] % len(ALPHABET)
