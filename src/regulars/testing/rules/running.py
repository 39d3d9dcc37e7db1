"""Rule tests, run: each file read, held against the project, played, compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from regulars import clock
from regulars.campaigns.desk import Desk
from regulars.campaigns.trying.rehearsal import NOON, rehearsing, time_of
from regulars.campaigns.why.answers import Explanation
from regulars.campaigns.why.explain import why
from regulars.campaigns.why.seen import MARKS
from regulars.errors import WrongUse
from regulars.lang.problems import Position, Problems
from regulars.lang.project import Project
from regulars.lang.rule_tests import RuleTest, RuleTestFile, load
from regulars.people.engine import name as quoted
from regulars.people.engine import text
from regulars.people.vocabulary import Vocabulary
from regulars.testing.rules.columns import Columns
from regulars.testing.rules.expectations import Comparison, Difference, shown
from regulars.testing.rules.names import Names
from regulars.testing.rules.stage import Seen, Stage, for_tests

FOLDER = "tests/rules"


@dataclass(frozen=True)
class Result:
    """What came of one test. It failed where there are `differences`; `reasons` tell the why of each customer."""

    file: str
    name: str
    position: Position
    differences: list[Difference] = field(default_factory=list)
    reasons: dict[str, list[str]] = field(default_factory=dict)
    """Customer → lines."""

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.differences


@dataclass(frozen=True)
class Results:
    """All tests that ran. `problems` are those of the test files; a file with an error is not run."""

    tests: list[Result]
    problems: Problems

    @property
    def passed(self) -> bool:
        """Whether every file could be read and every test held."""
        return not self.problems.errors and all(one.passed for one in self.tests)


def files_of(root: Path, named: Sequence[Path] = ()) -> list[Path]:
    """The files to run: those named, else all of `tests/rules`. Raises WrongUse where there is none."""
    if missing := [path for path in named if not path.is_file()]:
        raise WrongUse(f"There is no file {missing[0]}.", "Name a file of rule tests, or none for all of tests/rules.")
    found = list(named) or sorted((root / FOLDER).glob("*.yaml"))
    if not found:
        raise WrongUse(f"There are no rule tests in {FOLDER}/.", "Write one; `regulars init` lays examples.")
    return found


def run_rule_tests(root: Path, files: Sequence[Path] = ()) -> Results:
    """Run the rule tests in `files` (default: all of `tests/rules`) of the project in `root`. Nothing real is touched.

    Raises ProblemsFoundError when the project's own files have errors, WrongUse when there is nothing to run.
    """
    paths, problems = files_of(root, files), Problems()
    tests: list[Result] = []
    with rehearsing(root, for_tests) as desk:
        columns = Columns(desk.project)
        stage = Stage(desk.project, desk.settings, columns, desk.root)
        for path in paths:
            found = Problems()
            read = load(root.resolve(), path.resolve(), found)
            if read is not None:
                # What could be read is looked at whatever else is wrong: all problems at once.
                Names(desk.project, columns, read, found).check()
            for one in found.found:
                problems.add(one.code, one.position, one.sentence, one.way_out, one.level)
            if read is not None and not found.errors:
                tests += _file(stage, read)
    return Results(tests, problems)


def _file(stage: Stage, read: RuleTestFile) -> list[Result]:
    results: dict[int, Result] = {}
    for together in _groups(stage, read.cases):
        live = any(
            one.messages is not None or one.withheld for case in together.values() for one in case.expect.values()
        )
        seen = stage.play(together, live=live)
        failed: dict[int, list[Difference]] = {}
        for mark, case in together.items():
            found = list(_differences(stage.project, mark, case, seen))
            results[mark] = Result(read.file, str(case.name), case.name.position, found)
            if found:
                failed[mark] = found
        for mark, found in failed.items():
            results[mark].reasons.update(_reasons(stage, together, mark, found))
    return [results[mark] for mark in sorted(results)]


def _differences(
    project: Project, mark: int, case: RuleTest, seen: Mapping[tuple[int, str], Seen]
) -> Iterator[Difference]:
    for customer, expected in case.expect.items():
        yield from Comparison(project, case, str(customer), expected, seen[mark, str(customer)]).differences()


def _groups(stage: Stage, cases: Sequence[RuleTest]) -> Iterable[dict[int, RuleTest]]:
    """Cases that may share a population: those of one day, unless anything looks at everybody at once."""
    apart = any("quintile" in text for text in _texts_that_decide(stage.project, cases))
    groups: dict[tuple[date, int], dict[int, RuleTest]] = {}
    for mark, case in enumerate(cases):
        groups.setdefault((case.today, mark if apart else 0), {})[mark] = case
    return groups.values()


def _texts_that_decide(project: Project, cases: Sequence[RuleTest]) -> Iterator[str]:
    """Every expression that an expectation can hang on, through the traits and segments it reads."""
    rules = project.rules
    written = {
        str(name): [str(trait.expression)] for name, trait in rules.traits.items() if trait.expression is not None
    }
    for name, segment in rules.all_segments().items():
        steps = [str(step.condition) for step in segment.steps]
        written[name] = [str(segment.condition), *steps] if segment.condition is not None else steps
    waiting = [str(text) for campaign in project.campaigns.values() for text in campaign.conditions]
    for case in cases:
        for expected in case.expect.values():
            for name in (
                *expected.traits,
                *expected.segments,
                *(one.removeprefix("not ") for one in expected.audiences),
            ):
                waiting += written.get(str(name), [])
    done: set[str] = set()
    while waiting:
        text = waiting.pop()
        if text not in done:
            done.add(text)
            yield text
            waiting += [one for name, texts in written.items() if name in text for one in texts]


def _reasons(
    stage: Stage, together: Mapping[int, RuleTest], mark: int, found: Sequence[Difference]
) -> dict[str, list[str]]:
    """Of each customer that differs: what the engine saw, asked anew before anything was sent."""
    reasons: dict[str, list[str]] = {}
    with stage.opened(together) as desk:
        day = together[mark].today
        for one in found:
            lines = reasons.setdefault(one.customer, [])
            if one.reads:
                lines += _values(
                    desk.vocabulary, one.reads, desk.arrow(_row_of(desk, day, mark, one.customer)).to_pylist()[0]
                )
            for name in one.campaigns:
                at = datetime.combine(day, time_of(desk.campaign(name).schedule), ZoneInfo(desk.zone))
                with clock.frozen(at):
                    told = why(desk, f"{mark}:{one.customer}", [name], at)
                lines += [line for explanation in told["campaigns"] for line in _told(explanation)]
    return {customer: list(dict.fromkeys(lines)) for customer, lines in reasons.items()}


def _row_of(desk: Desk, day: date, mark: int, customer: str) -> str:
    snapshot = desk.snapshot(datetime.combine(day, NOON, ZoneInfo(desk.zone)))
    return f"select * from {snapshot.relation} where {quoted(snapshot.id_column)} = {text(f'{mark}:{customer}')}"


def _values(vocabulary: Vocabulary, name: str, row: Mapping[str, object]) -> list[str]:
    """`lifecycle reads orders = 2, last_order = 2026-01-05 12:00`, and so on down to what was counted."""
    lines: list[str] = []
    waiting, done = [name], set()
    derived = {one.name: one for one in vocabulary.derived}
    while waiting:
        one = waiting.pop(0)
        if one in done or one not in derived:
            continue
        done.add(one)
        reads = sorted({read for tree in derived[one].expressions for read in tree.names})
        lines.append(f"{one} reads " + ", ".join(f"{read} = {shown(row.get(read))}" for read in reads))
        waiting += reads
    return lines


def _told(explanation: Explanation) -> list[str]:
    head = f"{explanation['campaign']}: {explanation['decision']}"
    lines = [
        f"  {line['test']:<12}{MARKS[line['holds']]} {line['says']}" + (f"    {line['saw']}" if line["saw"] else "")
        for line in explanation["lines"]
    ]
    return [head, *lines]
