"""The files of `templates/`, read once: a message and its version always come from the same texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from regulars.errors import ProjectError

FOLDER = "templates"
SUFFIXES = ("html", "txt", "sms")
FORMS: dict[str, tuple[str, ...]] = {"email": ("html", "txt"), "sms": ("sms",)}
"""The files that a message needs, by channel."""
LARGEST = 262_144
"""Bytes of one template file; larger ones are not read."""

_NAME = re.compile(r"(?P<template>.+)\.(?P<language>[A-Za-z]{2,3}(?:[-_][A-Za-z]{2,4})?)\.(?P<suffix>html|txt|sms)")
_EXTENDS = re.compile(r"""{%-?\+?\s*extends\s+["']([^"']+)["']""")


class WordsError(ProjectError):
    """A template cannot be rendered. Says file, line and variable; never what stood in the variable.

    `file` is the one that is to blame, relative to the project; empty where no single one is.
    """

    def __init__(self, sentence: str, way_out: str = "", *, file: str = "") -> None:
        super().__init__(sentence, way_out)
        self.file = file


@dataclass(frozen=True, eq=False)
class Sources:
    """Texts by name, relative to `templates/` with forward slashes: `winback/first.ro.html`."""

    files: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path) -> Sources:
        """Every template of the project in folder `root`. Raises WordsError for a file too large or not UTF-8."""
        folder = root / FOLDER
        paths = sorted(path for path in folder.rglob("*") if path.suffix[1:] in SUFFIXES and path.is_file())
        return cls(
            {path.relative_to(folder).as_posix(): _text(path, path.relative_to(root).as_posix()) for path in paths}
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over names and texts."""
        digest = sha256()
        for name, text in sorted(self.files.items()):
            digest.update(f"{name}\0{len(text)}\0{text}".encode())
        return digest.hexdigest()

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sources) and self.digest == other.digest

    @cached_property
    def templates(self) -> dict[str, dict[tuple[str, str], str]]:
        """Template name → (language, suffix) → file name."""
        found: dict[str, dict[tuple[str, str], str]] = {}
        for name in self.files:
            if parts := _NAME.fullmatch(name):
                found.setdefault(parts["template"], {})[parts["language"], parts["suffix"]] = name
        return found

    def file(self, template: str, language: str, suffix: str) -> str | None:
        """The name of one file; None where it is not there."""
        return self.templates.get(template, {}).get((language, suffix))

    def with_layouts(self, names: Iterable[str]) -> list[str]:
        """These files and every layout they stand on, sorted."""
        seen: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in self.files and name not in seen:
                seen.add(name)
                waiting += self.layouts(name)
        return sorted(seen)

    def layouts(self, name: str) -> list[str]:
        """What the file `name` says it extends."""
        return _EXTENDS.findall(self.files[name])

    def chain(self, name: str) -> Iterator[str]:
        """The file `name`, the layout it extends, the layout of that … each once."""
        seen: set[str] = set()
        while name in self.files and name not in seen:
            seen.add(name)
            yield name
            name = next(iter(self.layouts(name)), "")


def _text(path: Path, name: str) -> str:
    if path.stat().st_size > LARGEST:
        raise WordsError(
            f"{name} is larger than 256 kB.", "Mail programs cut a message at about 100 kB: make it shorter.", file=name
        )
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise WordsError(f"{name} is not UTF-8.", "Save it again as UTF-8.", file=name) from None
