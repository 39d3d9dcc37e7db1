"""The text of a condition before it is parsed: what sqlglot would accept silently, or say in its own words."""

from __future__ import annotations

import re

_TYPOGRAPHIC = re.compile("[“”„«»‘’]")
_SIGNS = (
    (
        r"--|/\*",
        "comment-here",
        "A comment cannot stand inside a condition.",
        "put it in a line of its own that begins with #",
    ),
    (
        r";",
        "one-condition",
        "`;` ends a statement; a condition is one expression.",
        "join two conditions by `and` or `or`",
    ),
    (r"==", "write-equals", "`==` is not SQL.", "write one `=`"),
    (r"&&", "write-and", "`&&` is not SQL.", "write `and`"),
    (r"\|\|", "write-or", "`||` joins texts in SQL; it does not mean or.", "write `or`"),
    (
        r"`",
        "text-in-quotes",
        "A backtick has no meaning in a condition.",
        "text stands in straight single quotes: 'lapsed'",
    ),
    (
        r"\{\{|\}\}|\$\{",
        "no-templates",
        "Variables are for templates; a condition names traits as they are.",
        "write the trait's name alone",
    ),
)
"""A sign in the text outside of its quotes, and what it means that it stands there."""


class Refused(Exception):  # it never leaves the reading of conditions
    """The text is not a condition; carries code, sentence, way out, start and length."""

    def __init__(self, code: str, sentence: str, way_out: str = "", start: int = 0, length: int = 1) -> None:
        super().__init__(sentence)
        self.code, self.sentence, self.way_out, self.start, self.length = code, sentence, way_out, start, length


def look(text: str) -> None:
    """Refuse what sqlglot would accept silently, and what has a better sentence than a syntax error."""
    outside = re.sub(r"'(?:[^']|'')*'", lambda found: " " * len(found[0]), text)
    if found := _TYPOGRAPHIC.search(outside):
        raise Refused(
            "typographic-quotes",
            f"`{found[0]}` is a typographic quote.",
            "write straight single quotes: 'lapsed'",
            found.start(),
        )
    if outside.count('"') % 2:
        raise Refused(
            "text-in-quotes",
            "A double quote opens here and does not close; text stands in straight single quotes.",
            "write 'lapsed'",
            outside.rindex('"'),
        )
    # What stands in double quotes is told once it is known what it may have been meant to be.
    outside = re.sub(r'"[^"]*"', lambda found: " " * len(found[0]), outside)
    for sign, code, sentence, way_out in _SIGNS:
        if found := re.search(sign, outside):
            raise Refused(code, sentence, way_out, found.start(), len(found[0]))


_GRAMMAR = frozenset(["and", "or", "not", "in", "between", "like", "is", "null", "true", "false", "end"])
_CASE = frozenset({"when", "then", "else", "case"})
"""Words that have a place of their own in a condition."""
NO_QUERY, COUNT_INSTEAD = (
    "A condition cannot hold a query.",
    "count what it asks for in a trait, and name the trait here",
)
_NO_NAMES = frozenset({"distinct", "except", "for", "from", "having", "into", "on", "only", "select", "using", "with"})
"""Words that sqlglot reads as the beginning of something, and stumbles over what follows."""


def unreadable(text: str, words: str, start: int) -> Refused:
    """Why `text` cannot be parsed: at `words` (may be empty), which begin at `start`, something is wrong."""
    above = re.search(r"(\w+)\s*$", text[:start])
    if above and not words.isalpha() and above[1].lower() in _NO_NAMES:
        words, start = above[1], above.start()
    word, before = words.lower(), text[:start].rstrip().lower()
    length = max(len(words), 1)
    if word == "where" and not before:
        return Refused(
            "condition-syntax", "A condition begins without `where`.", "write what follows it alone", start, length
        )
    if word == "select":
        return Refused("not-a-condition", NO_QUERY, COUNT_INSTEAD, start, length)
    named = not before or re.search(r"(\band|\bor|\bnot|[(,=<>+*/-])$", before)
    own = word not in _GRAMMAR and not (word in _CASE and re.search(r"\bcase\b", text.lower()))
    if named and own and word.isalpha():
        return Refused(
            "sql-word",
            f"`{words}` is a word of SQL's own and cannot be a name in a condition.",
            f'give the column another name: {{sql: select *, "{words}" as {words}_ from …}} under `source.tables`',
            start,
            length,
        )
    return Refused(
        "condition-syntax",
        f"This is not a condition{f': something is wrong at `{words}`' if words else ''}.",
        "a condition reads like SQL's where: orders >= 3 and lifecycle = 'active'",
        start,
        length,
    )


def closes(text: str, start: int, at: int) -> bool:
    """Whether the bracket at `at` closes one that was opened before `start`."""
    return text[at] == ")" and text[start:at].count("(") == text[start:at].count(")")


def closed(text: str, start: int, end: int) -> int:
    """`end`, moved behind the brackets that are opened between `start` and `end` and close after it."""
    inside = re.sub(r"'(?:[^']|'')*'", "", text[start:end])
    missing = inside.count("(") - inside.count(")")
    while missing > 0 and (found := re.compile(r"\s*\)").match(text, end)):
        end, missing = found.end(), missing - 1
    return end
