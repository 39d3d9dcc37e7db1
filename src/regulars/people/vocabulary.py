"""Every name a condition may read, with its kind: columns, traits, segments, and what the ledger knows."""

from __future__ import annotations

from dataclasses import dataclass, field

from regulars.lang.conditions import read
from regulars.lang.expressions import AGGREGATES, EXPECTATIONS, PICKS, ROW, Expression, Field, Node
from regulars.lang.kinds import Typing
from regulars.lang.model import Rules, Segment, Trait
from regulars.lang.problems import Position, Problems
from regulars.lang.scalars import Duration
from regulars.lang.surveys import ANSWER
from regulars.lang.written import Written
from regulars.people import entries
from regulars.people.formulas import quintiles
from regulars.people.source import Source

LEDGER_FACTS: dict[str, Field] = {
    "last_contacted": Field("time"),
    "messages_30d": Field("number"),
    "opens_30d": Field("number"),
    "clicks_30d": Field("number"),
    "conversions_30d": Field("number"),
    "referrals": Field("number"),
    "confirmed": Field("yes_no"),
    "nps": Field("number"),
    "nps_at": Field("time"),
    "csat": Field("number"),
    "csat_at": Field("time"),
    "cli": Field("number"),
    "cli_at": Field("time"),
    "last_answer": Field("number"),
    "last_answer_at": Field("time"),
}
"""What the ledger knows of a customer: traits like any other. Of somebody it never met counts are 0, times and answers
unknown, and nobody has confirmed anything."""

EXPECTED: dict[str, Field] = {name: Field("number") for name in EXPECTATIONS}
"""What models of the shop's own orders expect of a customer (see `expected`): traits like any other. They are unknown
of somebody who has never ordered, and of everybody where the orders do not tell the models."""

ANSWERS = ("nps", "csat", "cli", "last_answer")
"""Those of them that are numbers and no counts: unknown until somebody answers."""


@dataclass(frozen=True)
class Counted:
    """A trait over the rows of a table: typed, ready for the source."""

    name: str
    table: str
    value: Expression
    where: Expression | None
    last: Duration | None

    @property
    def in_source_zone(self) -> bool:
        """Whether the value is a time as the source writes it (a plain column): the shop's clock comes at the end."""
        argument = self.value.tree.args[0]
        return self.value.kind == "time" and argument.op == "column"


@dataclass(frozen=True)
class Derived:
    """A trait from other traits, a ladder, or a plain condition. `level`: it reads only what stands on lower ones."""

    name: str
    level: int
    expression: Expression | None = None
    steps: tuple[tuple[str, Expression | None], ...] = ()
    """For a ladder: (value, condition); None for `otherwise`."""
    plain: bool = False

    @property
    def expressions(self) -> list[Expression]:
        """Every typed tree it is made of."""
        return [self.expression] if self.expression else [tree for _, tree in self.steps if tree]


