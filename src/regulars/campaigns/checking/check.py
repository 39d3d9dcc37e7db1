"""Check: everything that is wrong with a project, all at once, without running anything."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from regulars import clock
from regulars.campaigns import calendar, enrich
from regulars.campaigns.checking.offer_checks import check_offers
from regulars.campaigns.checking.row_checks import check_end, check_rows, check_same
from regulars.campaigns.checking.word_checks import WordChecks
from regulars.campaigns.step_files import FILE as STEPS
from regulars.campaigns.step_files import steps_of
from regulars.campaigns.steps import Step
from regulars.channels.notices import lacking
from regulars.errors import RegularsError
from regulars.lang.campaign_checks import WEBHOOK_NAME
from regulars.lang.expressions import ENTERED, ROW, Expression, Field
from regulars.lang.model import Rules
from regulars.lang.places_and_tongues import is_zone
from regulars.lang.problems import Position, Problems
from regulars.lang.project import Project, load
from regulars.lang.suggest import did_you_mean, listed
from regulars.lang.surveys import ANSWER
from regulars.lang.written import Written
from regulars.people import findings, unknowns
from regulars.people.formulas import Formula
from regulars.people.snapshot import SnapshotTaker
from regulars.people.source import Source
from regulars.people.vocabulary import LEDGER_FACTS, Vocabulary
from regulars.settings import Settings


def check(root: Path) -> Problems:
    """Read the project in `root` and everything it names: tables and their columns, conditions, words, steps.

    Files are looked at row by row once (what is unreadable, ids twice, orders of nobody, what is unknown of whom); a
    database only for its columns.
    """
    project, problems = load(root)
    if project is None:
        return problems
    source = Source(root, project.rules, problems).open()
    try:
        # Without the customers no name can be judged: the missing table is the one thing to say.
        broken = {name: Field("number", broken=True) for name in project.broken}
        told = problems if source.has("customers") else Problems()
        vocabulary = Vocabulary(project.rules, source, told, broken).build()
        if _all_open(source):
            conditions = _conditions(project, vocabulary)
            _rows(source, problems, vocabulary)
            _people(conditions, vocabulary)
        zoned = is_zone(project.rules.shop.timezone)
        if zoned:
            check_offers(project, clock.now(), problems)
        steps = _steps(project, problems)
        today = _today(source) if zoned else clock.now().date()
        WordChecks(project, vocabulary, steps, today).tell(problems)
        _webhooks(project, problems)
    finally:
        source.connection.close()
    return problems


def _webhooks(project: Project, problems: Problems) -> None:
    """Warn of webhooks that this machine's environment does not know: another one may."""
    asked = [message.tell.webhook for one in project.campaigns.values() for message in one.messages if message.tell]
    settings = Settings.of(project.root) if any(asked) else None
    for name in asked:
        if settings and name and re.fullmatch(WEBHOOK_NAME, name) and (lack := lacking(str(name), settings)):
            problems.add("webhook-unset", name.position, lack.sentence, lack.way_out, "warning")


def _all_open(source: Source) -> bool:
    return all(source.has(table) for table in {"customers", "orders", *map(str, source.rules.source.tables)})


Conditions = list[tuple[Written, Expression]]


def _conditions(project: Project, vocabulary: Vocabulary) -> Conditions:
    """Every condition of a campaign that can be read, with its text; what cannot is told."""
    found: Conditions = []
    for name, campaign in project.campaigns.items():
        for text in campaign.conditions:
            if expression := vocabulary.condition(text, campaign.row, answered=campaign.hears(text)):
                found.append((text, expression))
        _schedule(name, project, vocabulary)
        check_same(campaign, vocabulary.problems)
        check_rows(name, project, vocabulary)
        if campaign.ends is not None and not project.problems.errors:
            ends = project.position(project.campaign_file(name), ("ends",))
            check_end(campaign, ends, _today(vocabulary.source), vocabulary.problems)
    order = vocabulary.rules.source.order
    if order.counts is not None:
        vocabulary.row_condition("orders", order.counts)
    return found + _programmes(vocabulary)


