"""CONTRIBUTING, followed to the letter by a new developer: in a scaffolded project, and in a copy of the engine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from pages import REPOSITORY, Block, blocks, section, shell

DAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project as `regulars init` lays it, with the sample shop's data."""
    from regulars import sample
    from regulars.sample.scaffold import lay_project

    root = tmp_path_factory.mktemp("laid")
    lay_project(root)
    sample.lay(root, DAY)
    return root


@pytest.fixture
def project(laid: Path, tmp_path: Path) -> Path:
    """A copy of it, for one test to edit."""
    return Path(shutil.copytree(laid, tmp_path / "shop"))


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """A copy of the engine's source, for one test to edit."""
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(REPOSITORY / "src", tmp_path / "engine" / "src", ignore=ignored)).parent


def told(heading: str) -> list[Block]:
    return blocks(section("CONTRIBUTING.md", heading))


def follow(project: Path, heading: str) -> str:
    """Write what the section says should be written, run what it says; what the commands print."""
    said = ""
    for block in told(heading):
        if block.language == "bash":
            said += shell(
                block.text.replace("\n", f" --as-of {DAY}\n").replace(f"check --as-of {DAY}", "check"), project
            )
            continue
        assert block.file, block.text
        file = project / block.file
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text(encoding="utf-8") + "\n\n" if block.language == "python" else ""
        file.write_text(before + block.text, encoding="utf-8")
    return said


def written(project: Path, name: str) -> str:
    return (project / ".regulars" / "preview" / name).read_text(encoding="utf-8")


@pytest.mark.thorough
def test_a_campaign_is_a_file_and_its_words(project: Path) -> None:
    said = follow(project, "## Add a campaign")
    assert "missing-words" in said
    assert "templates/favourite/new.ru.html" in said
    assert "draft" in said
    assert "Ai comandat de" in written(project, "favourite-new-email-ro.html")


def test_a_step_adds_a_column_that_a_campaign_shows(project: Path) -> None:
    follow(project, "## Add a campaign")
    said = follow(project, "## Add a step")
    assert "new in " in said
    assert "problem" not in said.split("favourite/new.ru.html", 1)[0]
    campaign = project / "campaigns" / "favourite.yaml"
    text = campaign.read_text(encoding="utf-8")
    campaign.write_text(text.replace("customer.favourite | default('the shop')", "customer.favorite"), encoding="utf-8")
    assert "unknown-variable" in _check(project)


@pytest.mark.thorough
def test_a_language_is_added_template_by_template(project: Path) -> None:
    rules = project / "rules.yaml"
    text = rules.read_text(encoding="utf-8")
    assert "[ro, ru, en]" in text
    rules.write_text(text.replace("[ro, ru, en]", "[ro, ru, en, de]"), encoding="utf-8")
    said = follow(project, "## Add a language")
    assert "templates/winback/first.de.html" in said
    assert "templates/welcome/hello.de" not in said.split("hello  email  de", 1)[0]
    assert "Schön, dass Sie da sind" in written(project, "welcome-hello-email-de.html")


def test_a_channel_keeps_the_contract(engine: Path) -> None:
    for block in told("## Add a channel"):
        file = engine / block.file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text, encoding="utf-8")
    done = _python(
        engine, "-m", "pytest", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", ".", "tests/channels"
    )
    assert done.returncode == 0, done.stdout
    assert "16 passed" in done.stdout


def test_a_function_is_three_entries(engine: Path, shop) -> None:
    entries = [block for block in told("## Add a function for conditions") if block.language == "python"]
    for block in entries:
        file = engine / block.file
        name = "FUNCTIONS" if "expressions" in block.file else "OPERATIONS"
        before, opening, after = file.read_text(encoding="utf-8").partition(f"\n{name}: dict[")
        head, brace, rest = after.partition(" = {\n")
        file.write_text(before + opening + head + brace + "    " + block.text + rest, encoding="utf-8")
    assert len(entries) == 3
    shop.rules += "  spring: quarter(last_order) = 2\n"
    shop.rules = shop.rules.replace(
        "traits:\n", "traits:\n  summers: {from: orders, value: count(*), where: quarter(ordered_at) = 3}\n"
    )
    shop.customer("ana")
    shop.order("ana", "2026-04-05 10:00:00")
    shop.customer("ion")
    shop.order("ion", "2025-07-05 10:00:00")
    shop.write()
    listed = shop.root / "who.csv"
    done = _python(
        engine,
        "-c",
        "from regulars.cli import main; main()",
        "segments",
        "--project",
        str(shop.root),
        "--as-of",
        "2026-11-22",
        "--output",
        str(listed),
    )
    assert done.returncode == 0, done.stderr
    import csv

    with listed.open(encoding="utf-8") as file:
        found = {row["customer_id"]: (row["spring"], row["summers"]) for row in csv.DictReader(file)}
    assert found == {"ana": ("true", "0"), "ion": ("false", "1")}


def test_each_function_means_something_for_rows_and_for_people() -> None:
    from regulars.lang.expressions import FUNCTIONS
    from regulars.people import formulas, rows

    for name in FUNCTIONS:
        of_rows = name in {*rows.OPERATIONS, *rows.SPELT} or hasattr(rows.RowCompiler, f"_{name}")
        assert of_rows, f"{name} cannot be asked of rows"
        assert name in formulas.OPERATIONS or name in formulas.DAYS, f"{name} cannot be asked of customers"
    both = {
        "and",
        "or",
        "not",
        "=",
        "<>",
        "<",
        "<=",
        ">",
        ">=",
        "+",
        "-",
        "*",
        "/",
        "neg",
        "is_null",
        "in",
        "between",
        "like",
    }
    assert both <= rows.OPERATIONS.keys() & formulas.OPERATIONS.keys()
    assert rows.OPERATIONS.keys() | set(rows.SPELT) == formulas.OPERATIONS.keys()


def test_every_make_target_is_described() -> None:
    import re

    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):", makefile, re.MULTILINE)
    said = section("CONTRIBUTING.md", "## Set-up")
    assert targets
    for target in targets:
        assert f"`make {target}`" in said, f"CONTRIBUTING does not say what `make {target}` does"


def test_the_layers_on_the_page_are_those_that_are_proven() -> None:
    import re
    import tomllib

    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    drawn = section("CONTRIBUTING.md", "## The layers").split("```")[1].strip().splitlines()
    assert [re.split(r"  +", line)[0] for line in drawn] == layers


def _check(project: Path) -> str:
    from regulars.campaigns.checking.check import check
    from regulars.lang.telling import as_text

    return as_text(check(project).sorted(), project)


def _python(engine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(engine / "src"), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=engine, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
