"""What a step may be told in YAML: the parameters of its function as a pydantic model, and what is wrong with some."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from regulars.lang.suggest import did_you_mean, listed

WHOLE = "parameters"
"""A step whose third argument has this name gets the model itself; others get one argument for each parameter."""

_GIVEN = 2
"""The batch and the shop, which a step is always given."""

_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "yes or no",
    "date": "a date, such as 2026-11-27",
    "list": "a list",
    "dict": "a group of keys",
    "model": "a group of keys",
    "string": "text",
}
_BOUNDS = {
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "literal_error": "one of: {expected}",
    "enum": "one of: {expected}",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with the parameters given to a step; `path` leads to it from the step's name."""

    code: str
    path: tuple[str | int, ...]
    sentence: str
    way_out: str = ""


def model_of(function: Callable[..., Any]) -> type[BaseModel]:
    """The parameters of the step `function`, from its annotations.

    Raises TypeError where an argument has no type, or takes any number of values.
    """
    arguments = list(inspect.signature(function).parameters.values())
    if len(arguments) < _GIVEN:
        raise TypeError("it takes the batch and the shop first: (batch, shop, …)")
    told = arguments[_GIVEN:]
    for argument in told:
        if argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD, argument.POSITIONAL_ONLY):
            raise TypeError(f"`{argument}` cannot be written in YAML")
        if argument.annotation is argument.empty:
            raise TypeError(f"`{argument.name}` needs a type, such as `{argument.name}: int`")
    hints = _hints(function, [argument.name for argument in told])
    if [argument.name for argument in told] == [WHOLE]:
        return _whole(hints[WHOLE])
    fields: dict[str, Any] = {
        argument.name: (hints[argument.name], ... if argument.default is argument.empty else argument.default)
        for argument in told
    }
    return create_model(function.__name__, __config__=ConfigDict(extra="forbid"), **fields)


def faults(model: type[BaseModel], given: Mapping[str, Any], step: str) -> list[Fault]:
    """What is wrong with the parameters `given` to `step`, in a marketer's words; empty: nothing."""
    takes = [field.alias or name for name, field in model.model_fields.items()]
    unknown = [_unknown(name, takes, step) for name in given if name not in takes]
    try:
        model.model_validate({name: value for name, value in given.items() if name in takes})
    except ValidationError as error:
        return unknown + [_wrong(dict(complaint), step) for complaint in error.errors(include_url=False)]
    return unknown


def _hints(function: Callable[..., Any], names: list[str]) -> dict[str, Any]:
    """The types of the arguments `names`. The others are not looked up: theirs may exist for a type checker alone."""
    told = {name: function.__annotations__[name] for name in names}
    try:
        return get_type_hints(SimpleNamespace(__annotations__=told), function.__globals__, include_extras=True)
    except NameError as error:
        raise TypeError(f"`{error.name}` is not known where its arguments are typed") from error


def _whole(hint: Any) -> type[BaseModel]:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return hint
    raise TypeError(f"`{WHOLE}` is a pydantic model, or has another name")


def _unknown(name: str, takes: list[str], step: str) -> Fault:
    way_out = f"`{step}` takes: {listed(takes)}" if takes else f"`{step}` takes none"
    sentence = f"`{name[:60]}` is not a parameter of the step `{step}`.{did_you_mean(name, takes)}"
    return Fault("unknown-parameter", (name,), sentence, way_out)


def _wrong(complaint: dict[str, Any], step: str) -> Fault:
    """A complaint of pydantic, as a sentence."""
    path, kind = tuple(complaint["loc"]), str(complaint["type"])
    name = ".".join(map(str, path))
    if kind == "missing":
        return Fault("missing-parameter", path, f"The step `{step}` needs `{name}`.", f"write   {name}: …")
    wanted = _BOUNDS.get(kind, "") or _KINDS.get(kind.split("_", maxsplit=1)[0], "")
    if not wanted:
        return Fault("wrong-parameter", path, f"`{name}` of the step `{step}`: {complaint['msg']}.")
    sentence = f"`{name}` of the step `{step}` cannot be `{str(complaint['input'])[:60]}`."
    return Fault("wrong-parameter", path, sentence, f"write {wanted.format(**complaint.get('ctx', {}))}")