@dataclass
class Vocabulary:
    """The names of one project, typed against its source. What does not fit goes to `problems`."""

    rules: Rules
    source: Source
    problems: Problems
    fields: dict[str, Field] = field(default_factory=dict)
    counted: list[Counted] = field(default_factory=list)
    derived: list[Derived] = field(default_factory=list)
    forecasts: frozenset[str] = frozenset()
    """What somebody asks for of what models give; without any, no model is fitted and all of it is unknown."""
    entered: entries.Entered = field(default_factory=dict)
    """The traits that tell when somebody came to a value of a ladder."""
    _levels: dict[str, int] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)

    def build(self) -> Vocabulary:
        """Type every trait and segment, each after those it reads."""
        self._one_meaning_each()
        self.fields |= self.source.fields("customers")
        for meaning, column in self.rules.source.customer.mapped().items():
            if meaning != "id":
                self.fields[meaning] = self.fields.get(column, Field("text", broken=True))
        self.fields |= LEDGER_FACTS | {name: EXPECTED[name] for name in self.modelled}
        own = {*self.fields, *map(str, self.rules.traits), *self.rules.all_segments()}
        self.entered = entries.of_ladders(self.rules, own)
        self.fields |= dict.fromkeys(self.entered, Field("date"))
        for name, trait in self.rules.traits.items():
            if trait.expression is None:
                self._count(name, trait)
        # Names are plain text from here on; what waits is typed after what it reads.
        self._waiting: dict[str, Trait | Segment] = {
            str(name): trait for name, trait in self.rules.traits.items() if trait.expression is not None
        }
        self._waiting |= dict(self.rules.all_segments())
        for waiting in list(self._waiting):
            self._resolve(waiting)
        self.derived.sort(key=lambda one: one.level)
        return self

    def condition(self, text: Written, row: str = "", *, answered: bool = False) -> Expression | None:
        """`text` as a condition about a customer; None when it has problems.

        `row`: a table of the source whose columns it may read as `row.COLUMN` (a column of that very name). `answered`:
        it may read `answer`, a column too.
        """
        tree = read(text, self.problems)
        columns = self.source.fields(row) if row else {}
        fields = self.fields | {f"{ROW}.{column}": known for column, known in columns.items()}
        if answered:
            fields[ANSWER] = Field("number")
        return Typing(text, fields, self.problems, row=row).condition(tree) if tree else None

    def row_condition(self, table: str, text: Written) -> Expression | None:
        """`text` as a condition about the rows of `table`; None when it has problems."""
        tree = read(text, self.problems)
        known = {*self.fields, *self.rules.traits, *self.rules.segments, *self.rules.audiences}
        typing = Typing(
            text, self.source.fields(table), self.problems, f"column of `{table}`", people=False, elsewhere=known
        )
        return typing.condition(tree) if tree else None

    @property
    def uses_ledger(self) -> bool:
        """Whether any trait or segment reads what the ledger knows."""
        return any(self.asks_ledger(tree) for one in self.derived for tree in one.expressions)

    def asks_ledger(self, condition: Expression) -> bool:
        """Whether a condition about customers itself reads what the ledger knows."""
        return bool(condition.names & (LEDGER_FACTS.keys() | self.entered.keys()))

    @property
    def modelled(self) -> frozenset[str]:
        """The names of `EXPECTED` that a model gives: a column of `customers` of that name takes its place."""
        columns = {column.lower() for column in self.source.fields("customers")}
        return frozenset(name for name in EXPECTED if name not in columns)

    @property
    def on_models(self) -> set[str]:
        """All names whose values hang on what a model gives, however many steps away."""
        found = set(self.modelled)
        for one in self.derived:
            if any(tree.names & found for tree in one.expressions):
                found.add(one.name)
        return found

    def _one_meaning_each(self) -> None:
        """A trait or segment named like a column of `customers`, or like what the ledger knows, would be two things."""
        columns = {column.lower(): column for column in self.source.fields("customers")}
        for noun, names in (
            ("trait", self.rules.traits), ("segment", self.rules.segments), ("audience", self.rules.audiences)
        ):  # fmt: skip
            for name in names:
                if name in LEDGER_FACTS:
                    taken = "what the ledger knows of every customer"
                elif name in self.modelled:
                    taken = "what a model expects of every customer"
                elif name in columns:
                    taken = f"a column of `customers`{'' if name == columns[name] else f' (`{columns[name]}`)'}"
                else:
                    continue
                self.problems.add(
                    "name-taken",
                    name.at(0, len(name)),
                    f"`{name}` is already {taken}; a name means one thing.",
                    f"give this {noun} another name",
                )
        for fact in LEDGER_FACTS.keys() & columns.keys():
            origin = self.rules.source.tables[Written("customers")]
            place = origin.file or origin.table or origin.sql or Written("customers")
            self.problems.add(
                "name-taken",
                place.at(0, len(place.split("\n", maxsplit=1)[0])),
                f"`customers` has a column `{columns[fact]}`; rules that say `{fact}` read what the ledger knows.",
                "to read the column, give it another name by a `sql:` table",
                "warning",
            )

    def _count(self, name: Written, trait: Trait) -> None:
        table = trait.table
        if table is None or trait.value is None or not self.source.has(str(table)):
            self.fields.setdefault(str(name), Field("number", broken=True))
            return
        fields = self.source.fields(str(table))
        if self.source.customer_column(str(table)) is None:
            self.problems.add(
                "whose-rows",
                table.at(0, len(table)),
                f"Nothing says whose the rows of `{table}` are.",
                f"write {table}: {{file: …, customer: COLUMN}} under `source.tables`",
            )
        if trait.last and self.source.time_column(str(table)) is None:
            self.problems.add(
                "when-rows",
                table.at(0, len(table)),
                f"`last` needs to know when the rows of `{table}` happened.",
                f"write {table}: {{file: …, at: COLUMN}} under `source.tables`",
            )
        place = f"column of `{table}`"
        value_tree = read(trait.value, self.problems)
        value = (
            Typing(trait.value, fields, self.problems, place, aggregates=True, people=False).expression(value_tree)
            if value_tree
            else None
        )
        if value and not self._is_aggregate(str(table), trait.value, value):
            value = None
        where = None
        if trait.where is not None:
            where = self.row_condition(str(table), trait.where)
        self.fields[str(name)] = Field(value.kind) if value else Field("number", broken=True)
        if value:
            self.counted.append(Counted(str(name), str(table), value, where, trait.last))

    def _is_aggregate(self, table: str, text: Written, value: Expression) -> bool:
        """Whether `value` is one aggregate that `table` can give; what is wrong is told."""
        tree = value.tree
        if tree.op in PICKS and self.source.time_column(table) is None:
            self.problems.add(
                "when-rows",
                text.at(tree.start, tree.length),
                f"`{tree.op}` needs to know when the rows of `{table}` happened.",
                f"write {table}: {{file: …, at: COLUMN}} under `source.tables`",
            )
            return False
        if tree.op in AGGREGATES:
            return True
        several = any(node.op in AGGREGATES for node in tree.walk())
        self.problems.add(
            "aggregate-missing",
            text.at(0, len(text)),
            "Only one aggregate can be counted at once, and nothing be computed from it here."
            if several
            else "This is one value per row; a trait is one value per customer.",
            "give each aggregate a trait of its own, and compute with those: average_order: spent / orders"
            if several
            else "say what to do with the rows: count(*), sum(…), avg(…), min(…), max(…), first(…), last(…)",
        )
        return False

    def _resolve(self, name: str) -> None:
        """Type `name` after everything it reads."""
        if name not in self._waiting:
            return
        described = self._waiting[name]
        if name in self._open:
            self._circle(name, described)
            return
        self._open.append(name)
        texts = _texts(described)
        trees = [(text, read(text, self.problems)) for text in texts]
        for _, tree in trees:
            for read_name in sorted(tree.names) if tree else ():
                self._resolve(read_name if read_name in self._waiting else read_name.lower())
        self._open.pop()
        if self._waiting.pop(name, None) is None:
            return
        one = self._typed(name, described, dict(zip(texts, (tree for _, tree in trees), strict=True)))
        self._levels[name] = one.level
        self.derived.append(one)

    def _typed(self, name: str, described: Trait | Segment, trees: dict[Written, Node | None]) -> Derived:
        typed: list[Expression | None] = []
        for text, tree in trees.items():
            typing = Typing(text, self.fields, self.problems)
            if tree is None:
                typed.append(None)
                continue
            whole = typing.expression(tree) if isinstance(described, Trait) else typing.condition(tree)
            typed.append(whole)
            self._no_nesting(text, whole)
        level = 1 + max(
            (self._levels.get(read_name, 0) for tree in typed if tree for read_name in tree.names), default=0
        )
        if isinstance(described, Trait):
            self.fields[name] = Field(typed[0].kind) if typed[0] else Field("number", broken=True)
            return Derived(name, level, expression=typed[0])
        if not described.steps:
            self.fields[name] = Field("yes_no")
            return Derived(name, level, expression=typed[0], plain=True)
        self.fields[name] = Field("text", tuple(described.values))
        conditions = iter(typed)
        steps = tuple((str(step.name), None if step.otherwise else next(conditions)) for step in described.steps)
        return Derived(name, level, steps=steps)

    def _no_nesting(self, text: Written, whole: Expression | None) -> None:
        for node in quintiles(whole.tree) if whole else ():
            if any(inner.op == "quintile" for arg in node.args for inner in arg.walk()):
                self.problems.add(
                    "wrong-arguments",
                    text.at(node.start, node.length),
                    "A quintile of a quintile needs a trait of its own.",
                    "give the inner one a name under `traits`",
                )

    def _circle(self, name: str, described: Trait | Segment) -> None:
        text = _texts(described)[0] if _texts(described) else None
        position = text.at(0, len(text)) if text is not None else Position("rules.yaml")
        circle = " → ".join([*self._open[self._open.index(name) :], name])
        self.problems.add(
            "circle", position, f"`{name}` is made of itself: {circle}.", "one of them must be counted from a table"
        )
        for one in self._open:
            self._waiting.pop(one, None)
            self.fields.setdefault(one, Field("number", broken=True))


def _texts(described: Trait | Segment) -> list[Written]:
    if isinstance(described, Trait):
        return [described.expression] if described.expression is not None else []
    if described.condition is not None:
        return [described.condition]
    return [step.condition for step in described.steps if not step.otherwise]
