"""How much one template may hold: texts that would take their readers long, or deeper than Python goes, are refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count

from jinja2 import TemplateSyntaxError, nodes

DEEPEST, LARGEST = 60, 10_000
"""Levels and parts of one template; a long letter has ten levels and some hundred parts."""
LONGEST = 20_000
"""Characters between one pair of braces."""
TOO_MUCH = "more than a template may hold"


def bounded(text: str, name: str | None, parse: Callable[[], nodes.Template]) -> nodes.Template:
    """What `parse` makes of `text`; raises jinja2.TemplateSyntaxError (`TOO_MUCH`) where it holds too much."""
    line = 1
    for part in re.split(r"(?=\{[{%])", text):
        if part.startswith("{") and len(re.split(r"[%}]\}", part, maxsplit=1)[0]) > LONGEST:
            raise TemplateSyntaxError(TOO_MUCH, line, name)
        line += part.count("\n")
    try:
        tree = parse()
    except (RecursionError, ValueError):
        # A ValueError is a number of more digits than Python reads.
        raise TemplateSyntaxError(TOO_MUCH, 1, name) from None
    _count(tree, name)
    return tree


def _count(tree: nodes.Template, name: str | None) -> None:
    level: list[nodes.Node] = [tree]
    total = 0
    for depth in count():
        total += len(level)
        if depth > DEEPEST or total > LARGEST:
            raise TemplateSyntaxError(TOO_MUCH, level[0].lineno, name)
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            return
