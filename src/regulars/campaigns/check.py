"""Check: everything that is wrong with a project, all at once, without running anything."""

from __future__ import annotations

import re
from pathlib import Path

from regulars.campaigns import enrich
from regulars.campaigns.desk import conditions_of
from regulars.campaigns.step_files import FILE as STEPS
from regulars.campaigns.step_files import steps_of
from regulars.campaigns.steps import Step
from regulars.errors import RegularsError
from regulars.lang.problems import Position, Problems
from regulars.lang.project import Project, load
from regulars.people import findings
from regulars.people.source import Source
from regulars.people.vocabulary import Vocabulary


def check(root: Path) -> Problems:
    """Read the project in `root` and everything it names: tables and their columns, conditions, words, steps.

    Files are looked at row by row once (what is unreadable, ids twice, orders of nobody), a database for its columns.
    """
    project, problems = load(root)
    if project is None:
        return problems
    source = Source(root, project.rules, problems).open()
    try:
        # Without the customers no name can be judged: the missing table is the one thing to say.
        vocabulary = Vocabulary(project.rules, source, problems if source.has("customers") else Problems()).build()
        if _all_open(source):
            _conditions(project, vocabulary)
            _rows(source, problems)
        steps = _steps(project, problems)
        _words(project, vocabulary, steps, problems, known=source.has("customers"))
    finally:
        source.connection.close()
    return problems


def _all_open(source: Source) -> bool:
    return all(source.has(str(table)) for table in source.rules.source.tables)


def _conditions(project: Project, vocabulary: Vocabulary) -> None:
    for name, campaign in project.campaigns.items():
        for text in conditions_of(campaign):
            vocabulary.condition(text)
        schedule, days = (
            campaign.schedule,
            sorted(field for field, about in vocabulary.fields.items() if about.kind in ("date", "time")),
        )
        if schedule.kind == "yearly" and schedule.column not in days:
            position = project.position(project.campaign_file(name), ("schedule",))
            vocabulary.problems.add(
                "unknown-name",
                position,
                f"`{schedule.column}` is not a day of a customer.",
                "days known here: " + ", ".join(days),
            )
    order = vocabulary.rules.source.order
    if order.counts is not None:
        vocabulary.row_condition("orders", order.counts)


def _rows(source: Source, problems: Problems) -> None:
    found = findings.unreadable(source)
    if source.in_files and not problems.errors:
        found += findings.of_rows(source, "customers", findings.orders_by_customer(source))
    for one in found:
        problems.add(one.code, one.position, one.sentence, one.way_out, one.level)


def _steps(project: Project, problems: Problems) -> dict[str, Step]:
    try:
        steps = dict(steps_of(project.root))
    except RegularsError as error:
        named = re.match(rf"{re.escape(STEPS)}:(\d+) ", error.sentence)
        place = Position(STEPS, int(named[1]) if named else 1)
        problems.add("broken-steps", place, error.sentence, error.way_out or "campaigns with `enrich` wait for it")
        return {}
    for name, campaign in project.campaigns.items():
        file = project.campaign_file(name)
        enrich.check(campaign.enrich, steps, lambda path, file=file: project.position(file, path), problems)  # type: ignore[misc]  # mypy does not type a default of a lambda
    return steps


def _words(
    project: Project, vocabulary: Vocabulary, steps: dict[str, Step], problems: Problems, *, known: bool
) -> None:
    """`known`: whether the columns of customers are; without them no variable can be called unknown."""
    from regulars.words import inspect

    added = {
        name: columns
        for name, campaign in project.campaigns.items()
        if (columns := enrich.added(campaign.enrich, steps)) is not None
    }
    for one in inspect.problems(project, set(vocabulary.fields), added):
        if known or one.code != "unknown-variable":
            problems.add(one.code, one.position, one.sentence, one.way_out, one.level)
