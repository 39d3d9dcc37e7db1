"""JSON Schemas for editors, from the models: `schemas/rules.schema.json` and `schemas/campaign.schema.json`.

An editor reads plain YAML, so the schemas know the short forms (a trait that is one expression, a subject that is one
text) and take a number wherever somebody may write `10` for a text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from regulars.lang.keys import BARE, Key
from regulars.lang.model import Campaign, Rules

FOLDER = "schemas"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SCALAR = {"type": ["string", "number", "boolean"]}
_FILES: dict[str, tuple[type[Key], str]] = {
    "rules.schema.json": (Rules, "rules.yaml of a Regulars project: who is who"),
    "campaign.schema.json": (Campaign, "a campaign of a Regulars project: who gets what, when"),
}
_SEGMENT = {
    "description": "a condition (in or out), or a ladder: the first step that holds gives the value",
    "anyOf": [
        _SCALAR,
        {
            "type": "array",
            "minItems": 1,
            "items": {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": _SCALAR},
        },
    ],
}
_SHORT_FORMS = {
    "Trait": {**_SCALAR, "description": "an expression over other traits"},
    "Table": {**_SCALAR, "description": "a file, a glob, or a table of the backend"},
    "Programme": {**_SCALAR, "description": "a condition: who takes part"},
}
"""What a validator of the model takes in place of the mapping."""
_TEMPLATES = {
    "type": "array",
    "minItems": 1,
    "items": {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": _SCALAR},
}
_BARE_VALUES = (
    ("Message", "subject"), ("Message", "preview_text"), ("Variant", "subject"), ("Variant", "preview_text"),
    ("Offer", "next_time"),
)  # fmt: skip  # pairs
"""Keys that take one text beside their group or list."""


@dataclass(frozen=True, slots=True)
class Names:
    """What a project calls its own: offered by editors, never demanded, for a schema may be older than the files.

    `steps` maps the name of a step of the shop to the JSON Schema of its parameters.
    """

    templates: Sequence[str] = ()
    steps: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    campaigns: Sequence[str] = ()
    tables: Sequence[str] = ()
    languages: Sequence[str] = ()


def texts(names: Names | None = None) -> dict[str, str]:
    """File name → content of every schema, with the names of a project where they are given."""
    return {
        name: json.dumps(_offering(_schema(model, title), names or Names()), ensure_ascii=False, indent=2) + "\n"
        for name, (model, title) in _FILES.items()
    }


def write(root: Path, names: Names | None = None) -> list[Path]:
    """Write the schemas into `root/schemas`; the files written."""
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in texts(names).items():
        (folder / name).write_text(text, encoding="utf-8")
        written.append(folder / name)
    return written


def _offering(schema: dict[str, Any], names: Names) -> dict[str, Any]:
    """`schema` with the project's own names where one of them belongs."""
    definitions, properties = schema["$defs"], schema["properties"]
    if "Message" in definitions:
        for message in (definitions[one]["properties"] for one in ("Message", "Variant")):
            _offer_templates(message, names.templates)
            for key in ("subject", "preview_text"):
                spoken = message[key]["anyOf"][1]
                spoken |= {"properties": dict.fromkeys(names.languages, _SCALAR)} if names.languages else {}
        _offer(properties["languages"], "items", names.languages)
        _offer(definitions["ForEach"]["properties"], "row", names.tables)
        if names.steps:
            properties["enrich"]["items"] = {"anyOf": [{"enum": list(names.steps)}, _step_group(names.steps)]}
    if "Guards" in definitions:
        _offer(definitions["Guards"]["properties"]["first"], "items", names.campaigns)
        _offer(definitions["Trait"]["anyOf"][1]["properties"], "from", names.tables)
    return schema


def _offer_templates(message: dict[str, Any], templates: Sequence[str]) -> None:
    """Offer the names of templates, alone and as the steps of a ladder."""
    ladder = json.loads(json.dumps(_TEMPLATES))
    if templates:
        ladder["items"]["properties"] = dict.fromkeys(templates, _SCALAR)
    message["template"] = {
        "description": message["template"]["description"],
        "anyOf": [*([{"enum": list(templates)}] if templates else []), _SCALAR, ladder],
    }


def _offer(owner: dict[str, Any], key: str, values: Sequence[str]) -> None:
    """Offer `values` at `owner[key]`, beside whatever else may stand there."""
    if values:
        described = {"description": owner[key]["description"]} if "description" in owner[key] else {}
        owner[key] = {**described, "anyOf": [{"enum": list(values)}, owner[key]]}


def _step_group(steps: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """`recommend: {limit: 3}`: one step with its parameters."""
    properties = {
        name: {
            "type": "object",
            "properties": {key: {k: v for k, v in part.items() if k != "title"} for key, part in _parameters(taken)},
        }
        for name, taken in steps.items()
    }
    return {"type": "object", "minProperties": 1, "maxProperties": 1, "properties": properties}


def _parameters(taken: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return sorted(taken.get("properties", {}).items())


class _Plain(GenerateJsonSchema):
    """Schemas without pydantic's titles, which repeat the keys, and without defaults, which are no JSON here."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # the signature of pydantic
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


def _schema(model: type[Key], title: str) -> dict[str, Any]:
    schema = model.model_json_schema(by_alias=True, schema_generator=_Plain)
    definitions = {
        name: _mapping(part) for name, part in schema.pop("$defs", {}).items() if name not in ("Step", "Template")
    }
    for name, short in _SHORT_FORMS.items():
        if name in definitions:
            long = definitions[name]
            definitions[name] = {"description": long.pop("description", ""), "anyOf": [short, long]}
    if "Segment" in definitions:
        definitions["Segment"] = _SEGMENT
    if "Trait" in definitions:
        definitions["Trait"]["anyOf"][1]["required"] = ["from", "value"]
    for owner, key in _BARE_VALUES:
        if owner in definitions:
            properties = definitions[owner]["properties"]
            described = properties[key].pop("description", "")
            properties[key] = {"description": described, "anyOf": [_SCALAR, properties[key]]}
    return {"$schema": _DIALECT, "title": title, **_mapping(schema), "$defs": dict(sorted(definitions.items()))}


def _mapping(schema: dict[str, Any]) -> dict[str, Any]:
    """One model: its keys in alphabetical order, without the one of its short form, its values as YAML gives them."""
    properties = {key: _relaxed(value) for key, value in sorted(schema.get("properties", {}).items()) if key != BARE}
    rest = {key: value for key, value in schema.items() if key not in ("title", "properties")}
    return {**rest, "properties": properties}


def _relaxed(part: dict[str, Any]) -> dict[str, Any]:
    """The schema of a value, with a number wherever YAML may read one in place of a text, and without `or null`."""
    options = [one for one in part.get("anyOf", []) if one != {"type": "null"}]
    if len(options) == 1:
        return _relaxed({**options[0], **{key: value for key, value in part.items() if key != "anyOf"}})
    relaxed = {key: value for key, value in part.items() if key not in ("title", "default", "form")}
    for inside in ("items", "additionalProperties"):
        if isinstance(relaxed.get(inside), dict):
            relaxed[inside] = _relaxed(relaxed[inside])
    if relaxed.get("type") == "string" and "enum" not in relaxed:
        relaxed |= _SCALAR
    if form := part.get("form"):
        relaxed["description"] = f"{part.get('description', '')}: {form}".removeprefix(": ")
    return relaxed
