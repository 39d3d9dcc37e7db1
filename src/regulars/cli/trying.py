"""Verbs that try the rules where nothing is touched: test, simulate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from regulars.cli.app import CampaignsArgument, FormatOption, ProjectOption, answer, answer_json, app, root_of, tell
from regulars.errors import WrongUse

if TYPE_CHECKING:
    from regulars.testing.rules import Results


@app.command(name="test")
def rule_tests(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Rule tests. Default: all of tests/rules.")
    ] = None,
    project: ProjectOption = None,
    format: FormatOption = "text",  # noqa: A002  # the option's name
) -> int:
    """Run the shop's rule tests: given customers and orders on a day, who is who and who gets what."""
    from regulars.lang.telling import as_text
    from regulars.testing.rules import run_rule_tests, told

    root = root_of(project)
    results = run_rule_tests(root, files or [])
    if format == "json":
        answer_json(_as_json(results))
    else:
        for one in results.tests:
            if not one.passed:
                answer(told(one) + "\n")
        if results.problems.found:
            answer(as_text(results.problems.sorted(), root) + "\n")
        failed = sum(not one.passed for one in results.tests)
        answer(f"{len(results.tests) - failed:,} passed{f', {failed:,} failed' if failed else ''}. Nothing was sent.")
    return 0 if results.passed else 1


@app.command()
def simulate(
    campaigns: CampaignsArgument = None,
    project: ProjectOption = None,
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day. Default: 90 days ago.")] = "",
    days: Annotated[int, typer.Option("--days", help="How many days.")] = 90,
    format: Annotated[Literal["text", "json", "html"], typer.Option("--format", help="How to answer.")] = "text",  # noqa: A002  # the option's name
    answer_rate: Annotated[
        float | None,
        typer.Option("--answer-rate", min=0, max=1, help="The share who answer a survey. Default: as in your ledger."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", help="Write it to this file.")] = None,
) -> None:
    """Live through days of the shop's history with a ledger that is thrown away: who would have got how much."""
    import json

    from regulars import clock
    from regulars.campaigns.trying.simulate import simulate as simulated
    from regulars.measure import simulation, simulation_page

    begins = _day(first) if first else clock.now().date() - timedelta(days=days)
    found = simulated(root_of(project), begins, days, campaigns or [], _progress(days), answer_rate)
    if format == "json":
        told = json.dumps(found, ensure_ascii=False, indent=2)
    else:
        told = simulation.text(found).rstrip() if format == "text" else simulation_page.page(found)
    if output is None:
        answer(told)
    else:
        output.write_text(told + "\n", encoding="utf-8")
        tell(f"written to {output}")


def _day(words: str) -> date:
    try:
        return date.fromisoformat(words)
    except ValueError:
        raise WrongUse(f"`{words}` is not a day.", "Write --from 2026-06-01.") from None


def _progress(days: int) -> Callable[[date], None]:
    """Tell a terminal how far it is."""
    import sys

    lived = 0

    def told(day: date) -> None:
        nonlocal lived
        lived += 1
        if sys.stderr.isatty():
            typer.echo(f"\r{day}  {lived} of {days} days" + ("\n" if lived == days else ""), err=True, nl=False)

    return told


def _as_json(results: Results) -> dict[str, Any]:
    return {
        "tests": [
            {
                "file": one.file,
                "line": one.position.line,
                "name": one.name,
                "passed": one.passed,
                "differences": [
                    {
                        "customer": difference.customer,
                        "what": difference.what,
                        "expected": difference.expected,
                        "got": difference.got,
                        "line": difference.position.line,
                    }
                    for difference in one.differences
                ],
                "why": one.reasons,
            }
            for one in results.tests
        ],
        "problems": [
            {
                "file": problem.position.file,
                "line": problem.position.line,
                "code": problem.code,
                "sentence": problem.sentence,
            }
            for problem in results.problems.sorted()
        ],
    }
