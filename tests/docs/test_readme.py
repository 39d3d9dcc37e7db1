"""The readme, followed to the letter by somebody with files of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pages import REPOSITORY, blocks, section, shell

OWN_DATA = "## Your own data, to the first plan"


@pytest.mark.prefect
def test_somebody_with_their_own_files_gets_to_the_first_plan_by_the_readme(tmp_path: Path) -> None:
    folder, said = tmp_path, ""
    for block in blocks(section("README.md", OWN_DATA)):
        if block.language == "bash":
            said = shell(block.text, folder)
            folder = tmp_path / "my-shop"
        elif block.language in ("csv", "yaml"):
            assert block.file, block.text
            (folder / block.file).write_text(block.text, encoding="utf-8")
        else:
            assert block.text in said, f"the readme shows\n{block.text}\nand this is said\n{said}"
    assert "2 accepted" in said
    assert len(list((folder / ".regulars" / "outbox").rglob("*.eml"))) == 2


def test_the_page_about_own_data_is_one_page() -> None:
    assert len(section("README.md", OWN_DATA).splitlines()) <= 150


def test_the_readme_names_every_verb() -> None:
    import regulars.cli.entry  # noqa: F401  # registers the verbs
    from regulars.cli.app import app

    said = section("README.md", "## The house")
    for command in app.registered_commands:
        verb = command.name or command.callback.__name__
        assert f"`{verb}`" in said, f"README does not name `{verb}`"


def test_the_readme_names_every_variable_of_the_environment() -> None:
    from regulars.settings import Settings

    rows = re.findall(r"^\| (.+?) \| .+ \|$", section("README.md", "## Live channels"), re.MULTILINE)
    named = re.findall(r"`([A-Z_]+)", " ".join(rows))
    assert sorted(named) == sorted(str(setting.alias) for setting in Settings.model_fields.values())


@pytest.mark.parametrize(
    "page",
    sorted(
        path.relative_to(REPOSITORY).as_posix()
        for path in [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")]
    ),
)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
        assert ((REPOSITORY / page).parent / target).exists(), f"{page} leads to {target}, which is not there"


def test_the_page_about_templates_names_every_filter_and_link() -> None:
    from regulars.words.allowed import FILTERS
    from regulars.words.variables import LINKS, REFERRAL

    said = (REPOSITORY / "docs" / "how-to" / "templates.md").read_text(encoding="utf-8")
    for filter_name in FILTERS:
        assert f"`{filter_name}`" in said, f"`{filter_name}` is not on the page"
    for name in LINKS:
        assert f"`links.{name}`" in said
    for name in REFERRAL:
        assert f"`referral.{name}`" in said


def test_the_readme_tells_of_the_real_data_what_its_own_page_tells() -> None:
    def summary(page: str) -> str:
        text = (REPOSITORY / page).read_text(encoding="utf-8")
        return text.split("summary", 1)[1].split("-->\n", 1)[1].split("<!-- /summary -->", 1)[0]

    assert summary("README.md") == summary("docs/real_data.md")


@pytest.mark.parametrize(("index", "folder"), [("docs/README.md", "how-to"), ("docs/decisions/README.md", ".")])
def test_an_index_leads_to_all_its_pages(index: str, folder: str) -> None:
    said = (REPOSITORY / index).read_text(encoding="utf-8")
    pages = ((REPOSITORY / index).parent / folder).glob("*.md")
    missing = [page.name for page in pages if page.name != "README.md" and f"{page.name})" not in said]
    assert missing == []
