"""The reference pages are what the models say."""

from __future__ import annotations

import pytest

from pages import REPOSITORY
from regulars.lang import reference
from regulars.lang.campaign import Campaign, Message, Offer
from regulars.lang.expressions import FUNCTIONS
from regulars.lang.model import Rules, Shop, Trait

FOLDER = REPOSITORY / "docs" / "reference"


@pytest.mark.parametrize("name", reference.texts())
def test_a_reference_page_is_what_the_models_say(name: str) -> None:
    kept = (FOLDER / name).read_text(encoding="utf-8")
    assert kept == reference.texts()[name], f"docs/reference/{name} has drifted: make docs"


def test_every_key_is_on_a_page_with_its_meaning() -> None:
    told = reference.texts()
    for model, page in (
        (Rules, "rules.md"),
        (Shop, "rules.md"),
        (Trait, "rules.md"),
        (Campaign, "campaigns.md"),
        (Message, "campaigns.md"),
        (Offer, "campaigns.md"),
    ):
        for key in model.takes():
            (row,) = {line for line in _table(told[page], model.__doc__ or "") if line.startswith(f"| `{key}` |")}
            assert row.split(" | ")[1], f"{key} has no meaning"


def test_every_function_is_on_the_page() -> None:
    for name in FUNCTIONS:
        assert f"`{name}(" in reference.texts()["conditions.md"]


def test_every_link_within_a_page_has_its_heading() -> None:
    import re

    for page in reference.texts().values():
        headings = {
            heading.lower().replace(" ", "-").replace(".", "")
            for heading in re.findall(r"^## (.+)$", page, re.MULTILINE)
        }
        assert set(re.findall(r"\(#([^)]+)\)", page)) <= headings


def _table(page: str, doc: str) -> list[str]:
    """The rows below the sentence that begins a model's docstring."""
    lead = " ".join(doc.strip().split("\n\n", maxsplit=1)[0].split())
    return page.split(lead, 1)[1].split("\n## ", 1)[0].splitlines()
