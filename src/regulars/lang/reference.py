"""The reference pages in `docs/reference`, from the models: every key, what it means, what it takes, its default.

    python -m regulars.lang.reference docs/reference

A page that differs from what this writes fails a test, so that nobody keeps a list of keys by hand.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from regulars.lang.campaign import EVERYBODY
from regulars.lang.codes import explanation, known_codes
from regulars.lang.expressions import (
    AGGREGATES,
    EXPECTATIONS,
    FUNCTIONS,
    LARGEST_TEXT,
    LARGEST_TREE,
    PEOPLE_FUNCTIONS,
    Signature,
)
from regulars.lang.keys import BARE, Key
from regulars.lang.model import Campaign, Rules, Segment, Step, Template
from regulars.lang.scalars import Word
from regulars.lang.written import Written

_GENERATED = "<!-- Written by `make docs` from the models in src/regulars/lang. Edit those. -->"
_LADDER = (
    "A condition (in or out), or a ladder: a list of steps, `- name: condition`, of which the first that holds gives "
    "the value; the last one is `- name: otherwise`."
)
_TEMPLATE = (
    "The name of a template, or a ladder: a list of steps, `- template: condition`, of which the first that holds "
    "gives the words; the last one is `- template: otherwise`. `{date}` in a name is the day it is sent, such as "
    "2026-08-27."
)
_LADDERS: dict[type[Key], str] = {Segment: _LADDER, Template: _TEMPLATE}
_PLAIN: dict[Any, str] = {Written: "text", str: "text", int: "a whole number", bool: "`true` or `false`"}
_SHORT_FORM = {
    "a table": "a file, a glob or the name of a table, alone",
    "a trait": "an expression, alone",
    "a programme": "a condition, alone",
}
_ALSO = {
    ("Message", "subject"): "text, or ",
    ("Message", "preview_text"): "text, or ",
    ("Variant", "subject"): "text, or ",
    ("Variant", "preview_text"): "text, or ",
    ("Offer", "next_time"): "one number, or ",
}
"""Keys that take one value beside their list or group."""


def texts() -> dict[str, str]:
    """File name → content of every reference page, Markdown."""
    return {
        "rules.md": _page("rules.yaml", "Who is who.", Rules),
        "campaigns.md": _page(
            "campaigns/NAME.yaml", "Who gets what, when. The file's name is the campaign's.", Campaign
        ),
        "conditions.md": _conditions(),
        "problems.md": _problems(),
    }


def write(folder: Path) -> list[Path]:
    """Write the pages into `folder`; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts()]


def _page(title: str, about: str, model: type[Key]) -> str:
    sections = [_section(part) for part in _models(model, [])]
    unknown = "A key that is not here is an error, never ignored."
    return "\n\n".join([f"# {title}", _GENERATED, f"{about} {unknown}", *sections]) + "\n"


def _models(model: type[Key], met: list[type[Key]]) -> list[type[Key]]:
    """`model` and every mapping it holds, each once, in the order of its keys."""
    if model not in met and model is not Step:
        met.append(model)
        for field in model.model_fields.values():
            for inner in _mappings(field.annotation):
                _models(inner, met)
    return met


def _mappings(annotation: Any) -> Iterator[type[Key]]:
    if isinstance(annotation, type) and issubclass(annotation, Key):
        yield annotation
    for part in get_args(annotation):
        yield from _mappings(part)


def _section(model: type[Key]) -> str:
    heading = f"## {_title(model)}"
    if model in _LADDERS:
        return f"{heading}\n\n{_LADDERS[model]}"
    short = _SHORT_FORM.get(model.noun)
    lead = f"{model.__doc__ or ''}".strip().split("\n\n")[0].replace("\n", " ")
    lines = [heading, "", " ".join(lead.split()) + (f" Short form: {short}." if short else ""), ""]
    lines += ["| key | meaning | takes | default |", "|---|---|---|---|"]
    fields = {field.alias if field.alias is not None else name: field for name, field in model.model_fields.items()}
    lines += [_row(model, key, field) for key, field in fields.items() if key != BARE]
    return "\n".join(lines)


def _row(model: type[Key], key: str, field: FieldInfo) -> str:
    takes = _ALSO.get((model.__name__, key), "") + _takes(field.annotation)
    cells = (f"`{key}`", field.description or "", takes, _default(field))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _takes(annotation: Any) -> str:
    """What may be written, for people."""
    origin, inside = get_origin(annotation), [part for part in get_args(annotation) if part is not type(None)]
    return _takes_one(annotation) if origin is None else _takes_many(origin, inside)


