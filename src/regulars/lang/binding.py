"""From what was read to the models: every complaint of pydantic becomes a problem at its place, in plain words."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ValidationError

from regulars.lang.model import Key
from regulars.lang.problems import Problems
from regulars.lang.yaml_text import Document

Model = TypeVar("Model", bound=Key)


def bind(model: type[Model], document: Document, problems: Problems) -> Model | None:
    """The document as a `model`, or None and the reasons in `problems`."""
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        for told in error.errors(include_url=False):
            loc = tuple(part for part in told["loc"])
            problems.add(told["type"], document.position(loc), told["msg"])
    return None
