"""What the how-tos show, tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages import REPOSITORY, Block, blocks, shell
from regulars.campaigns.checking.check import check
from regulars.testing.rules import run_rule_tests
from small_shop import SmallShop


def page(name: str) -> list[Block]:
    return blocks((REPOSITORY / "docs" / "how-to" / f"{name}.md").read_text(encoding="utf-8"))


def test_the_rule_test_of_its_page_passes_in_a_project_that_init_lays(tmp_path: Path) -> None:
    shell("regulars init casa --without-data", tmp_path)
    case, command = page("rule_tests")[:2]
    (tmp_path / "casa" / case.file).write_text(case.text, encoding="utf-8")
    assert "1 passed" in shell(f"{command.text.strip()} {case.file}", tmp_path / "casa")


def test_the_comparison_of_the_page_about_lift_says_what_its_report_says(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = [block.text for block in page("lift") if block.language == "python"]
    exec(example, {})
    told = " ".join(block.text for block in page("lift") if "holdout    Not known" in block.text)
    first, *_ = capsys.readouterr().out.splitlines()
    for said in ("differences of 2.6 points or more; you saw 0.9 ±", "1.5", "about 32 more days"):
        assert said in first
        assert said in " ".join(told.split())


def test_the_campaign_and_the_rule_test_of_expected_value_are_as_the_page_says(tmp_path: Path) -> None:
    campaign, case = (block for block in page("expected_value") if block.language == "yaml")
    shop = SmallShop(tmp_path)
    shop.campaign("slipping", campaign.text)
    shop.words("slipping/one")
    shop.order(shop.customer("ana"), "2026-01-05 10:00:00")
    shop.write()
    file = tmp_path / "tests" / "rules" / "slipping.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(case.text, encoding="utf-8")
    assert [one.code for one in check(tmp_path).sorted()] == []
    assert run_rule_tests(tmp_path).passed
