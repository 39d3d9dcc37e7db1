"""Every mistake of tests/messages: the files as somebody wrote them, and what they are told (`out.txt`).

A case is laid over `_project`, a small project without a mistake: `campaign.yaml` takes the place of
`campaigns/hello.yaml`, `rules.more.yaml` is put behind `rules.yaml`, everything else keeps its name. After a sentence
has been improved: `REGULARS_WRITE_MESSAGES=1 pytest tests/lang/test_messages.py`, and read the difference.
"""

import os
import shutil
from pathlib import Path

import pytest

from regulars.lang.codes import known_codes
from regulars.lang.project import load
from regulars.lang.telling import as_text

MESSAGES = Path(__file__).parents[1] / "messages"
CASES = sorted(path.name for path in MESSAGES.iterdir() if path.is_dir() and not path.name.startswith("_"))


def lay(case: Path, root: Path) -> None:
    """The project with the case's files over it, in `root`."""
    shutil.copytree(MESSAGES / "_project", root, dirs_exist_ok=True)
    for path in sorted(case.rglob("*")):
        name = path.relative_to(case).as_posix()
        if path.is_dir() or name == "out.txt":
            continue
        if name == "rules.more.yaml":
            with (root / "rules.yaml").open("ab") as rules:
                rules.write(path.read_bytes())
            continue
        target = root / ("campaigns/hello.yaml" if name == "campaign.yaml" else name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())


@pytest.mark.parametrize("case", CASES)
def test_the_mistake_is_told(case, tmp_path):
    lay(MESSAGES / case, tmp_path)
    _, problems = load(tmp_path)
    told = as_text(problems.sorted(), tmp_path) + "\n"
    expected = MESSAGES / case / "out.txt"
    if os.environ.get("REGULARS_WRITE_MESSAGES"):
        expected.write_text(told, encoding="utf-8")
    assert told == expected.read_text(encoding="utf-8")
    assert {problem.code for problem in problems} <= known_codes()


def test_the_project_under_the_cases_has_no_mistake(tmp_path):
    lay(MESSAGES / "_project", tmp_path)
    project, problems = load(tmp_path)
    assert problems.sorted() == []
    assert list(project.campaigns) == ["hello"]
