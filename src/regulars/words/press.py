"""Jinja2 as we use it: sandboxed, strict, compiled once per process, and able to tell its own words from a person's.

Compiled templates yield constants of their own and values of the context. The values come out as `Markup` where HTML
escapes them, and as `Hole` elsewhere; constants are plain `str`. Telling them apart is one look at the class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any, Literal

from jinja2 import FunctionLoader, StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment
from jinja2.tests import TESTS as JINJA_TESTS

from regulars.words.allowed import TESTS, WAY_OUT, refusals
from regulars.words.bounds import bounded
from regulars.words.filters import filters_for
from regulars.words.preheader import with_place
from regulars.words.sources import Sources

Kind = Literal["html", "plain"]
_ABSENT = object()


class Hole(str):
    """A value in plain text, as against the template's own words."""

    __slots__ = ()


class _Generator(CodeGenerator):
    """Jinja2's own, which refuses what is not on the list and marks values in plain text."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802  # Jinja2's visitor
        for refusal in refusals(node):
            raise TemplateSyntaxError(f"{refusal.sentence} {WAY_OUT}", refusal.line, self.name)
        super().visit_Template(node, frame)

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.hole(")


class Press(SandboxedEnvironment):
    """The templates of one project in one language and one kind. `press_for` gives the one there is."""

    code_generator_class = _Generator
    hole = Hole

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return bounded(source, name, lambda: super(Press, self)._parse(source, name, filename))

    def __init__(self, sources: Sources, kind: Kind, language: str, currency: str, timezone: str) -> None:
        loader = FunctionLoader(partial(_source, sources, kind))
        super().__init__(
            loader=loader,
            autoescape=kind == "html",
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        self.sources = sources
        self.source: Callable[[str], str] = lambda name: loader.get_source(self, name)[0]
        """The text of a file as it is compiled; raises jinja2.TemplateNotFound."""
        self.globals.clear()
        self.filters = dict(filters_for(language, currency, timezone))
        self.tests = {name: JINJA_TESTS[name] for name in TESTS}
        self.line = lru_cache(512)(self.from_string)
        """Compiles a text that is not a file: a subject."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A key of a mapping, never a method of it; empty text for a value nobody knows."""
        if obj.__class__ is dict:
            value = obj.get(attribute, _ABSENT)
            if value is _ABSENT:
                return self.undefined(obj=obj, name=attribute)
            return "" if value is None else value
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """The same for `customer["first_name"]`; a number counts in a list."""
        if obj.__class__ is dict:
            return self.getattr(obj, argument)
        return super().getitem(obj, argument)


def _source(sources: Sources, kind: Kind, name: str) -> str | None:
    text = sources.files.get(name)
    return with_place(text) if text is not None and kind == "html" else text


@lru_cache(maxsize=64)
def press_for(sources: Sources, kind: Kind, language: str, currency: str, timezone: str) -> Press:
    """The one press of this process for these texts."""
    return Press(sources, kind, language, currency, timezone)


def pieces(template: Template, variables: Mapping[str, Any]) -> Iterator[str]:
    """What a template says with these variables, piece by piece: `str` its own words, anything else a value.

    Nothing that a template may contain changes a variable.
    """
    return template.root_render_func(_Known(template, variables))


class _Known(Context):
    """What a template is rendered with. There are no globals to mix in."""

    def __init__(self, template: Template, variables: Mapping[str, Any]) -> None:
        self.parent, self.vars = variables, {}  # type: ignore[assignment]  # read, never written
        self.environment, self.name = template.environment, template.name
        self.eval_ctx = EvalContext(self.environment, self.name)
        self.exported_vars, self.globals_keys = set(), set()
        self.blocks = {name: [block] for name, block in template.blocks.items()}
