"""Verbs that try the rules where nothing is touched: test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.app import FormatOption, ProjectOption, answer, answer_json, app, root_of

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