def _takes_many(origin: Any, inside: list[Any]) -> str:
    if origin is Literal:
        return ", ".join(f"`{str(value).lower() if isinstance(value, bool) else value}`" for value in inside)
    if origin is list:
        return "a list" if inside == [Any] else f"a list: {_takes(inside[0])}"
    if origin is dict:
        return f"names, each with {_takes(inside[1])}"
    if origin in (Union, types.UnionType):
        return " or ".join(_takes(part) for part in inside)
    return _takes(inside[0])


def _takes_one(annotation: Any) -> str:
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if issubclass(annotation, Word):
        return str(annotation.form)
    return f"[{annotation.noun.replace('`', '')}](#{_anchor(annotation)})"


def _title(model: type[Key]) -> str:
    name = model.noun.removeprefix("the ").removeprefix("a ").removeprefix("an ").replace("`", "")
    return name if "." in name or "_" in name else name.capitalize()


def _anchor(model: type[Key]) -> str:
    return _title(model).lower().replace(" ", "-").replace(".", "")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None or value in ("", [], {}, EVERYBODY) or isinstance(value, Key):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _conditions() -> str:
    lead = (
        "SQL's `where`, and nothing else: `and`, `or`, `not`, brackets, `= <> < <= > >=`, `in`, `between`, `like`, "
        "`is null`, `+ - * /`, `case`, text in straight single quotes, numbers, `true`, `false`, `null`, `today`, "
        f"names of traits. At most {LARGEST_TEXT:,} characters and {LARGEST_TREE} parts. `and` and `or` are never "
        "mixed without brackets. A comparison with an unknown value does not hold, and neither does its opposite: "
        "`country <> 'RO'` leaves out whoever has no country; `is null` asks for them. Dividing by zero is unknown."
    )
    parts = (
        ("Functions", "In every condition and expression.", FUNCTIONS),
        ("Functions over everybody", "In traits, segments and audiences.", PEOPLE_FUNCTIONS),
        ("Aggregates", "As the `value` of a trait that is counted `from` a table.", AGGREGATES),
    )
    tables = [
        "\n".join([f"## {title}", "", about, "", "| function | gives | meaning |", "|---|---|---|", *_calls(functions)])
        for title, about, functions in parts
    ]
    return "\n\n".join(["# Conditions", _GENERATED, lead, *tables, _expected()]) + "\n"


def _expected() -> str:
    about = (
        "Traits that nobody declares: models fitted to the shop's own orders as of the day, once a rule or a campaign "
        "reads one. Unknown of somebody who has never ordered, and of everybody where the orders do not tell the "
        "models; `plan`, `segments` and `why` then say why. A column of `customers` of that name takes its place. "
        "[Expected value](../how-to/expected_value.md) has the formulas."
    )
    rows = [f"| `{name}` | {meaning} |" for name, meaning in EXPECTATIONS.items()]
    return "\n".join(["## What models expect", "", about, "", "| trait | meaning |", "|---|---|", *rows])


def _calls(functions: dict[str, Signature]) -> Iterator[str]:
    for name, signature in functions.items():
        if name == "count_distinct":
            continue  # written count(distinct x)
        takes = list(signature.takes)
        for place in range(len(takes) - signature.optional, len(takes)):
            takes[place] = f"[{takes[place]}]"
        told = ", ".join([*takes, "…"] if signature.repeats else takes).replace("yes_no", "yes or no")
        yield f"| `{name}({told})` | {signature.gives.replace('yes_no', 'yes or no')} | {signature.meaning} |"


def _problems() -> str:
    lead = (
        "What `regulars check` may say, by code. `regulars explain CODE` shows a page with a wrong and a right example."
    )
    titles = [explanation(code).split("\n", 1)[0].removeprefix("# ") for code in sorted(known_codes())]
    rows = [f"| `{title.split(':', 1)[0]}` | {title.split(':', 1)[1].strip()} |" for title in titles]
    return (
        "\n\n".join(["# Problems", _GENERATED, lead, "\n".join(["| code | what it is |", "|---|---|", *rows])]) + "\n"
    )


if __name__ == "__main__":
    for written in write(Path(sys.argv[1])):
        sys.stdout.write(f"{written}\n")
