"""A file and the layouts it stands on, laid flat: one template that says the same in fewer steps.

`extends` and `block` are resolved once instead of for every message. Where a block's meaning hangs on more than its
name (in a loop, in a condition of the file that replaces it) there is no flat template, and the file is rendered as
Jinja2 does it. The flat one knows nothing of files and lines: whoever renders it and fails asks the real one.
"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import Template, TemplateError, nodes
from jinja2.visitor import NodeTransformer

from regulars.words.press import Press


def flat(press: Press, name: str) -> Template | None:
    """The flat template of the file `name`; None where it has none, or a fault that the file itself will tell."""
    try:
        return _flat(press, name)
    except (TemplateError, RecursionError):
        return None


def _flat(press: Press, name: str) -> Template | None:
    blocks: dict[str, nodes.Block] = {}
    before: list[nodes.Node] = []
    seen: set[str] = set()
    while True:
        tree = _tree(press, name)
        if name in seen or tree is None:
            return None
        seen.add(name)
        blocks = {block.name: block for block in tree.find_all(nodes.Block)} | blocks
        if not (layout := _layout(tree)):
            break
        if not _only_blocks(tree):
            return None
        before += _before(tree)
        name = layout
    spread = _Spread(blocks)
    spread.visit(tree)
    if spread.twice:
        return None
    whole = nodes.Template(_joined([*before, *tree.body]), lineno=1)
    whole.set_environment(press)
    return Template.from_code(press, press.compile(whole, name), {})


def _tree(press: Press, name: str) -> nodes.Template | None:
    """The file as it is parsed; None where it has a block or a layout that cannot be resolved beforehand."""
    tree = press.parse(press.source(name), name)
    stands_on = list(tree.find_all(nodes.Extends))
    looped = any(True for loop in tree.find_all(nodes.For) for _ in loop.find_all(nodes.Block))
    odd = any(block.scoped or block.required for block in tree.find_all(nodes.Block))
    top = all(any(node is one for node in tree.body) for one in stands_on)
    return None if looped or odd or len(stands_on) > 1 or not top else tree


def _layout(tree: nodes.Template) -> str:
    return next((node.template.value for node in _extends(tree) if isinstance(node.template, nodes.Const)), "")


def _extends(tree: nodes.Template) -> Iterator[nodes.Extends]:
    return (node for node in tree.body if isinstance(node, nodes.Extends))


def _only_blocks(tree: nodes.Template) -> bool:
    """Whether a file that stands on a layout says plain words before that, and nothing but blocks after it."""
    place = next(place for place, node in enumerate(tree.body) if isinstance(node, nodes.Extends))
    plain = all(
        isinstance(node, nodes.Output) and all(isinstance(said, nodes.TemplateData) for said in node.nodes)
        for node in tree.body[:place]
    )
    return plain and all(isinstance(node, (nodes.Output, nodes.Block)) for node in tree.body[place + 1 :])


def _before(tree: nodes.Template) -> list[nodes.Node]:
    """What is said before the layout begins."""
    place = next(place for place, node in enumerate(tree.body) if isinstance(node, nodes.Extends))
    return list(tree.body[:place])


def _joined(body: list[nodes.Node]) -> list[nodes.Node]:
    """Words that follow each other said at once."""
    joined: list[nodes.Node] = []
    for node in body:
        if isinstance(node, nodes.Output) and joined and isinstance(joined[-1], nodes.Output):
            joined[-1].nodes = [*joined[-1].nodes, *node.nodes]
        else:
            joined.append(node)
    return joined


class _Spread(NodeTransformer):
    """Puts what a block says in its place."""

    def __init__(self, blocks: dict[str, nodes.Block]) -> None:
        self._left = dict(blocks)
        self.twice = False
        """A block stands in two places, or in itself."""

    def visit_Block(self, node: nodes.Block) -> list[nodes.Node]:  # noqa: N802  # Jinja2's visitor
        block = self._left.pop(node.name, None)
        if block is None:
            self.twice = True
            return []
        self.generic_visit(block)
        return block.body

    def generic_visit(self, node: nodes.Node, *args: object, **kwargs: object) -> nodes.Node:
        """Whatever else holds blocks."""
        super().generic_visit(node, *args, **kwargs)
        for part in ("body", "else_"):
            if isinstance(said := getattr(node, part, None), list):
                setattr(node, part, _joined(said))
        return node