def _programmes(vocabulary: Vocabulary) -> Conditions:
    """Who takes part in each programme; what was issued and redeemed are traits that can be added up."""
    found: Conditions = []
    for programme in vocabulary.rules.programmes.values():
        if expression := vocabulary.condition(programme.members):
            found.append((programme.members, expression))
        for trait in (programme.issued, programme.redeemed):
            known = vocabulary.fields.get(str(trait))
            if trait is not None and (known is None or (known.kind != "number" and not known.broken)):
                numbers = sorted(name for name, field in vocabulary.fields.items() if field.kind == "number")
                hint = "" if known else did_you_mean(trait, numbers)
                vocabulary.problems.add(
                    "unknown-name",
                    trait.position,
                    f"`{trait[:60]}` is not a trait that is a number.{hint}",
                    f"numbers known here: {listed(numbers)}",
                )
    return found


def _schedule(name: str, project: Project, vocabulary: Vocabulary) -> None:
    """`yearly on COLUMN` counts from a day that customers have."""
    schedule = project.campaigns[name].schedule
    known = {name: about for name, about in vocabulary.fields.items() if name not in vocabulary.entered}
    days = sorted(field for field, about in known.items() if about.kind in ("date", "time"))
    if schedule.kind == "yearly" and schedule.column not in days:
        vocabulary.problems.add(
            "unknown-name",
            project.position(project.campaign_file(name), ("schedule",)),
            f"`{schedule.column}` is not a day of a customer.",
            "days known here: " + ", ".join(days),
        )


def _rows(source: Source, problems: Problems, vocabulary: Vocabulary) -> None:
    found = findings.unreadable(source)
    if source.in_files and not problems.errors:
        counts, today = source.rules.source.order.counts, _today(source)
        read = vocabulary.row_condition("orders", counts) if counts is not None else None
        which = Formula(today, {})(read.tree) if read else "true"
        found += findings.of_rows(source, "customers", findings.orders_by_customer(source, which))
    for one in found:
        problems.add(one.code, one.position, one.sentence, one.way_out, one.level)


def _people(conditions: Conditions, vocabulary: Vocabulary) -> None:
    """What conditions make of what is unknown, and texts that nobody has: of files, whose people are at hand."""
    source, problems = vocabulary.source, vocabulary.problems
    if not source.in_files or problems.errors:
        return
    named = _named_conditions(vocabulary.rules)
    typed = [tree for one in vocabulary.derived for tree in one.expressions if tree.text in named]
    asked = conditions + [(named[tree.text], tree) for tree in typed]
    on_models = vocabulary.on_models
    asked = [(text, tree) for text, tree in asked if not (_needs_more(tree) or tree.names & on_models)]
    if not any(node.op in ("<>", "not", "=", "in") for _, tree in asked for node in tree.tree.walk()):
        return
    today = _today(source)
    try:
        snapshot = SnapshotTaker(source.root, source, vocabulary, today).take(None)
    except RegularsError:
        return  # whoever asks for these people next is told why there are none
    people = unknowns.People(source, snapshot.relation, today)
    for text, tree in asked:
        unknowns.tell(text, tree, people, problems)


def _needs_more(tree: Expression) -> bool:
    """Whether it reads more than people: what the ledger knows, a row, or an answer."""
    return any(name in LEDGER_FACTS or name == ANSWER or name.startswith((ENTERED, f"{ROW}.")) for name in tree.names)


def _named_conditions(rules: Rules) -> dict[str, Written]:
    """The conditions of segments and audiences, each as it is written."""
    texts = [segment.condition for segment in rules.all_segments().values() if segment.condition is not None]
    texts += [step.condition for segment in rules.segments.values() for step in segment.steps if not step.otherwise]
    return {str(text): text for text in texts}


def _today(source: Source) -> date:
    return calendar.day_of(clock.now(), str(source.rules.shop.timezone))


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
