"""What `source.line` and `source.mention` map: the columns they need, and whose and when their rows are."""

from __future__ import annotations

from collections.abc import Iterator

from regulars.lang.model import Rules
from regulars.lang.problems import Problems
from regulars.lang.written import Written


def columns(rules: Rules) -> Iterator[tuple[str, Written]]:
    """(table, column) of every column that the two name."""
    line, mention = rules.source.line, rules.source.mention
    if line is not None:
        yield from ((str(line.table), column) for column in (line.type, line.order) if column is not None)
    if mention is not None and mention.tone is not None:
        yield str(mention.table), mention.tone


def check(rules: Rules, problems: Problems, customer: str | None, at: dict[str, str | None]) -> None:
    """Tell what the rows of the two tables lack.

    `customer` is the column that names the customer of a line; `at` gives each table's time column, for the tables
    that could be opened.
    """
    line, mention = rules.source.line, rules.source.mention
    if line is not None and str(line.table) in at and customer is None:
        _tell(problems, "whose-rows", line.table, f"Nothing says whose the rows of `{line.table}` are.", "customer")
    for mapped in (line, mention):
        if mapped is not None and str(mapped.table) in at and at[str(mapped.table)] is None:
            sentence = f"Figures by month need to know when the rows of `{mapped.table}` happened."
            _tell(problems, "when-rows", mapped.table, sentence, "at")


def _tell(problems: Problems, code: str, table: Written, sentence: str, lacks: str) -> None:
    way_out = f"write {table}: {{file: …, {lacks}: COLUMN}} under `source.tables`"
    problems.add(code, table.at(0, len(table)), sentence, way_out)
