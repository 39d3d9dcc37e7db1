"""The files `regulars init` lays: those of the repository itself, packed into the wheel as `regulars/scaffold`."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

from regulars.errors import WrongUse

LAID = ("rules.yaml", "campaigns", "templates", "flows", "schemas", "tests/rules")
IGNORED = """# What Regulars keeps for itself: the ledger, snapshots, messages of the folder channel.
.regulars/
.env
"""


def lay_project(folder: Path) -> list[Path]:
    """Copy the scaffold into `folder`; the files it laid. Files that exist are left alone.

    Raises WrongUse for a broken installation.
    """
    folder.mkdir(parents=True, exist_ok=True)
    laid: list[Path] = []
    with as_file(files("regulars")) as package:
        source = _source(package)
        for name in LAID:
            for file in sorted([source / name] if (source / name).is_file() else (source / name).rglob("*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    target = folder / file.relative_to(source)
                    if not target.exists():
                        target.parent.mkdir(parents=True, exist_ok=True)
                        shutil.copyfile(file, target)
                        laid.append(target)
    if not (folder / ".gitignore").exists():
        (folder / ".gitignore").write_text(IGNORED, encoding="utf-8")
        laid.append(folder / ".gitignore")
    return laid


def _source(package: Path) -> Path:
    """The scaffold of the wheel; in an editable installation, the checkout."""
    packed, checkout = package / "scaffold", package.parent.parent
    if (packed / "rules.yaml").is_file():
        return packed
    if (checkout / "rules.yaml").is_file() and (checkout / "pyproject.toml").is_file():
        return checkout
    raise WrongUse("This installation of Regulars lacks the files that `init` lays.", "Install it again.")
