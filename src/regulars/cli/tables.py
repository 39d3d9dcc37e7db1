"""Who is who, counted, as text."""

from __future__ import annotations

from collections.abc import Iterator

from regulars.campaigns.census import Census, Step
from regulars.cli.layout import wrapped

TAKEN = "also true, but taken by an earlier step"


def of_segments(counted: Census) -> str:
    """Every segment with the people of each value; of a ladder also what earlier steps took from a step."""
    lines = [f"{counted['customers']:,} customers on {counted['as_of']}"]
    names = [*counted["segments"], *(f"  {value}" for values in counted["segments"].values() for value in values)]
    widest = max((len(name) for name in names), default=0)
    for name, values in counted["segments"].items():
        steps = {step["value"]: step for step in counted["steps"].get(name, [])}
        told = list(_rows(values, steps, counted["unknown"].get(name, 0)))
        head = f"{name:<{widest}} {counted['customers']:>9,}" + " " * 10
        lines += ["", f"{head}{TAKEN if any(step['taken'] for step in steps.values()) else ''}".rstrip()]
        for value, number, beside in told:
            share = f"{number / counted['customers']:.1%}" if counted["customers"] else ""
            lines.append(wrapped(f"{f'  {value}':<{widest}} {number:>9,} {share:>6}   ", beside))
    lines += [f"\n{wrapped('! ', sentence)}" for sentence in counted["unforeseen"]]
    return "\n".join(lines)


def _rows(values: dict[str, int], steps: dict[str, Step], out_unknown: int) -> Iterator[tuple[str, int, str]]:
    """Value, number, and what is said beside it."""
    for value, number in values.items():
        if value in steps:
            yield value, number, _beside(steps[value])
        else:
            unknown = f"{out_unknown:,} of them because a value is unknown"
            yield value, number, unknown if value == "out" and out_unknown else ""


def _beside(step: Step) -> str:
    if step["condition"] == "otherwise":
        return "otherwise" + (f"; {step['unknown']:,} of them because a value is unknown" if step["unknown"] else "")
    taken = ", ".join(f"{value} {number:,}" for value, number in step["taken"].items())
    return f"{sum(step['taken'].values()):,}: {taken}" if taken else ""
