"""What a template may contain: a list of allowed kinds of Jinja nodes, and nothing else.

A sandbox alone does not stop `{{ 'x' * 10**9 }}`; a template that can only name, choose, repeat and format can do no
harm. The list is also what makes a message a skeleton with holes: no node of it captures output.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from jinja2 import nodes

from regulars.lang.suggest import did_you_mean

FILTERS = (
    "capitalize", "date", "default", "escape", "first", "join", "length", "lower", "money", "number", "plural",
    "round", "truncate", "upper",
)  # fmt: skip
TESTS = ("defined", "undefined", "none", "odd", "even", "divisibleby", "in", "eq", "ne", "lt", "le", "gt", "ge")
DEEPEST_LOOP = 2

_KINDS: frozenset[type[nodes.Node]] = frozenset({
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const,
    nodes.List, nodes.Tuple, nodes.If, nodes.For, nodes.CondExpr, nodes.Filter, nodes.Keyword, nodes.Test,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Add, nodes.Sub, nodes.Concat,
    nodes.Extends, nodes.Block,
})  # fmt: skip
_CALLED: dict[type[nodes.Node], tuple[str, str]] = {
    nodes.Call: ("Calling something, `name(…)`,", r"[\w.]+\("),
    nodes.Assign: ("`set`", r"\bset\b"),
    nodes.AssignBlock: ("`set`", r"\bset\b"),
    nodes.Macro: ("`macro`", r"\bmacro\b"),
    nodes.CallBlock: ("`call`", r"\bcall\b"),
    nodes.FilterBlock: ("`filter`", r"\bfilter\b"),
    nodes.Include: ("`include`", r"\binclude\b"),
    nodes.Import: ("`import`", r"\bimport\b"),
    nodes.FromImport: ("`import`", r"\bfrom\b"),
    nodes.Scope: ("`autoescape`", r"\bautoescape\b"),
    nodes.ScopedEvalContextModifier: ("`autoescape`", r"\bautoescape\b"),
    nodes.Slice: ("A slice, `[a:b]`,", r"\[[^\]]*:[^\]]*\]"),
    nodes.Mul: ("`*`", r"\*"),
    nodes.Div: ("`/`", r"/"),
    nodes.FloorDiv: ("`//`", r"//"),
    nodes.Mod: ("`%`", r"(?<![{])%(?!\})"),
    nodes.Pow: ("`**`", r"\*\*"),
}
"""Kind of node: what people call it, and what it looks like."""
WAY_OUT = (
    "A template may name variables, choose with `if`, repeat with `for`, format with filters "
    f"({', '.join(FILTERS)}) and stand on a layout with `extends` and `block`. Compute the rest as a trait."
)


class Refusal(NamedTuple):
    """Something a template may not contain: its line, a sentence, and a pattern for the sign on that line."""

    line: int
    sentence: str
    sign: str = ""


def refusals(tree: nodes.Template) -> list[Refusal]:
    """All that is not allowed in a parsed template, in order of lines."""
    return sorted({*_kinds(tree), *_names(tree), *_loops(tree, 0)})


def _kinds(tree: nodes.Template) -> Iterator[Refusal]:
    for node in tree.find_all(nodes.Node):
        if type(node) not in _KINDS:
            said, sign = _CALLED.get(type(node), (f"`{type(node).__name__.lower()}`", ""))
            yield Refusal(_line(node), f"{said} cannot stand in a template.", sign)
        elif isinstance(node, nodes.Filter) and node.name not in FILTERS:
            hint = did_you_mean(node.name, FILTERS)
            yield Refusal(node.lineno, f"`{node.name}` is not a filter here.{hint}", _word(node.name))
        elif isinstance(node, nodes.Test) and node.name not in TESTS:
            hint = did_you_mean(node.name, TESTS)
            yield Refusal(node.lineno, f"`is {node.name}` is not a test here.{hint}", _word(node.name))


def _line(node: nodes.Node) -> int:
    """The node's own line; of one that Jinja gives none, that of what stands in it."""
    return node.lineno or next((_line(child) for child in node.iter_child_nodes()), 1)


def _word(name: str) -> str:
    return rf"\b{re.escape(name)}\b"


def _names(tree: nodes.Template) -> Iterator[Refusal]:
    for node in tree.find_all((nodes.Getattr, nodes.Getitem, nodes.Name, nodes.Extends)):
        if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
            yield Refusal(node.lineno, f"`{node.attr}`: a name cannot start with an underscore.", _word(node.attr))
        elif isinstance(node, nodes.Name) and (node.name.startswith("_") or node.name in ("self", "super")):
            yield Refusal(node.lineno, f"`{node.name}` cannot be used in a template.", _word(node.name))
        elif isinstance(node, nodes.Getitem) and not _plain_key(node.arg):
            yield Refusal(node.lineno, "What stands in `[…]` must be a number or a text in quotes.", r"\[[^\]]*\]")
        elif isinstance(node, nodes.Extends) and not isinstance(node.template, nodes.Const):
            yield Refusal(node.lineno, "`extends` takes the name of a layout in quotes.", _word("extends"))


def _plain_key(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Const) and not (isinstance(node.value, str) and node.value.startswith("_"))


def _loops(node: nodes.Node, depth: int) -> Iterator[Refusal]:
    if isinstance(node, nodes.For):
        depth += 1
        if depth > DEEPEST_LOOP:
            yield Refusal(node.lineno, "A `for` inside two others is too deep.", _word("for"))
        if node.recursive or not isinstance(node.iter, (nodes.Name, nodes.Getattr)):
            said = "`for` repeats over a variable that is a list, and over nothing else."
            yield Refusal(node.lineno, said, _word("for"))
    for child in node.iter_child_nodes():
        yield from _loops(child, depth)
