"""What pydantic complains about, told as problems: one sentence per kind of complaint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from regulars.lang.keys import Key
from regulars.lang.problems import Position, Problems
from regulars.lang.repairs import meant
from regulars.lang.scalars import Word
from regulars.lang.suggest import did_you_mean, listed, nearest
from regulars.lang.whereabouts import Whereabouts, choices, plain
from regulars.lang.written import Written
from regulars.lang.yaml_text import Document, Spot


@dataclass(frozen=True, slots=True)
class Complaint:
    """One error of pydantic, placed.

    `kind` is pydantic's type or our own code; `spot` what it is about; `key` the key that is unknown or missing;
    `value` what was found there; `told` the context of our own complaints.
    """

    kind: str
    spot: Spot
    key: str
    value: Any
    where: Whereabouts
    told: dict[str, Any]

    @classmethod
    def of(cls, error: Any, where: Whereabouts) -> Complaint:
        """The pydantic error `error` (a dict of `errors()`), which stands at `where`."""
        told = error.get("ctx") or {}
        spot = (*where.spot, *told.get("at", ()))
        key = str(error["loc"][-1]) if error["loc"] else ""
        return cls(error["type"], spot, key, error["input"], where, told)


def tell(complaint: Complaint, model: type[Key], document: Document, problems: Problems) -> None:
    """Add the problem that `complaint` about a file read as a `model` is."""
    kind = complaint.kind
    if kind == "extra_forbidden":
        _unknown_key(complaint, model, document, problems)
    elif kind == "missing":
        _missing(complaint, document, problems)
    elif kind == "literal_error":
        _not_allowed(complaint, document, problems)
    elif "sentence" in complaint.told:
        whole = not complaint.told["at"] and not isinstance(complaint.value, str)
        position = document.position(complaint.spot, key=whole)
        problems.add(kind, position, complaint.told["sentence"], complaint.told["way_out"])
    elif isinstance(complaint.where.expected, type) and issubclass(complaint.where.expected, Word):
        _not_a_word(complaint, complaint.where.expected, document, problems)
    elif kind == "too_short":
        problems.add(
            "empty-list",
            document.position(complaint.spot, key=True),
            f"{_name(complaint)} is empty.",
            "write at least one",
        )
    elif kind.startswith("bool_"):
        problems.add(
            "not-allowed",
            document.position(complaint.spot),
            f"{_name(complaint)} cannot be {_shown(complaint.value)}.",
            "write true or false",
        )
    elif kind.startswith(("int_", "greater_than", "less_than")):
        problems.add(
            "whole-number",
            document.position(complaint.spot),
            f"{_name(complaint)} cannot be {_shown(complaint.value)}.",
            "write a whole number without separators, such as 2000",
        )
    else:
        _wrong_shape(complaint, document, problems)


def meant_key(complaint: Complaint) -> str:
    """The key that an unknown one was probably meant to be; empty for every other complaint."""
    if complaint.kind != "extra_forbidden":
        return ""
    return nearest(complaint.key, complaint.where.owner.takes())


def _unknown_key(complaint: Complaint, model: type[Key], document: Document, problems: Problems) -> None:
    owner, key = complaint.where.owner, complaint.key
    takes = owner.takes()
    meaning = meant_key(complaint)
    hint = f" Did you mean `{meaning}`?" if meaning else ""
    elsewhere = [other for other in family(model) if other is not owner and key in other.takes()]
    if not hint and elsewhere:
        hint = f" It is a key of {elsewhere[0].noun}."
    problems.add(
        "unknown-key",
        document.position(complaint.spot, key=True),
        f"`{key[:60]}` is not a key of {owner.noun}.{hint}",
        f"{owner.noun} takes: {', '.join(takes)}",
    )


def family(model: type[Key]) -> Iterator[type[Key]]:
    """`model` and every mapping that can stand inside it."""
    waiting: list[Any] = [model]
    seen: set[type[Key]] = set()
    while waiting:
        annotation = plain(waiting.pop(0))
        if isinstance(annotation, type) and issubclass(annotation, Key):
            if annotation not in seen:
                seen.add(annotation)
                yield annotation
                waiting += [field.annotation for field in annotation.model_fields.values()]
        elif get_origin(annotation) in (dict, list):
            waiting.append(get_args(annotation)[-1])


def _missing(complaint: Complaint, document: Document, problems: Problems) -> None:
    owner, key = complaint.where.owner, complaint.key
    field = next(field for name, field in owner.model_fields.items() if key in (field.alias, name))
    noun = owner.noun.removeprefix("a ").removeprefix("an ")
    who = f"This {noun}" if noun != owner.noun else owner.noun.replace("the ", "The ")
    problems.add(
        "missing-key",
        _heading(document, complaint.spot),
        f"{who} has no `{key}`.",
        f"write   {key}: …       {field.description}",
    )


def _heading(document: Document, spot: Spot) -> Position:
    """Where a mapping begins, for the eye: its key, or its first key where it has none."""
    if spot and isinstance(spot[-1], str):
        return document.position(spot, key=True)
    inside = [place for path, place in document.keys.items() if path[:-1] == spot]
    return min(inside, default=document.position(spot))


def _not_allowed(complaint: Complaint, document: Document, problems: Problems) -> None:
    allowed = choices(complaint.where.expected)
    problems.add(
        "not-allowed",
        document.position(complaint.spot),
        f"{_name(complaint)} cannot be {_shown(complaint.value)}.{did_you_mean(str(complaint.value), allowed)}",
        f"write one of: {listed(allowed)}",
    )


def _not_a_word(complaint: Complaint, word: type[Word], document: Document, problems: Problems) -> None:
    value = complaint.value
    meaning = meant(word, value) if isinstance(value, str) else ""
    hint = f" Did you mean `{meaning}`?" if meaning else ""
    problems.add(
        word.code,
        document.position(complaint.spot, key=not isinstance(value, str)),
        f"{_name(complaint)} cannot be {_shown(value)}.{hint}",
        f"write {word.form}",
    )


def _wrong_shape(complaint: Complaint, document: Document, problems: Problems) -> None:
    expected, value = complaint.where.expected, complaint.value
    glued = next((key for key in value if key.startswith("-")), None) if isinstance(value, dict) else None
    if glued is not None and get_origin(expected) is list:
        problems.add(
            "space-after-dash",
            document.position((*complaint.spot, glued), key=True),
            "A step of a list needs a space after its dash.",
            f"write   - {glued[1:]}: …",
        )
        return
    if isinstance(expected, type) and issubclass(expected, Key):
        wanted, way_out = "a group of keys", f"{expected.noun} takes: {', '.join(expected.takes())}"
    elif get_origin(expected) is dict:
        wanted, way_out = "a group of `name: value` lines", "write each on its own line, two spaces further in"
    elif get_origin(expected) is list:
        wanted, way_out = "a list", "write each on its own line with a dash, or all in [ ] with commas"
    else:
        wanted, way_out = "text", "write one text; what belongs together stands in quotes"
    problems.add(
        "not-text" if wanted == "text" else "wrong-shape",
        document.position(complaint.spot, key=not isinstance(value, str)),
        f"{_name(complaint)} is {wanted}; {_shape(value)} stands here.",
        way_out,
    )


def _name(complaint: Complaint) -> str:
    """What the value is the value of, for the start of a sentence."""
    keys = [part for part in complaint.spot if isinstance(part, str)]
    if not keys:
        return "This file"
    return f"`{keys[-1]}`" if isinstance(complaint.spot[-1], str) else f"An item of `{keys[-1]}`"


def _shape(value: Any) -> str:
    if isinstance(value, dict):
        return "a group of keys"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else "one text"


def _shown(value: Any) -> str:
    if isinstance(value, (Written, str)):
        return f"`{value[:60]}{'…' if len(value) > 60 else ''}`"
    return _shape(value)
