"""`enrich` of a campaign: which steps, told what, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from regulars.campaigns.steps import Step, StepContext, StepError
from regulars.lang.problems import Position, Problems
from regulars.lang.suggest import did_you_mean, listed

Use = tuple[str, dict[str, Any]]
"""A step's name and the parameters it is given."""


def uses(enrich: Iterable[Any]) -> list[Use]:
    """The steps that the value of `enrich` names, in order; entries of another shape are told by the language."""
    found: list[Use] = []
    for entry in enrich:
        if isinstance(entry, str):
            found.append((str(entry), {}))
        elif isinstance(entry, Mapping) and len(entry) == 1:
            name, parameters = next(iter(entry.items()))
            if parameters is None or isinstance(parameters, Mapping):
                found.append((str(name), dict(parameters or {})))
    return found


def check(
    enrich: Sequence[Any],
    steps: Mapping[str, Step],
    position: Callable[[tuple[str | int, ...]], Position],
    problems: Problems,
) -> None:
    """Add to `problems` every step that does not exist and every parameter that does not fit.

    `position` says where a path in the campaign's file stands, such as `("enrich", 0, "recommend", "limit")`.
    """
    for index, entry in enumerate(enrich):
        for name, parameters in uses([entry]):
            path = ("enrich", index) if isinstance(entry, str) else ("enrich", index, name)
            if name not in steps:
                problems.add("unknown-step", position(path), *_no_such_step(name, steps))
                continue
            for fault in steps[name].faults(parameters):
                problems.add(fault.code, position((*path, *fault.path)), fault.sentence, fault.way_out)


def enriched(batch: pa.Table, enrich: Iterable[Any], steps: Mapping[str, Step], shop: StepContext) -> pa.Table:
    """`batch` after every step of `enrich`, one after the other. Raises StepError as `Step.run` does."""
    for name, parameters in uses(enrich):
        if name not in steps:
            raise StepError(*_no_such_step(name, steps))
        batch = steps[name].run(batch, shop, parameters)
    return batch


def added(enrich: Iterable[Any], steps: Mapping[str, Step]) -> set[str] | None:
    """The columns that the steps of `enrich` say they add; None where one of them does not say."""
    named = [steps.get(name) for name, _ in uses(enrich)]
    if any(step is None or not step.adds for step in named):
        return None
    return {column for step in named if step is not None for column in step.adds}


def _no_such_step(name: str, steps: Mapping[str, Step]) -> tuple[str, str]:
    way_out = f"the steps in flows/steps.py are: {listed(sorted(steps))}" if steps else "flows/steps.py has no steps"
    return f"There is no step `{name[:60]}`.{did_you_mean(name, steps)}", way_out
