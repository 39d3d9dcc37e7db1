"""Problems in a project's files: values with a position, collected, never exceptions on the way.

A problem says where (file:line:column), which kind (a stable code), what (one sentence in a marketer's words) and
what is allowed. `Problems` collects; `ProjectError`-raising is left to whoever decides that nothing may run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file of the project.

    `file` is relative to its root, `line` and `column` count characters from 1, `length` is what the caret underlines.
    """

    file: str
    line: int = 1
    column: int = 1
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong. `way_out` is what is allowed, or what to write instead."""

    position: Position
    code: str
    sentence: str
    way_out: str = ""
    level: Literal["error", "warning"] = "error"


@dataclass(slots=True)
class Problems:
    """All problems of a project, in the order they were met; `sorted()` is the order for people."""

    found: list[Problem] = field(default_factory=list)
    _seen: set[Problem] = field(default_factory=set, repr=False, compare=False)

    def add(
        self,
        code: str,
        position: Position,
        sentence: str,
        way_out: str = "",
        level: Literal["error", "warning"] = "error",
    ) -> None:
        """Collect one problem; the same one twice counts once."""
        problem = Problem(position, code, sentence, way_out, level)
        if problem not in self._seen:
            self._seen.add(problem)
            self.found.append(problem)

    @property
    def errors(self) -> list[Problem]:
        """The problems that stop a run."""
        return sorted(p for p in self.found if p.level == "error")

    def sorted(self) -> list[Problem]:
        """Every problem, by file, line and column."""
        return sorted(self.found)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.sorted())

    def __len__(self) -> int:
        return len(self.found)
