"""A project: the folder with `rules.yaml`, read whole, with everything that is wrong in it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from regulars.errors import WrongUse
from regulars.lang import yaml_text
from regulars.lang.binding import bind
from regulars.lang.campaign_checks import check_campaign
from regulars.lang.checks import check_rules
from regulars.lang.model import Campaign, Key, Rules
from regulars.lang.problems import Position, Problems
from regulars.lang.referral_checks import check_one_programme
from regulars.lang.yaml_text import Document, Spot

RULES = "rules.yaml"
CAMPAIGNS = "campaigns"
CAMPAIGN_NAME = r"[a-z0-9][a-z0-9_-]*"
_STEPS = "flows/steps.py"
_NAMED = (("traits",), ("segments",), ("audiences",), ("source", "tables"))

Model = TypeVar("Model", bound=Key)


@dataclass(frozen=True, slots=True)
class Project:
    """The files of a shop, read.

    `root` is its folder; `campaigns` maps each campaign's name (its file's stem) to what it says, in the order of the
    files; what cannot be read is missing and told in `problems`, so look at `problems.errors` before anything is
    sent. `documents` maps file names to what was read, `left_out` to the spots that are missing because they are wrong.
    """

    root: Path
    rules: Rules
    campaigns: dict[str, Campaign]
    problems: Problems
    documents: dict[str, Document] = field(default_factory=dict)
    left_out: dict[str, set[Spot]] = field(default_factory=dict)

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
    def broken(self) -> frozenset[str]:
        """Names of traits, segments, audiences and tables that are written but could not be read.

        Whoever meets one in a condition need not complain: its own problem has been told.
        """
        spots = self.left_out.get(RULES, set())
        return frozenset(str(spot[len(at)]) for spot in spots for at in _NAMED if spot[: len(at)] == at and spot != at)

    @property
    def texts(self) -> dict[str, str]:
        """`{path: text}` of `rules.yaml` and the campaigns, as they were read: what `load_texts` reads again."""
        return {file: document.source.text for file, document in sorted(self.documents.items())}

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
    if not (root / RULES).is_file():
        problems.add("no-rules", Position(RULES), f"There is no {RULES} here.", "`regulars init` lays a project")
        return None, problems

    def from_disk(file: str) -> Document | None:
        return yaml_text.read(root / file, file, problems)

    return _project(root, _Reading(from_disk, problems), lambda: _campaign_files(root, problems))


def load_texts(files: Mapping[str, str], root: Path) -> tuple[Project | None, Problems]:
    """The same from texts: `{path: text}` of `rules.yaml` and `campaigns/*.yaml`, as an edition keeps them.

    `root` is where the project's other files lie; nothing of it is read.
    """
    problems = Problems()

    def from_texts(file: str) -> Document | None:
        return yaml_text.read_bytes(files[file].encode(), file, problems)

    names = {Path(file).stem: file for file in sorted(files) if Path(file).parent.name == CAMPAIGNS}
    if RULES not in files:
        problems.add("no-rules", Position(RULES), f"There is no {RULES} here.", "`regulars init` lays a project")
        return None, problems
    return _project(root, _Reading(from_texts, problems), lambda: names)


def _project(
    root: Path, reading: _Reading, campaign_files: Callable[[], dict[str, str]]
) -> tuple[Project | None, Problems]:
    problems = reading.problems
    rules = reading.file(RULES, Rules)
    files = campaign_files()
    campaigns = {name: campaign for name, file in files.items() if (campaign := reading.file(file, Campaign))}
    if rules is None:
        return None, problems
    project = Project(root, rules, campaigns, problems, reading.documents, reading.left_out)
    check_rules(rules, reading.documents[RULES], list(files), problems, reading.left_out[RULES])
    for name, campaign in campaigns.items():
        check_campaign(campaign, reading.documents[files[name]], rules, problems, list(files))
    check_one_programme({files[name]: campaign for name, campaign in campaigns.items()}, reading.documents, problems)
    return project, problems


@dataclass(slots=True)
class _Reading:
    """Reads and binds files; `read` gives the document of one, by its name."""

    read: Callable[[str], Document | None]
    problems: Problems
    documents: dict[str, Document] = field(default_factory=dict)
    left_out: dict[str, set[Spot]] = field(default_factory=dict)

    def file(self, file: str, model: type[Model]) -> Model | None:
        document = self.read(file)
        if document is None:
            return None
        self.documents[file] = document
        return bind(model, document, self.problems, self.left_out.setdefault(file, set()))


def _campaign_files(root: Path, problems: Problems) -> dict[str, str]:
    """Name → file of each campaign, by file; files whose name makes no campaign are told."""
    folder = root / CAMPAIGNS
    found: dict[str, str] = {}
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    for path in paths:
        file, place = f"{CAMPAIGNS}/{path.name}", Position(f"{CAMPAIGNS}/{path.name}")
        if path.name.startswith(".") or not path.is_file() or path.suffix.lower() not in (".yaml", ".yml"):
            continue
        if path.suffix != ".yaml":
            sentence = "A campaign's file ends in `.yaml`; this one is not read."
            problems.add("file-name", place, sentence, f"rename it to {path.stem}.yaml")
        elif not re.fullmatch(CAMPAIGN_NAME, path.stem):
            sentence = f"`{path.stem[:60]}` cannot be the name of a campaign."
            problems.add("file-name", place, sentence, "small letters without diacritics, digits, - and _")
        else:
            found[path.stem] = file
    if not found:
        place = Position(f"{CAMPAIGNS}/")
        sentence = "There is no campaign yet: nothing would be sent."
        problems.add("no-campaigns", place, sentence, f"write one, such as {CAMPAIGNS}/welcome.yaml", "warning")
    return found


def _fingerprinted(root: Path) -> Iterator[Path]:
    """The files that say what is sent, in a fixed order."""
    candidates = [root / RULES, root / _STEPS, *(root / CAMPAIGNS).glob("*.yaml"), *(root / "templates").rglob("*")]
    yield from sorted(path for path in candidates if path.is_file() and not path.name.startswith("."))
