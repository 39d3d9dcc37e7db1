"""What a template mentions: read from its syntax tree, along its layouts, as it would really be rendered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Environment, nodes

from regulars.words.bounds import bounded
from regulars.words.sources import Sources

ROWS = "rows"
"""The variable that is a list of rows: its names are those of each."""


@dataclass(frozen=True, slots=True)
class Mention:
    """`root.name` at a line of a file. `name` is empty for a bare variable.

    `guarded`: it stands under `if … is defined`, in such a test, or before `default`, and may be missing.
    `through`: the variable of a loop over `rows` by which it is written; the root is then `rows`.
    """

    root: str
    name: str
    file: str
    line: int
    guarded: bool = False
    through: str = ""

    @property
    def written(self) -> str:
        """The variable that stands before the dot."""
        return self.through or self.root

    @property
    def dotted(self) -> str:
        """As one writes it."""
        return f"{self.written}.{self.name}" if self.name else self.written


@lru_cache(maxsize=256)
def parse(text: str, name: str | None = None) -> nodes.Template:
    """The syntax tree of a text, to be read only. Raises jinja2.TemplateSyntaxError, for too large a tree as well."""
    return bounded(text, name, lambda: _parser().parse(text, name))


def mentions(sources: Sources, name: str) -> list[Mention]:
    """Every variable that the file `name` would name, blocks of layouts replaced as when it is rendered.

    Raises jinja2.TemplateSyntaxError.
    """
    return list(_Walk(sources, name).all())


def mentions_in(text: str, name: str) -> list[Mention]:
    """The same for a text that is no file: a subject."""
    return mentions(Sources({name: text}), name)


def own_words(sources: Sources, name: str) -> int:
    """Characters that stand in the file and its layouts as they are, all ways through its conditions together."""
    return sum(
        len(written.data)
        for file in sources.chain(name)
        for written in parse(sources.files[file], file).find_all(nodes.TemplateData)
    )


@lru_cache(maxsize=1)
def _parser() -> Environment:
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)


Local = dict[str, str]
"""Names of loops: what each stands for (`rows`: one of these), or an empty text where nobody need know."""


class _Walk:
    """One walk through a file and its layouts."""

    def __init__(self, sources: Sources, name: str) -> None:
        self._trees = [(file, parse(sources.files[file], file)) for file in sources.chain(name)]
        self._blocks: dict[str, tuple[str, nodes.Block]] = {}
        for file, tree in self._trees:
            for block in tree.find_all(nodes.Block):
                self._blocks.setdefault(block.name, (file, block))

    def all(self) -> Iterator[Mention]:
        """The mentions of the outermost layout, and of what was put into it."""
        if self._trees:
            file, tree = self._trees[-1]
            yield from self._inside(tree, file, frozenset(), {})

    def _inside(self, node: nodes.Node, file: str, guards: frozenset[str], local: Local) -> Iterator[Mention]:
        for child in node.iter_child_nodes():
            yield from self._of(child, file, guards, local)

    def _of(self, node: nodes.Node, file: str, guards: frozenset[str], local: Local) -> Iterator[Mention]:
        if isinstance(node, nodes.Block):
            where, block = self._blocks[node.name]
            yield from self._inside(block, where, guards, local)
        elif isinstance(node, nodes.If | nodes.CondExpr):
            yield from self._branches(node, file, guards, local)
        elif isinstance(node, nodes.For):
            yield from self._loop(node, file, guards, local)
        elif isinstance(node, nodes.Filter | nodes.Test) and node.name in ("default", "defined", "undefined"):
            yield from self._inside(node, file, guards | set(_dotted(node.node)), local)
        elif names := _dotted(node):
            root, _, name = names[-1].partition(".")
            guarded = not guards.isdisjoint(names)
            if root not in local:
                yield Mention(root, name, file, node.lineno, guarded)
            elif local[root]:
                yield Mention(local[root], name, file, node.lineno, guarded, root)
        else:
            yield from self._inside(node, file, guards, local)

    def _branches(
        self, node: nodes.If | nodes.CondExpr, file: str, guards: frozenset[str], local: Local
    ) -> Iterator[Mention]:
        yield from self._of(node.test, file, guards, local)
        certain = guards | _defined(node.test)
        body, others = _ways(node)
        for child in body:
            yield from self._of(child, file, certain, local)
        for child in others:
            yield from self._of(child, file, guards, local)

    def _loop(self, node: nodes.For, file: str, guards: frozenset[str], local: Local) -> Iterator[Mention]:
        yield from self._of(node.iter, file, guards, local)
        targets = {
            name.name for name in (node.target, *node.target.find_all(nodes.Name)) if isinstance(name, nodes.Name)
        }
        over_rows = isinstance(node.iter, nodes.Name) and node.iter.name == ROWS and ROWS not in local
        inner = local | dict.fromkeys(targets, ROWS if over_rows else "") | {"loop": ""}
        for child in (*node.body, *([node.test] if node.test else [])):
            yield from self._of(child, file, guards, inner)
        for child in node.else_:
            yield from self._of(child, file, guards, local)


def _ways(node: nodes.If | nodes.CondExpr) -> tuple[list[nodes.Node], list[nodes.Node]]:
    """What is said where the condition holds, and what where it does not."""
    if isinstance(node, nodes.If):
        return node.body, [*node.elif_, *node.else_]
    return [node.expr1], [node.expr2] if node.expr2 else []


def _dotted(node: nodes.Node | None) -> tuple[str, ...]:
    """`customer.first_name.x` → ("customer", "customer.first_name"); empty for anything but a variable.

    `rows[0].product` and `(rows | first).product` → ("rows", "rows.product").
    """
    names: list[str] = []
    while isinstance(node, (nodes.Getattr, nodes.Getitem)) or (
        names and isinstance(node, nodes.Filter) and node.name == "first"
    ):
        if isinstance(node, nodes.Getattr):
            names.append(node.attr)
        elif isinstance(node, nodes.Getitem):
            names.append(_text_of(node.arg))
        node = node.node
    if not isinstance(node, nodes.Name):
        return ()
    if node.name == ROWS:
        names = [name for name in names if name]
    first = names[-1] if names else ""
    return (node.name, f"{node.name}.{first}") if first else (node.name,)


def _text_of(node: nodes.Expr) -> str:
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else ""


def _defined(test: nodes.Node) -> frozenset[str]:
    """What a condition makes sure of: `a is defined and b.c is defined`."""
    if isinstance(test, nodes.And):
        return _defined(test.left) | _defined(test.right)
    if isinstance(test, nodes.Test) and test.name == "defined":
        return frozenset(_dotted(test.node)[-1:])
    return frozenset()
