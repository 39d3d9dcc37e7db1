"""What the how-tos show, tried."""

from __future__ import annotations

from pathlib import Path

from pages import REPOSITORY, Block, blocks, shell


def page(name: str) -> list[Block]:
    return blocks((REPOSITORY / "docs" / "how-to" / f"{name}.md").read_text(encoding="utf-8"))


def test_the_rule_test_of_its_page_passes_in_a_project_that_init_lays(tmp_path: Path) -> None:
    shell("regulars init casa --without-data", tmp_path)
    case, command = page("rule_tests")[:2]
    (tmp_path / "casa" / case.file).write_text(case.text, encoding="utf-8")
    assert "1 passed" in shell(f"{command.text.strip()} {case.file}", tmp_path / "casa")
