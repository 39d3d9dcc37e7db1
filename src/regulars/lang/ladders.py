"""Ladders: wherever something branches, the first step that holds wins, and `otherwise` closes it."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from regulars.lang.keys import BARE, Key, wrong
from regulars.lang.written import Written

OTHERWISE = "otherwise"


class Step(Key):
    """One step of a ladder."""

    noun: ClassVar[str] = "a step"

    name: Written
    condition: Written

    @property
    def otherwise(self) -> bool:
        """Whether this step takes everybody who is left."""
        return self.condition.strip().lower() == OTHERWISE


def steps(value: Any) -> Any:
    """A ladder: one text, or a list of single-entry mappings."""
    if isinstance(value, str):
        return {BARE: value}
    if isinstance(value, dict):
        name, condition = next(iter(value.items()), ("name", "condition"))
        said = f"{str(name)[:60]}: {condition if isinstance(condition, str) else 'condition'}"
        raise wrong("ladder", "The steps of a ladder are a list, each with a dash.", f"write   - {said[:100]}")
    if isinstance(value, list):
        for index, step in enumerate(value):
            if not (isinstance(step, dict) and len(step) == 1):
                raise wrong("ladder", "This is not a step of a ladder.", "write   - name: condition", (index,))
        return {"steps": [{"name": name, "condition": text} for step in value for name, text in step.items()]}
    return value


class Template(Key):
    """The words of a message: one template, or a ladder of them."""

    noun: ClassVar[str] = "a template"

    plain: Written | None = Field(None, alias=BARE, description="the template's name")
    written: list[Step] = Field([], alias="steps", description="the first step that holds gives the template")

    @property
    def steps(self) -> list[Step]:
        """The ladder; one template alone is a ladder of one step that takes everybody."""
        return [Step(name=self.plain, condition=Written(OTHERWISE))] if self.plain is not None else self.written

    @property
    def names(self) -> list[Written]:
        """The templates it may be, in the order of the steps, each as it is written."""
        return [step.name for step in self.steps]

    @property
    def conditions(self) -> list[Written]:
        """The conditions of its steps, `otherwise` apart."""
        return [step.condition for step in self.steps if not step.otherwise]

    def __str__(self) -> str:
        return " or ".join(dict.fromkeys(str(name) for name in self.names))
