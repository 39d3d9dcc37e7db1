"""Whatever stands in a condition, it is read or told: never an exception, never a word to stderr."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.lang.conditions import KNOWN, read
from regulars.lang.expressions import Field
from regulars.lang.kinds import Typing
from regulars.lang.problems import Position, Problems
from regulars.lang.written import Written

FIELDS = {
    "orders": Field("number"),
    "city": Field("text"),
    "last_order": Field("time"),
    "birthday": Field("date"),
    "vip": Field("yes_no"),
    "lifecycle": Field("text", ("lapsed", "active")),
}
WORDS = [
    *FIELDS,
    *sorted(KNOWN),
    "and",
    "or",
    "not",
    "in",
    "between",
    "like",
    "is",
    "null",
    "case",
    "when",
    "then",
    "else",
    "end",
    "true",
    "today",
    "(",
    ")",
    ",",
    "=",
    "<>",
    "<",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "::",
    ".",
    ";",
    "'a'",
    "'",
    '"b"',
    "1",
    "0.5",
    "1e9",
    "select",
    "from",
    "distinct",
    "over",
    "cast",
    "as",
    "int",
    "interval",
    "[",
    "]",
    "{",
    "}",
    "$1",
    "?",
    ":",
    "||",
    "--",
    "/*",
    "@",
    "\\",
    "x'41'",
    "e'\\n'",
    "$$a$$",
    "б",
    "“",
    "\u2028",
    "\x00",
    "exists",
    "any",
    "all",
    "array",
    "struct",
    "lambda",
    "->",
    "filter",
    "drop",
    "table",
    "copy",
    "attach",
    "pragma",
    "set",
    "show",
    "describe",
    "with",
    "values",
    "union",
    "lateral",
    "unnest",
    "'2026-02-30'",
]
GOOD = [
    "orders >= 1 and days_since(last_order) > 180",
    "(city in ('Iași', 'Cluj') or not vip) and lifecycle <> 'lapsed'",
    "case when orders between 1 and 3 then coalesce(city, 'x') else upper(trim(city)) end like 'C%'",
    "days_until_anniversary(birthday) <= 3 and quintile(orders, orders >= 1) = 5",
    "avg(orders > 1) + round(orders / 3, 2) - abs(-orders) > least(1, 2)",
]


def look(text):
    """Read and type `text`; whatever is refused is told at a place inside it."""
    problems = Problems()
    written = Written(text, Position("rules.yaml", 1, 1))
    tree = read(written, problems)
    typed = Typing(written, FIELDS, problems, aggregates=True).expression(tree) if tree else None
    assert typed is not None or problems.errors, text
    for problem in problems:
        assert 1 <= problem.position.column <= max(len(text), 1) + 1, (text, problem)
        assert problem.position.length >= 1


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join) | st.text(max_size=60))
def test_any_words_are_read_or_told(text):
    look(text)


def test_damaged_conditions_are_read_or_told(capfd):
    chance = random.Random(2026)
    for _ in range(1500):
        text = chance.choice(GOOD)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(text) + 1)
            text = (
                text[:at] + (chance.choice(WORDS) if chance.random() < 0.6 else "") + text[at + chance.randint(0, 5) :]
            )
        look(text)
    told = capfd.readouterr()
    assert (told.out, told.err) == ("", "")
