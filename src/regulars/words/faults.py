"""What Jinja says about a template it cannot read, in the words of whoever wrote it."""

from __future__ import annotations

import re
from typing import NamedTuple

from jinja2 import TemplateSyntaxError

from regulars.words.bounds import TOO_MUCH


class Told(NamedTuple):
    """A sentence, a way out, and where on its line the mistake shows: the column from 0 and the length."""

    sentence: str
    way_out: str
    column: int = 0
    length: int = 1


_OPEN = r"\{\{(?!.*\}\}).*$|\{\{[^}]*\}(?!\})"
_TOLD: tuple[tuple[str, str, str, str], ...] = (
    (
        TOO_MUCH,
        "This template holds more than a message needs, or is nested too deeply.",
        "write it more simply: what is chosen belongs into ladders of rules.yaml and of the campaign",
        r"\{[{%]",
    ),
    (
        r"unexpected '\}'|got '\}'|expected 'end of print statement'|token 'end of print statement', got '%'",
        "A `{{{{` is opened here and not closed by `}}}}`.",
        "write   {{{{ customer.first_name }}}}",
        _OPEN,
    ),
    (
        r"token 'end of print statement', got '?(?P<got>[^']*)",
        "Between `{{{{` and `}}}}` stands one variable; `{got}` is too much.",
        "write   {{{{ customer.first_name }}}}, or with a format   {{{{ customer.spent | money }}}}",
        r"\{\{[^}]*\}?\}?",
    ),
    (
        r"innermost block that needs to be closed is '(?P<tag>\w+)'",
        "`{tag}` is opened above and not closed by the end of the file.",
        "close it with   {{% end{tag} %}}",
        r"\{%-?\+?\s*(?:if|for|block|elif|else)\b[^%]*%?\}?",
    ),
    (
        r"unknown tag '(?P<tag>end\w+)'",
        "`{tag}` closes what is not open here.",
        "delete it, or open it before",
        r"\{%[^%]*%?\}?",
    ),
    (
        r"unknown tag '(?P<tag>[^']*)'",
        "`{tag}` is not a word that may follow `{{%`.",
        "there are: if, elif, else, endif, for, endfor, extends, block, endblock",
        r"\{%[^%]*%?\}?",
    ),
    (
        r"Expected an expression, got 'end of print statement'",
        "Nothing stands between `{{{{` and `}}}}`.",
        "write a variable, such as   {{{{ customer.first_name }}}}",
        r"\{\{\s*\}\}",
    ),
    (
        r"end of comment",
        "A `{{#` is opened here and not closed by `#}}`.",
        "write   {{# a remark nobody gets #}}",
        r"\{#.*$",
    ),
    (
        r"unexpected char '?(?P<got>.)",
        "`{got}` cannot stand between the brackets of a variable.",
        "write names with letters, digits, dots and _: {{{{ customer.first_name }}}}",
        r"\{[{{%][^}]*\}?\}?",
    ),
    (
        r"expected token 'name'|expected name or number",
        "A name is missing after a dot or a bar.",
        "write   {{{{ customer.first_name }}}}   or   {{{{ customer.spent | money }}}}",
        r"\{[{{%][^}]*\}?\}?",
    ),
)
"""(part of what Jinja says, sentence, way out, what it looks like on the line); the first that fits."""


def told(fault: TemplateSyntaxError, line: str) -> Told:
    """What is wrong, and where on `line`, the line that `fault` names."""
    message = fault.message or ""
    for part, sentence, way_out, sign in _TOLD:
        if found := re.search(part, message):
            named = {name: (word or "")[:40] for name, word in found.groupdict().items()}
            place = re.search(sign, line)
            column, length = (place.start(), len(place[0])) if place else (0, 1)
            return Told(sentence.format(**named), way_out.format(**named), column, length)
    place = re.search(r"\{[{%#].*?[}%#]\}|\{[{%#].*$", line)
    column, length = (place.start(), len(place[0])) if place else (0, 1)
    return Told(
        "This cannot be read as a template.",
        "a template has variables {{ customer.first_name }} and choices {% if … %} … {% endif %}",
        column,
        length,
    )
