"""The few pieces of HTML the page is made of. Every text that comes in is escaped here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], foot: Sequence[str] = ()) -> str:
    """A table of texts; it scrolls by itself where the screen is too narrow.

    The first cell of a row is its heading; what follows a line feed in it stands small below.
    """
    heads = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(_row(row) for row in rows)
    last = f"<tfoot>{_row(foot)}</tfoot>" if foot else ""
    return (
        f'<div class="table" role="region" aria-label="{escape(caption)}" tabindex="0"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody>{last}</table></div>"
    )


def figure(caption: str, chart: str, numbers: str, legend: str = "") -> str:
    """A chart (SVG) under its caption, with the table of its numbers folded behind it."""
    return (
        f"<figure><figcaption>{escape(caption)}</figcaption>{legend}{chart}"
        f"<details><summary>The numbers</summary>{numbers}</details></figure>"
    )


def legend(entries: Iterable[tuple[str, str]]) -> str:
    """What the colours mean: (class, words)."""
    items = "".join(f'<li><i class="{colour}"></i>{escape(words)}</li>' for colour, words in entries)
    return f'<ul class="legend">{items}</ul>'


def key_figures(entries: Iterable[tuple[str, str]]) -> str:
    """Large figures, each with what it is: (words, figure)."""
    items = "".join(f"<div><dt>{escape(words)}</dt><dd>{escape(said)}</dd></div>" for words, said in entries)
    return f'<dl class="figures">{items}</dl>'


def section(title: str, *content: str) -> str:
    """A section under its heading; without content nothing."""
    inside = "".join(content)
    return f"<section><h2>{escape(title)}</h2>{inside}</section>" if inside else ""


def paragraph(words: str, kind: str = "") -> str:
    """A paragraph of plain text."""
    marked = f' class="{kind}"' if kind else ""
    return f"<p{marked}>{written(words)}</p>"


def written(words: str) -> str:
    """Escaped, and what stands between `backticks` as code."""
    return re.sub("`([^`]*)`", r"<code>\1</code>", escape(words))


def _row(cells: Sequence[str]) -> str:
    first, *rest = (escape(cell) for cell in cells)
    heading, *below = first.split("\n")
    heading += "".join(f"<small>{line}</small>" for line in below)
    return f'<tr><th scope="row">{heading}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'
