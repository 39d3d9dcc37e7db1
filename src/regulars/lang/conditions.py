"""Conditions: SQL's `where`, parsed by sqlglot and read by a visitor that knows a whitelist and nothing else.

sqlglot is lenient where a marketer needs it strict: it drops what follows a `;`, reads `a > 1 b` as an alias and
`==` as `=`. Its tokens are looked at first, and only the shapes below pass.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token

from regulars.lang.condition_text import COUNT_INSTEAD, NO_QUERY, Refused, closed, closes, look, unreadable
from regulars.lang.expressions import (
    AGGREGATES,
    FUNCTIONS,
    LARGEST_TEXT,
    LARGEST_TREE,
    PEOPLE_FUNCTIONS,
    ROW,
    Node,
)
from regulars.lang.problems import Problems
from regulars.lang.written import Written

KNOWN = FUNCTIONS | PEOPLE_FUNCTIONS | AGGREGATES
BINARY: dict[type[exp.Expression], str] = {
    exp.And: "and", exp.Or: "or", exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Like: "like",
}  # fmt: skip
SPOKEN = {
    exp.Cast: "a cast",
    exp.TryCast: "a cast", exp.Window: "a window function",
    exp.Alias: "an alias", exp.Interval: "an interval", exp.DPipe: "`||`", exp.Star: "`*`", exp.Mod: "`%`",
    exp.RegexpLike: "a regular expression",
    exp.Collate: "a collation", exp.Concat: "two texts side by side",
}  # fmt: skip


LONGEST_SHOWN = 90
"""Characters of a condition that is written out again."""
OWN_NOTES = ("big_int", "ignore_nulls")
"""What sqlglot notes on a function by itself, whatever was written."""


def read(text: Written, problems: Problems) -> Node | None:
    """The tree of `text`, not yet typed; None when it is refused, with the reason in `problems`."""
    try:
        return _read(text)
    except Refused as refused:
        problems.add(refused.code, text.at(refused.start, refused.length), refused.sentence, refused.way_out)
        return None
    except RecursionError:
        problems.add(
            "condition-too-long",
            text.at(0),
            "This condition is nested too deeply.",
            "give parts of it a name under `audiences`",
        )
        return None


def _read(text: str) -> Node:
    """The tree of `text`; raises Refused."""
    if len(text) > LARGEST_TEXT:
        raise Refused(
            "condition-too-long",
            f"This condition has {len(text)} characters; {LARGEST_TEXT:,} are allowed.",
            "give parts of it a name under `audiences`",
        )
    if not text.strip():
        raise Refused("condition-empty", "There is no condition here.", "write one, such as `orders >= 1`")
    look(text)
    tree = _Reader(text).read(_parse(text))
    if sum(1 for _ in tree.walk()) > LARGEST_TREE:
        raise Refused(
            "condition-too-long",
            f"This condition has more than {LARGEST_TREE} parts.",
            "give parts of it a name under `audiences`",
        )
    return tree


_UNREADABLE = (SqlglotError, ValueError, TypeError, AttributeError, LookupError)
"""What sqlglot raises over odd texts: `orders -> 0.5` is a ValueError."""


class _Parser(DuckDB.Parser):
    """What sqlglot cannot read is an error: it would keep it as a command, and warn on stderr."""

    def _parse_as_command(self, start: Token) -> exp.Command:
        self.raise_error("no condition", start)
        raise SqlglotError


def _tokens(text: str) -> list[Token]:
    try:
        return list(DuckDB().tokenize(text))
    except SqlglotError:
        quote = text.rfind("'")
        raise Refused(
            "condition-syntax",
            "A text that opens with ' does not close.",
            "texts stand between two straight single quotes: 'lapsed'",
            max(quote, 0),
        ) from None


def _parse(text: str) -> exp.Expression:
    try:
        # Into a condition: a statement (`show …`, `drop …`) is never tried.
        found = [tree for tree in _Parser(dialect=DuckDB()).parse_into(exp.Condition, _tokens(text), text) if tree]
    except _UNREADABLE as error:
        details = getattr(error, "errors", None) or [{}]
        words = details[0].get("highlight") or ""
        start = text.rfind(words) if words else len(text.rstrip()) - 1
        line, column = details[0].get("line"), details[0].get("col")
        if line and column and words:
            start = _offset(text, line, column) - len(words)
        raise unreadable(text, words, min(max(start, 0), len(text) - 1)) from None
    if len(found) != 1:
        raise Refused("one-condition", "A condition is exactly one expression.", "join two conditions by `and` or `or`")
    return found[0]


def _offset(text: str, line: int, column: int) -> int:
    return sum(len(row) + 1 for row in text.split("\n")[: line - 1]) + column


@dataclass
class _Reader:
    """Turns sqlglot's tree into ours, node by node; everything it does not know is refused."""

    text: str

    def read(self, tree: exp.Expression) -> Node:
        while isinstance(tree, exp.Paren):
            tree = tree.this
        if isinstance(tree, (exp.Query, exp.Exists)):
            raise self._query()
        operation = BINARY.get(type(tree))
        if operation:
            return self._binary(tree, operation)
        for kind, method in self._SHAPES.items():
            if isinstance(tree, kind):
                return method(self, tree)  # type: ignore[no-any-return, operator]  # a table of methods and lambdas
        if isinstance(tree, exp.Func) and not isinstance(tree, tuple(SPOKEN)):
            return self._function(tree)
        raise self._refusal(tree)

    def _binary(self, tree: exp.Expression, operation: str) -> Node:
        left, right = tree.this, tree.expression
        if operation in ("and", "or"):
            other = exp.Or if operation == "and" else exp.And
            if mixed := next((side for side in (left, right) if isinstance(side, other)), None):
                start, length = self._span(mixed)
                raise Refused(
                    "brackets",
                    "`and` and `or` are mixed without brackets; this can be read in two ways.",
                    self._with_brackets(start, length),
                    start,
                    length,
                )
        if operation in ("=", "<>") and (isinstance(left, exp.Null) or isinstance(right, exp.Null)):
            start, length = self._span(tree)
            raise Refused(
                "write-is-null",
                "Nothing equals null, not even null.",
                "write `is null` or `is not null`",
                start,
                length,
            )
        return self._node(tree, operation, left, right)

    def _with_brackets(self, start: int, length: int) -> str:
        """How it would be written if what stands at `start` belongs together, as SQL reads it."""
        end, line = start + length, " ".join(self.text.split())
        if len(line) > LONGEST_SHOWN:
            return "put brackets around what belongs together: (a and b) or c"
        written = f"{self.text[:start]}({self.text[start:end]}){self.text[end:]}"
        return f"put brackets around what belongs together; SQL would read   {' '.join(written.split())}"

    def _node(self, tree: exp.Expression, operation: str, *args: exp.Expression) -> Node:
        start, length = self._span(tree)
        return Node(operation, tuple(self.read(arg) for arg in args), None, start, length)

    def _column(self, tree: exp.Column) -> Node:
        start, length = self._span(tree)
        if tree.table.lower() == ROW and not tree.args.get("db"):
            return Node("column", (), f"{ROW}.{tree.name}", start, length)
        if tree.args.get("table"):
            raise Refused(
                "no-dots",
                f"`{self.text[start : start + length]}`: a condition names traits without a table.",
                "write the trait's name alone",
                start,
                length,
            )
        name = tree.name
        if self.text[start : start + 1] == '"':
            return Node("quoted", (), name, start, length)
        if name.lower() == "today":
            return Node("today", (), None, start, length)
        return Node("column", (), name, start, length)

    def _literal(self, tree: exp.Literal) -> Node:
        start, length = self._span(tree)
        if not tree.is_string and not re.fullmatch(r"\d+(\.\d+)?", tree.this):
            raise Refused(
                "condition-syntax",
                f"`{tree.this}` is not a number.",
                "write it plainly, such as 1200 or 0.6",
                start,
                length,
            )
        return Node("text" if tree.is_string else "number", (), tree.this, start, length)

    def _is(self, tree: exp.Is) -> Node:
        if isinstance(tree.expression, exp.Null):
            return self._node(tree, "is_null", tree.this)
        if isinstance(tree.expression, exp.Boolean):
            # Unlike `=`, `is` knows no unknown: who is unknown is not `true`, and not `false` either.
            start, length = self._span(tree)
            otherwise = Node("yes_no", (), not tree.expression.this, start, length)
            known = Node("coalesce", (self.read(tree.this), otherwise), None, start, length)
            return known if tree.expression.this else Node("not", (known,), None, start, length)
        raise self._refusal(tree)

    def _in(self, tree: exp.In) -> Node:
        if tree.args.get("query"):
            raise self._query()
        if tree.args.get("unnest") or tree.args.get("field"):
            raise self._refusal(tree)
        return self._node(tree, "in", tree.this, *tree.expressions)

    def _between(self, tree: exp.Between) -> Node:
        self._nothing_else(tree)
        return self._node(tree, "between", tree.this, tree.args["low"], tree.args["high"])

    def _case(self, tree: exp.Case) -> Node:
        if tree.this is not None:
            raise self._refusal(tree)
        arms = [part for branch in tree.args["ifs"] for part in (branch.this, branch.args["true"])]
        last = tree.args.get("default")
        return self._node(tree, "case", *arms, *([last] if last is not None else [exp.Null()]))

    def _function(self, tree: exp.Func) -> Node:
        name = (tree.name if isinstance(tree, exp.Anonymous) else str(tree.sql_names()[0])).lower()  # type: ignore[no-untyped-call]  # sqlglot leaves it untyped
        name = {"ceiling": "ceil", "len": "length", "ts_or_ds_to_date": "date"}.get(name, name)
        start, length = self._span(tree)
        written = self.text[start : start + (tree.meta.get("end", start) - start + 1)].lower() or name
        name = written if written in KNOWN else name
        if isinstance(tree, exp.Count) and isinstance(tree.this, exp.Distinct):
            return self._node(tree, "count_distinct", *tree.this.expressions)
        if isinstance(tree, exp.Count) and isinstance(tree.this, exp.Star):
            return Node("count", (Node("all", (), None, start, length),), None, start, length)
        if name not in KNOWN:
            near = difflib.get_close_matches(name, KNOWN, 1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            raise Refused(
                "unknown-function",
                f"`{written}` is not a function here.{hint}",
                "functions: " + ", ".join(sorted(KNOWN)),
                start,
                len(written),
            )
        self._nothing_else(tree)
        args = [
            arg for key in tree.arg_types for arg in _several(tree.args.get(key)) if isinstance(arg, exp.Expression)
        ]
        args = (
            [tree.args["expressions"][i] for i in range(len(tree.args["expressions"]))]
            if isinstance(tree, exp.Anonymous)
            else args
        )
        return self._node(tree, name, *args)

    def _nothing_else(self, tree: exp.Expression) -> None:
        """Refuse the small words that sqlglot keeps beside the operands: `symmetric`, `trim(leading …)`."""
        for key, value in tree.args.items():
            if value and key not in ("this", *OWN_NOTES) and not isinstance(value, (exp.Expression, list)):
                raise self._refusal(tree)

    def _refusal(self, tree: exp.Expression) -> Refused:
        start, length = self._span(tree)
        if isinstance(tree, exp.Alias):
            alias = tree.args["alias"]
            start, length = self._span(alias)
            return Refused(
                "condition-syntax",
                f"Something is missing before `{alias.name}`.",
                "join two conditions by `and` or `or`",
                start,
                length,
            )
        spoken = next((words for kind, words in SPOKEN.items() if isinstance(tree, kind)), None)
        what = spoken or f"`{self.text[start : start + length][:40]}`"
        return Refused(
            "not-a-condition",
            f"{what[0].upper()}{what[1:]} is not part of a condition.",
            "conditions take: and or not = <> < <= > >= in between like is null + - * / case, and functions",
            start,
            length,
        )

    def _query(self) -> Refused:
        found = re.search(r"\bselect\b", self.text, re.IGNORECASE)
        start = found.start() if found else 0
        end = next((at for at in range(start, len(self.text)) if closes(self.text, start, at)), len(self.text))
        return Refused("not-a-condition", NO_QUERY, COUNT_INSTEAD, start, len(self.text[start:end].rstrip()))

    def _span(self, tree: exp.Expression) -> tuple[int, int]:
        """Where the text of `tree` stands: (start, length), from the positions of the words below it."""
        places = [node.meta for node in tree.walk() if "start" in node.meta]
        if not places:
            return 0, max(len(self.text), 1)
        start = min(int(place["start"]) for place in places)
        end = max(int(place["end"]) for place in places) + 1
        return start, closed(self.text, start, end) - start

    _SHAPES = {  # noqa: RUF012  # a table of methods, never changed
        exp.Column: _column,
        exp.Literal: _literal,
        exp.Is: _is,
        exp.In: _in,
        exp.Between: _between,
        exp.Case: _case,
        exp.Not: lambda self, tree: self._node(tree, "not", tree.this),
        exp.Neg: lambda self, tree: self._node(tree, "neg", tree.this),
        exp.Paren: lambda self, tree: self.read(tree.this),
        exp.Boolean: lambda self, tree: Node("yes_no", (), bool(tree.this), *self._span(tree)),
        exp.Null: lambda self, tree: Node("null", (), None, *self._span(tree)),
    }


def _several(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
