"""Rules and campaigns as a git revision has them. Git is asked, never told: nothing of the repository changes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from regulars.errors import WrongUse
from regulars.lang.project import CAMPAIGNS, RULES
from regulars.lang.yaml_text import MAX_BYTES

PATIENCE = 30
"""Seconds for one answer of git."""


def texts(root: Path, revision: str) -> dict[str, str]:
    """`{path: text}` of `rules.yaml` and `campaigns/*.yaml` in `revision` (a branch, a tag, a commit).

    Raises WrongUse where there is no git, no repository, no such revision, or no project in it.
    """
    commit = _commit(root, revision)
    listed = _git(root, "ls-tree", "--name-only", "-z", commit, RULES, f"{CAMPAIGNS}/").stdout.decode()
    files = [path for path in listed.split("\0") if path == RULES or path.endswith(".yaml")]
    if RULES not in files:
        raise WrongUse(f"Revision `{revision}` has no {RULES} here.", "Name a revision in which the project exists.")
    return {path: _content(root, commit, path) for path in files}


def _commit(root: Path, revision: str) -> str:
    if shutil.which("git") is None:
        raise WrongUse("`--against` needs git, and there is none on this machine.", "Install git, or leave it out.")
    if _git(root, "rev-parse", "--git-dir").returncode:
        raise WrongUse("This project is not in a git repository.", "`--against` compares with a revision of one.")
    # A commit, never an option, whatever somebody types.
    found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found.returncode:
        raise WrongUse(
            f"Git knows no revision `{revision}`.",
            "Name a branch, a tag or a commit; one that is elsewhere must be fetched first: git fetch origin main",
        )
    return found.stdout.decode().strip()


def _content(root: Path, commit: str, path: str) -> str:
    shown = _git(root, "show", f"{commit}:./{path}")
    # What is too large or not UTF-8 is refused by whoever reads it; it must only not fill the memory.
    return shown.stdout[: MAX_BYTES + 1].decode("utf-8-sig", errors="replace")


def _git(root: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    quiet = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    command = ["git", "-C", str(root), *words]
    try:
        return subprocess.run(command, capture_output=True, check=False, env=quiet, timeout=PATIENCE)  # noqa: S603  # no shell, and the words are ours or a commit's name
    except subprocess.TimeoutExpired:
        raise WrongUse("Git does not answer.", f"Try it: git {words[0]}") from None
