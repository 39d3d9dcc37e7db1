"""From what was read to the models: every complaint of pydantic becomes a problem at its place, in plain words.

What is wrong is then left out and the rest bound again, so that a mistyped key hides no other mistake. The problems
stop a run all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import ValidationError

from regulars.lang.complaints import Complaint, meant_key, tell
from regulars.lang.keys import Key
from regulars.lang.problems import Problems
from regulars.lang.whereabouts import find
from regulars.lang.yaml_text import Document, Spot

Model = TypeVar("Model", bound=Key)

_MOST = 100
"""Problems told per file; whoever has more has one mistake that makes many."""
_ROUNDS = 6


def bind(model: type[Model], document: Document, problems: Problems, left_out: set[Spot] | None = None) -> Model | None:
    """The document as a `model`; what is wrong is told in `problems` and left out.

    Args:
        model: `Rules` or `Campaign`.
        document: the file.
        problems: receives what is wrong.
        left_out: receives the spots of the file that are missing from the model because they are wrong.

    Returns:
        The model, or None where something that it cannot do without is wrong.
    """
    left_out = set() if left_out is None else left_out
    if not isinstance(document.value, dict):
        _not_keys(model, document, problems)
        return None
    empty = _tell_empty(document, problems)
    left_out |= empty
    value = _without(document.value, empty)
    for turn in range(_ROUNDS):
        try:
            return model.model_validate(value, by_alias=True, by_name=False)
        except ValidationError as error:
            told = error.errors(include_url=False)
        complaints = [Complaint.of(one, find(model, value, one)) for one in told]
        if turn == 0:
            _tell_all([one for one in complaints if not _is_lack_of(one, empty)], model, document, problems)
        victims = {_standing(one.spot, value) for one in complaints}
        if () in victims:
            return None
        left_out |= victims
        value = _without(value, victims)
    return None


def _tell_all(complaints: list[Complaint], model: type[Key], document: Document, problems: Problems) -> None:
    meant = {(one.spot[:-1], near) for one in complaints if (near := meant_key(one))}
    complaints = [one for one in complaints if (one.spot, one.key) not in meant or one.kind != "missing"]
    for complaint in complaints[:_MOST]:
        tell(complaint, model, document, problems)
    if len(complaints) > _MOST:
        problems.add(
            "too-many",
            document.position(complaints[_MOST].spot),
            f"{len(complaints) - _MOST:,} more problems in this file are not shown.",
            "mend the first ones; one mistake often makes many",
        )


def _is_lack_of(complaint: Complaint, empty: set[Spot]) -> bool:
    """Whether a key is only missing because nothing stands after it, which has been told."""
    return complaint.kind == "missing" and (*complaint.spot, complaint.key) in empty


def _not_keys(model: type[Key], document: Document, problems: Problems) -> None:
    if document.value is None:
        sentence = f"This file is empty; {model.noun} needs at least: {', '.join(_needed(model))}."
        problems.add("empty-file", document.position(()), sentence, "write it, or delete the file")
        return
    problems.add(
        "not-keys",
        document.position(()),
        "A file is made of lines such as `key: value`.",
        f"{model.noun} takes: {', '.join(model.takes())}",
    )


def _needed(model: type[Key]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items() if field.is_required()]


def _tell_empty(document: Document, problems: Problems) -> set[Spot]:
    """Keys and list items with nothing behind them: half-written lines, never a way to say `none`."""
    found: set[Spot] = set()
    waiting: list[tuple[Spot, Any]] = [((), document.value)]
    while waiting:
        spot, value = waiting.pop()
        if value is None:
            found.add(spot)
        waiting += [((*spot, key), part) for key, part in _parts(value)]
    told = {problem.position.line for problem in problems.found if problem.position.file == document.source.file}
    for spot in sorted(found, key=document.position):
        place = document.position(spot, key=True)
        if place.line not in told:
            name = f"`{spot[-1]}`" if isinstance(spot[-1], str) else "this dash"
            problems.add("empty-value", place, f"Nothing stands after {name}.", "write something, or delete the line")
    return found


def _parts(value: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return [(str(key), part) for key, part in value.items()]
    return list(enumerate(value)) if isinstance(value, list) else []


def _standing(spot: Spot, value: Any) -> Spot:
    """The part of `spot` that stands in `value`: what has to go so that a complaint about it ends."""
    for depth, part in enumerate(spot):
        inside = dict(_parts(value))
        if part not in inside:
            return spot[:depth]
        value = inside[part]
    return spot


def _without(value: Any, spots: set[Spot]) -> Any:
    """A copy of `value` without what stands at `spots`; nesting is at most as deep as yaml_text allows."""
    if not spots:
        return value
    heads: dict[str | int, set[Spot]] = {}
    for spot in spots:
        heads.setdefault(spot[0], set()).add(spot[1:])
    if isinstance(value, dict):
        kept = {key: part for key, part in value.items() if () not in heads.get(str(key), ())}
        return {key: _without(part, heads.get(str(key), set())) for key, part in kept.items()}
    if isinstance(value, list):
        return [
            _without(part, heads.get(index, set()))
            for index, part in enumerate(value)
            if () not in heads.get(index, ())
        ]
    return value
