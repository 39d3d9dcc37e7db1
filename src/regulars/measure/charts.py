"""Charts as inline SVG. Widths are percentages and text keeps its size, so that one chart fits a phone and a desk.

Every chart is an image with a title and a description for those who do not see it; the page puts the same figures
beside it as a table. Colours are classes that the page's style sheet sets, by daylight and in the dark.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import count as counting
from math import ceil, floor, log10

from regulars.measure.wording import signed

_LABEL = 38
"""Characters of a label that fit on the narrowest phone."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its parts by colour class, from left to right, and what is written after it."""

    label: str
    parts: Sequence[tuple[str, float]]
    note: str

    @property
    def length(self) -> float:
        """The sum of the parts."""
        return sum(size for _, size in self.parts)


@dataclass(frozen=True, slots=True)
class Span:
    """An estimate with its interval; `known` where the interval leaves out zero."""

    label: str
    value: float
    low: float
    high: float
    note: str
    known: bool


def bars(name: str, title: str, description: str, rows: Sequence[Bar]) -> str:
    """Bars below each other, each under its label. `name` is unique on the page."""
    longest = max((row.length for row in rows), default=0) or 1
    drawn = [part for top, row in zip(counting(0, 46), rows, strict=False) for part in _bar(row, top, 0, 74 / longest)]
    return _image(name, title, description, 46 * len(rows), drawn)


def ladder(name: str, title: str, description: str, rows: Sequence[Bar]) -> str:
    """Short bars, each beside its label: for the values of a segment."""
    longest = max((row.length for row in rows), default=0) or 1
    drawn = []
    for top, row in zip(counting(0, 26), rows, strict=False):
        drawn.append(_text(row.label, "0", top + 16, limit=14))
        drawn += _bar(row, top - 18, 32, 31 / longest, labelled=False)
    return _image(name, title, description, 26 * len(rows), drawn)


def spans(name: str, title: str, description: str, rows: Sequence[Span]) -> str:
    """Estimates with their intervals over one axis, zero marked."""
    low = min([0.0, *(row.low for row in rows)])
    high = max([0.0, *(row.high for row in rows)])
    room = (high - low or 1) * 0.04
    low, scale = low - room, 100 / (high - low + 2 * room or 1)
    foot = 64 * len(rows)
    drawn = []
    for tick in _ticks(low, low + 100 / scale):
        x = (tick - low) * scale
        drawn.append(_line("zero" if not tick else "grid", x, x, 0, foot))
        side = "start" if x < 3 else "end" if x > 97 else "middle"
        drawn.append(_text(signed(f"{tick:+g}" if tick else "0"), f"{x:.2f}%", foot + 16, "tick", side))
    for top, row in zip(counting(0, 64), rows, strict=False):
        drawn += _span(row, top, low, scale)
    return _image(name, title, description, foot + 22, drawn)


def _bar(row: Bar, top: int, left: float, scale: float, *, labelled: bool = True) -> Iterable[str]:
    if labelled:
        yield _text(row.label, "0", top + 14)
    x = left
    for colour, size in row.parts:
        width = size * scale
        if width > 0:
            yield f'<rect class="{colour}" x="{x:.2f}%" y="{top + 21}" width="{width:.2f}%" height="13"/>'
        x += width
    yield _text(row.note, f"{x:.2f}%", top + 32, "note", shift=6)


def _span(row: Span, top: int, low: float, scale: float) -> Iterable[str]:
    left, middle, right = ((value - low) * scale for value in (row.low, row.value, row.high))
    sort = "sure" if row.known else "unsure"
    yield _backed(row.label, top + 16, "label")
    yield _backed(row.note, top + 33, "note")
    yield _line(f"reach {sort}", left, right, top + 47, top + 47)
    yield f'<circle class="{sort}" cx="{middle:.2f}%" cy="{top + 47}" r="5"/>'


def _backed(words: str, y: int, sort: str) -> str:
    """Text with the paper's colour behind it, so that a grid line does not run through the letters."""
    return _text(words, "0", y, f"{sort} backed")


def _text(
    words: str, x: str, y: int, sort: str = "label", anchor: str = "start", *, limit: int = _LABEL, shift: int = 0
) -> str:
    short = words if len(words) <= limit else words[: limit - 1] + "…"
    moved = f' dx="{shift}"' if shift else ""
    return f'<text class="{sort}" x="{x}" y="{y}"{moved} text-anchor="{anchor}">{escape(short)}</text>'


def _line(sort: str, x1: float, x2: float, y1: int, y2: int) -> str:
    return f'<line class="{sort}" x1="{x1:.2f}%" x2="{x2:.2f}%" y1="{y1}" y2="{y2}"/>'


def _image(name: str, title: str, description: str, height: int, drawn: Iterable[str]) -> str:
    return (
        f'<svg role="img" aria-labelledby="{name}-title {name}-desc" width="100%" height="{height}">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
        f"{''.join(drawn)}</svg>"
    )


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between the ends, zero among them, about five."""
    rough = (high - low) / 5
    size = 10.0 ** floor(log10(rough))
    step = next(size * times for times in (1, 2, 5, 10) if size * times >= rough)
    return [round(step * i, 10) for i in range(ceil(low / step), floor(high / step) + 1)]
