"""Where pydantic means: from the `loc` of an error to the spot in the file and the models around it.

The two differ where the language has short forms: a ladder's steps, a trait that is one expression, a subject that is
one text. The walk follows the file and the annotations side by side.
"""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from regulars.lang.keys import Key
from regulars.lang.model import Step
from regulars.lang.yaml_text import Spot


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """`spot` in the file; `owner`: the innermost mapping around it; `expected`: the annotation of what stands there."""

    spot: Spot
    owner: type[Key]
    expected: Any
    at_key: bool


def find(model: type[Key], value: Any, told: Any) -> Whereabouts:
    """Where the pydantic error `told` (a dict of `errors()`) about `value`, read as a `model`, stands."""
    spot: Spot = ()
    owner, expected, at_key = model, model, False
    here, lost = value, False
    for part in told["loc"]:
        if part == "[key]":
            at_key = True
            continue
        if _is_model(expected):
            owner = expected
        in_step = expected is Step
        expected = _inside(expected, part)
        if lost:
            continue
        if isinstance(here, dict) and part in here:
            spot, here = (*spot, str(part)), here[part]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            spot, here = (*spot, part), here[part]
        elif isinstance(here, dict) and in_step:
            key = next(iter(here))
            spot, here, at_key = (*spot, str(key)), here[key], part == "name"
        elif isinstance(here, dict):
            lost = True
    if _is_model(expected) and told["type"] not in ("missing", "extra_forbidden"):
        owner = expected
    return Whereabouts(spot, owner, expected, at_key)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Key)


def _inside(annotation: Any, part: str | int) -> Any:
    """The annotation of `part` of something annotated `annotation`, plain: without Optional and Annotated."""
    if _is_model(annotation):
        for name, field in annotation.model_fields.items():
            if part in (field.alias, name):
                return plain(field.annotation)
        return None
    arguments = get_args(annotation)
    if get_origin(annotation) is dict:
        return plain(arguments[1])
    if get_origin(annotation) is list:
        return plain(arguments[0])
    return None


def plain(annotation: Any) -> Any:
    """`annotation` without `Annotated` and `| None`."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, types.UnionType):
            annotation = next(part for part in get_args(annotation) if part is not type(None))
        else:
            return annotation


def choices(annotation: Any) -> list[str]:
    """The values of a `Literal`."""
    values = get_args(annotation) if get_origin(annotation) is Literal else ()
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
