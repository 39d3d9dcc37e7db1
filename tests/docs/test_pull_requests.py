"""The workflow for pull requests: it can be read, and its commands are ours."""

from __future__ import annotations

import re

from pages import REPOSITORY
from regulars.lang.problems import Problems
from regulars.lang.yaml_text import read

WORKFLOW = REPOSITORY / "docs" / "how-to" / "pull_requests.github.yml"


def test_the_workflow_is_plain_yaml_and_never_runs_with_secrets_for_forks() -> None:
    problems = Problems()
    document = read(WORKFLOW, WORKFLOW.name, problems)
    assert document is not None
    assert problems.errors == []
    assert list(document.value["on"]) == ["pull_request"]
    assert document.value["permissions"] == {"contents": "read", "pull-requests": "write"}


def test_the_workflow_runs_the_commands_its_page_names() -> None:
    commands = re.findall(r"run: regulars (.+?)(?: > plan\.md)?$", WORKFLOW.read_text(encoding="utf-8"), re.MULTILINE)
    assert commands == ["check --format annotations", 'plan --against "$BASE" --format markdown']
    page = WORKFLOW.with_name("pull_requests.md").read_text(encoding="utf-8")
    assert "`regulars check --format annotations`" in page
    assert "`regulars plan --against`" in page
