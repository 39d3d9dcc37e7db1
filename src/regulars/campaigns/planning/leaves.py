"""The tests an audience is made of, and what became of one: `became 'lapsed' (days_since(last_order) passed 180)`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from regulars.lang.expressions import Expression, Node
from regulars.people.formulas import quintiles
from regulars.people.vocabulary import Derived

_JOINTS = ("and", "or", "not")


@dataclass(frozen=True)
class Leaf:
    """One test. `keeps`: whether it lets people in when it holds (below a `not` it keeps them out)."""

    tree: Node
    written: str
    keeps: bool = True
    ladder: Derived | None = None
    """The segment whose value it asks for, where it does only that."""

    @property
    def wanted(self) -> tuple[str, ...]:
        """The values of the ladder it asks for."""
        return tuple(str(node.value) for node in self.tree.args[1:]) if self.ladder else ()

    def turned(self, value: str | None, *, entered: bool) -> str:
        """What is said of people for whom it changed; `value` is what they are in the ladder now."""
        if self.ladder and value is not None:
            how = f" ({_passed(self.ladder, value)})" if entered and _passed(self.ladder, value) else ""
            return f"became '{value}'{how}"
        holds = entered == self.keeps
        if told := _passing(self.tree, self.written, holds=holds):
            return told
        return f"{self.written} {'holds' if holds else 'holds no more'}"


def leaves(expression: Expression, segments: Mapping[str, Derived]) -> list[Leaf]:
    """The tests of a condition, in order; a plain segment or audience stands for the tests it is made of."""
    return list(_leaves(expression.tree, expression.text, segments, keeps=True))


def _leaves(tree: Node, text: str, segments: Mapping[str, Derived], *, keeps: bool) -> Iterator[Leaf]:
    if tree.op in _JOINTS:
        for arg in tree.args:
            yield from _leaves(arg, text, segments, keeps=keeps != (tree.op == "not"))
        return
    named = segments.get(str(tree.value)) if tree.op == "column" else None
    if named and named.plain and named.expression and not quintiles(named.expression.tree):
        yield from _leaves(named.expression.tree, named.expression.text, segments, keeps=keeps)
        return
    yield Leaf(tree, written(tree, text), keeps, _asked(tree, segments))


def _asked(tree: Node, segments: Mapping[str, Derived]) -> Derived | None:
    """The ladder that `tree` asks for values of: `lifecycle = 'lapsed'`, `loyalty_type in ('discount', 'price')`."""
    if tree.op not in ("=", "in") or tree.args[0].op != "column":
        return None
    ladder = segments.get(str(tree.args[0].value))
    return ladder if ladder and ladder.steps and all(arg.op == "text" for arg in tree.args[1:]) else None


def _passed(ladder: Derived, value: str) -> str:
    """What made them that: the condition of the step, in words where it is one comparison."""
    step = next((tree for name, tree in ladder.steps if name == value), None)
    if step is None:
        return ""
    return _passing(step.tree, step.text, holds=True) or " ".join(step.text.split())


def _passing(tree: Node, text: str, *, holds: bool) -> str:
    """`days_since(last_order) passed 180`: a comparison of something with a number that came to hold, or no more."""
    if tree.op not in _PASSED or tree.args[1].op != "number" or tree.args[0].op == "number":
        return ""
    sign = tree.op if holds else _OTHERWISE[tree.op]
    return _PASSED[sign].format(written(tree.args[0], text), tree.args[1].value)


_PASSED = {">": "{} passed {}", ">=": "{} reached {}", "<": "{} fell below {}", "<=": "{} fell to {} or less"}
_OTHERWISE = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


def written(tree: Node, text: str) -> str:
    """The node as it was written, brackets closed, on one line."""
    end = tree.start + tree.length
    while text[tree.start : end].count("(") > text[tree.start : end].count(")") and end < len(text):
        end += 1
    return " ".join(text[tree.start : end].split())
