"""For pytest: `tests/rules/*.yaml` of a project are collected as tests. Loads nothing before there is such a file.

Installed with Regulars, as the entry point `regulars` of `pytest11`; `-p no:regulars` switches it off.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from regulars.testing.rules import Result

PLACE = ("tests", "rules")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A file of `tests/rules` in a folder with rules.yaml."""
    folder = file_path.parent
    if file_path.suffix == ".yaml" and folder.parts[-2:] == PLACE and (folder.parent.parent / "rules.yaml").is_file():
        return RuleTestsFile.from_parent(parent, path=file_path)
    return None


class RuleTestsFile(pytest.File):
    """One file of rule tests."""

    def collect(self) -> Iterator[pytest.Item]:
        """Every case; one item for a file that cannot be read. They are played together when the first one runs."""
        from regulars.lang.problems import Problems
        from regulars.lang.rule_tests import load

        root = self.path.parent.parent.parent
        read = load(root, self.path, Problems())
        for number, case in enumerate(read.cases if read else []):
            yield RuleTestItem.from_parent(self, name=str(case.name), number=number)
        if read is None:
            yield RuleTestItem.from_parent(self, name="can be read", number=0)

    def results(self) -> list[Result]:
        """What came of the cases, in their order. Raises BrokenRules with the problems of the files."""
        if not hasattr(self, "_results"):
            from regulars.lang.telling import as_text
            from regulars.testing.rules import run_rule_tests

            root = self.path.parent.parent.parent
            found = run_rule_tests(root, [self.path])
            if found.problems.errors:
                raise BrokenRules(as_text(found.problems.sorted(), root))
            self._results = found.tests
        return self._results


class RuleTestItem(pytest.Item):
    """One case."""

    def __init__(self, *, number: int, **known: object) -> None:
        super().__init__(**known)  # type: ignore[arg-type]  # pytest's own keywords, passed on
        self.number = number

    def runtest(self) -> None:
        """Fail where anything differs."""
        parent = self.parent
        assert isinstance(parent, RuleTestsFile)  # noqa: S101  # pytest gives the collector that made it
        result = parent.results()[self.number]
        if not result.passed:
            from regulars.testing.rules import told

            raise BrokenRules(told(result))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:  # noqa: ARG002  # pytest's signature
        """Our own words, without a traceback."""
        from regulars.errors import RegularsError

        if isinstance(excinfo.value, (BrokenRules, RegularsError)):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands."""
        return self.path, 0, f"{self.path.name}: {self.name}"


class BrokenRules(Exception):
    """A rule test that does not hold, or cannot be read."""
