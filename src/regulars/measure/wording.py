"""Figures as people read them, the same in the text and on the page."""

from __future__ import annotations

from datetime import date
from math import floor, log10

NOTHING = "–"
"""What stands where there is no figure."""


def count(number: float) -> str:
    """`1,204`; of orders that were shared out, `1,204.5`."""
    return signed(f"{number:,.1f}" if number % 1 else f"{number:,.0f}")


def money(amount: float, currency: str = "") -> str:
    """`1,204.50 RON`; without a currency the bare amount."""
    return signed(f"{amount:,.2f} {currency}".rstrip())


def roughly(amount: float, currency: str = "") -> str:
    """An estimate with three significant digits: `6,420 RON`, `16,600 RON`, `3.17 RON`."""
    size = floor(log10(abs(amount))) if amount else 0
    rounded = round(amount, 2 - size)
    return signed(f"{rounded:,.{min(max(2 - size, 0), 2)}f} {currency}".rstrip())


def percent(fraction: float | None) -> str:
    """`6.1 %` for 0.061; small shares keep two significant digits."""
    if fraction is None:
        return NOTHING
    return signed(f"{100 * fraction:.{1 if abs(fraction) >= 0.01 or not fraction else 2}f} %")


def points(fraction: float, *, sign: bool = True) -> str:
    """Percentage points, `+2.1` for 0.021."""
    return signed(f"{100 * fraction:+.1f}" if sign else f"{100 * fraction:.1f}")


def plural(number: float, one: str, many: str = "") -> str:
    """`1 order`, `1,204 orders`."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def day(iso: str | None) -> str:
    """`27 Aug 2026` for an ISO day."""
    if not iso:
        return NOTHING
    known = date.fromisoformat(iso)
    return f"{known.day} {known:%b %Y}"


def signed(text: str) -> str:
    """With a minus sign instead of a hyphen, and no minus before nothing but zeros."""
    if text.startswith("-") and not any(digit in text for digit in "123456789"):
        text = text[1:]
    return text.replace("-", "−", 1) if text.startswith("-") else text
