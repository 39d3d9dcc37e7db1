"""Small charts of a figure month by month: a column for each, the newest one written out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

HEIGHT, FOOT, TOP = 72, 20, 8
"""Pixels of the columns, of the line of months below them, and of the air above."""


def trend(name: str, title: str, told: Sequence[tuple[str, float | None, str]], *, open_end: bool = False) -> str:
    """Columns from zero, as inline SVG. `told`: (month, value or None, as it is written) of each, oldest first.

    `open_end`: the last month is not over, and stands pale. `name` is unique on the page.
    """
    values = [value for _, value, _ in told if value is not None]
    low, high = min([0.0, *values]), max([0.0, *values])
    scale, width = HEIGHT / (high - low or 1), 100 / max(len(told), 1)
    zero = TOP + high * scale
    drawn = [f'<line class="grid" x1="0%" x2="100%" y1="{zero:.1f}" y2="{zero:.1f}"/>']
    for place, (month, value, written) in enumerate(told):
        if value is None:
            continue
        top, tall = zero - max(value, 0) * scale, max(abs(value) * scale, 1)
        colour = "pale" if open_end and place == len(told) - 1 else "mid"
        drawn.append(
            f'<rect class="{colour}" x="{place * width + width * 0.12:.2f}%" y="{top:.1f}" width="{width * 0.76:.2f}%" '
            f'height="{tall:.1f}"><title>{escape(month)}: {escape(written)}</title></rect>'
        )
    return _image(name, title, told, drawn)


def _image(name: str, title: str, told: Sequence[tuple[str, float | None, str]], drawn: list[str]) -> str:
    height = TOP + HEIGHT + FOOT
    said = ", ".join(f"{month} {written}" for month, value, written in told if value is not None)
    ends = [(told[0][0], "0%", "start")]
    if len(told) > 1:
        ends.append((told[-1][0], "100%", "end"))
    months = "".join(
        f'<text class="tick" x="{x}" y="{height - 4}" text-anchor="{side}">{escape(month)}</text>'
        for month, x, side in ends
    )
    return (
        f'<svg role="img" aria-labelledby="{name}-title {name}-desc" width="100%" height="{height}">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(said)}</desc>'
        f"{''.join(drawn)}{months}</svg>"
    )
