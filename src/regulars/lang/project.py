"""A project: the folder with `rules.yaml`, read whole, with everything that is wrong in it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from regulars.errors import WrongUse
from regulars.lang import yaml_text
from regulars.lang.binding import bind
from regulars.lang.checks import check_campaign, check_rules
from regulars.lang.model import Campaign, Key, Rules
from regulars.lang.problems import Position, Problems
from regulars.lang.yaml_text import Document, Spot

RULES = "rules.yaml"
CAMPAIGNS = "campaigns"
_STEPS = "flows/steps.py"

Model = TypeVar("Model", bound=Key)


@dataclass(frozen=True, slots=True)
class Project:
    """The files of a shop, read.

    `root` is its folder, `campaigns` maps each campaign's name (its file's stem) to what it says, by name; files that
    cannot be bound are missing from it and told in `problems`. `documents` maps file names to what was read.
    """

    root: Path
    rules: Rules
    campaigns: dict[str, Campaign]
    problems: Problems
    documents: dict[str, Document]

    def position(self, file: str, path: Spot = (), *, key: bool = False) -> Position:
        """Where the value at `path` of `file` starts (`key`: where its key does); the nearest place above it otherwise.

        Paths are those of the file as written: `("messages", 0, "offer", "percent")`.
        """
        document = self.documents.get(file)
        return document.position(path, key=key) if document else Position(file)

    def campaign_file(self, name: str) -> str:
        """The file of campaign `name`, relative to the root."""
        return f"{CAMPAIGNS}/{name}.yaml"

    @property
    def fingerprint(self) -> str:
        """`7f3a-91c2`: the contents of rules, campaigns, templates and steps. The same files, the same fingerprint."""
        digest = hashlib.sha256()
        for path in _fingerprinted(self.root):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(self.root).as_posix()}\0{content}\0".encode())
        short = digest.hexdigest()[:8]
        return f"{short[:4]}-{short[4:]}"


def find_root(start: Path) -> Path:
    """The nearest folder from `start` upwards that holds `rules.yaml`; raises WrongUse where there is none."""
    here = start.resolve()
    for folder in (here, *here.parents):
        if (folder / RULES).is_file():
            return folder
    raise WrongUse(f"There is no {RULES} in {here} or above it.", "`regulars init` lays a project here.")


def load(root: Path) -> tuple[Project | None, Problems]:
    """Read the project in `root`.

    Returns:
        The project and all its problems, those of the campaigns included. The project is None where `rules.yaml`
        cannot be bound; nothing is raised for what files hold.
    """
    problems = Problems()
    documents: dict[str, Document] = {}
    if not (root / RULES).is_file():
        problems.add("no-rules", Position(RULES), f"There is no {RULES} here.", "`regulars init` lays a project")
        return None, problems
    rules = _read(root, RULES, Rules, problems, documents)
    campaigns: dict[str, Campaign] = {}
    for file, name in _campaign_files(root, problems):
        if campaign := _read(root, file, Campaign, problems, documents):
            campaigns[name] = campaign
    if rules is None:
        return None, problems
    project = Project(root, rules, campaigns, problems, documents)
    names = [name for _, name in _campaign_files(root, Problems())]
    check_rules(rules, documents[RULES], names, problems)
    for name, campaign in campaigns.items():
        check_campaign(campaign, documents[project.campaign_file(name)], rules, problems)
    return project, problems


def _read(
    root: Path, file: str, model: type[Model], problems: Problems, documents: dict[str, Document]
) -> Model | None:
    document = yaml_text.read(root / file, file, problems)
    if document is None:
        return None
    documents[file] = document
    return bind(model, document, problems)


def _campaign_files(root: Path, problems: Problems) -> list[tuple[str, str]]:
    """(file, name) of each campaign, by name; files whose name makes no campaign are told."""
    folder = root / CAMPAIGNS
    found = []
    entries = sorted(os.listdir(folder)) if folder.is_dir() else []
    for entry in entries:
        file = f"{CAMPAIGNS}/{entry}"
        stem, suffix = os.path.splitext(entry)
        if entry.startswith(".") or not (folder / entry).is_file():
            continue
        if suffix.lower() == ".yml" or (suffix.lower() == ".yaml" and suffix != ".yaml"):
            problems.add(
                "file-name",
                Position(file),
                "A campaign's file ends in `.yaml`; this one would not be read.",
                f"rename it to {stem}.yaml",
            )
        elif suffix == ".yaml":
            found.append((file, stem))
    if not found:
        problems.add(
            "no-campaigns",
            Position(f"{CAMPAIGNS}/"),
            "There is no campaign yet: nothing would be sent.",
            f"write one, such as {CAMPAIGNS}/welcome.yaml",
            "warning",
        )
    return found


def _fingerprinted(root: Path) -> Iterator[Path]:
    """The files that say what is sent, in a fixed order."""
    candidates = [root / RULES, root / _STEPS, *(root / CAMPAIGNS).glob("*.yaml"), *(root / "templates").rglob("*")]
    yield from sorted(path for path in candidates if path.is_file() and not path.name.startswith("."))
