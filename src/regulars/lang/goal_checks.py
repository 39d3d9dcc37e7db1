"""Goals against the figures there are: a name that means one, and a value that is of its kind."""

from __future__ import annotations

from regulars.lang.goals import FIGURES
from regulars.lang.model import Rules
from regulars.lang.problems import Problems
from regulars.lang.suggest import did_you_mean, listed
from regulars.lang.yaml_text import Document

_RIGHT = {
    "share": "write a share, such as `35% by {by}`, or a change: `+20% by {by}`, `+3 points by {by}`",
    "score": "write a number, such as `40 by {by}`, or a change: `+5 points by {by}`",
}
_PLAIN = "write a number, such as `40 by {by}`, or a change: `+20% by {by}`"


def check_goals(rules: Rules, document: Document, problems: Problems) -> None:
    """Each goal is about a figure of the report, and of its kind."""
    for name, goal in rules.goals.items():
        if name not in FIGURES:
            problems.add(
                "unknown-figure",
                name.position,
                f"`{name[:60]}` is not a figure of the report.{did_you_mean(name, FIGURES)}",
                f"goals can be about: {listed(sorted(FIGURES))}",
            )
        elif why := goal.misfit(str(name)):
            position = document.position(("goals", str(name)))
            problems.add(
                "goal", position, f"`{name}` {why}.", _RIGHT.get(FIGURES[str(name)], _PLAIN).format(by=goal.by)
            )
