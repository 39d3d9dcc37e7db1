"""Every mistake of tests/messages: the files as somebody wrote them, and what `regulars check` says (`out.txt`).

A case is laid over `_project`, a small shop without a mistake: `campaign.yaml` takes the place of
`campaigns/hello.yaml`, `rules.more.yaml` is put behind `rules.yaml`, `edits.txt` changes single lines, and everything
else keeps its name. After a sentence has been improved: `REGULARS_WRITE_MESSAGES=1 pytest tests/lang/test_messages.py`,
and read the difference.
"""

import os
import re
import shutil
from pathlib import Path

import pytest

from regulars.campaigns.checking.check import check
from regulars.lang.codes import known_codes
from regulars.lang.telling import as_text

MESSAGES = Path(__file__).parents[1] / "messages"
CASES = sorted(path.name for path in MESSAGES.iterdir() if path.is_dir() and not path.name.startswith("_"))
PLACES = {"campaign.yaml": "campaigns/hello.yaml"}


def lay(case: Path, root: Path) -> None:
    """The project with the case's files over it, in `root`."""
    shutil.copytree(MESSAGES / "_project", root, dirs_exist_ok=True)
    for path in sorted(path for path in case.rglob("*") if path.is_file()):
        name = path.relative_to(case).as_posix()
        if name == "rules.more.yaml":
            with (root / "rules.yaml").open("ab") as rules:
                rules.write(path.read_bytes())
        elif name == "edits.txt":
            edit(root, path.read_text("utf-8"))
        elif name != "out.txt":
            target = root / PLACES.get(name, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())


def edit(root: Path, edits: str) -> None:
    """`== FILE`, then lines `- old` that stand in it and `+ new` that take their place; without these they go."""
    for block in re.split(r"^== ", edits, flags=re.MULTILINE)[1:]:
        file, changes = block.split("\n", 1)
        text = (root / file).read_text("utf-8")
        for old, new in re.findall(r"((?:^- .*\n)+)((?:^\+ .*\n)*)", changes, re.MULTILINE):
            before, after = (re.sub(r"^[-+] ", "", lines, flags=re.MULTILINE).rstrip("\n") for lines in (old, new))
            assert before in text, f"{file} has no {before!r}"
            text = text.replace(before, after, 1)
        (root / file).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("case", CASES)
def test_the_mistake_is_told(case, tmp_path):
    lay(MESSAGES / case, tmp_path)
    problems = check(tmp_path)
    told = as_text(problems.sorted(), tmp_path) + "\n"
    expected = MESSAGES / case / "out.txt"
    if os.environ.get("REGULARS_WRITE_MESSAGES"):
        expected.write_text(told, encoding="utf-8")
    assert told == expected.read_text(encoding="utf-8")
    assert {problem.code for problem in problems} <= known_codes()


def test_the_project_under_the_cases_has_no_mistake(tmp_path):
    lay(MESSAGES / "_project", tmp_path)
    assert check(tmp_path).sorted() == []


def test_no_two_cases_say_the_same():
    said = [(MESSAGES / case / "out.txt").read_text("utf-8") for case in CASES]
    assert len(set(said)) == len(said)
