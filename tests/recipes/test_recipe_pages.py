"""Every recipe is listed, and lived through."""

from __future__ import annotations

from pathlib import Path

from month import RECIPES


def test_every_recipe_is_on_the_list_and_has_its_month() -> None:
    listed = (RECIPES / "README.md").read_text(encoding="utf-8")
    pages = {path.stem for path in RECIPES.glob("*.md")} - {"README"}
    assert len(pages) == 16
    for name in pages:
        assert f"({name}.md)" in listed
        assert (Path(__file__).parent / f"test_{name}_recipe.py").exists()
