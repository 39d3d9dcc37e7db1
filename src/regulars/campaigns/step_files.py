"""Loading `flows/steps.py` of a project, without a trace where it should leave none."""

from __future__ import annotations

import hashlib
import sys
import traceback
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

from regulars.campaigns.steps import Step, StepError
from regulars.errors import ProjectError

FILE = "flows/steps.py"


def steps_of(root: Path) -> dict[str, Step]:
    """The steps in `flows/steps.py` of the project at `root`, by name; none where there is no such file.

    The file is run anew at each call. Raises StepError, with the line, where it cannot be.
    """
    path = root / FILE
    if not path.is_file():
        return {}
    steps: dict[str, Step] = {}
    for value in vars(_loaded(path)).values():
        if isinstance(value, Step) and steps.setdefault(value.name, value) is not value:
            raise StepError(f"{FILE} has two steps named `{value.name}`.", "Give one of them another name.")
    return steps


class _Fresh(SourceFileLoader):
    """Compiles the file each time: bytecode of a file that was edited within the same second would be stale."""

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  # importlib gives it
        return self.source_to_code(self.get_data(self.path), self.path)


def _loaded(path: Path) -> ModuleType:
    """The module in the file at `path`.

    It is kept in `sys.modules` (dataclasses and pydantic look their module up there) under a name that nobody imports
    and that two projects do not share.
    """
    name = f"regulars_steps_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    spec = spec_from_file_location(name, path, loader=_Fresh(name, str(path)))
    if not isinstance(spec, ModuleSpec) or spec.loader is None:
        raise StepError(f"{FILE} cannot be loaded.")
    module = module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        sys.modules.pop(name)
        if before is not None:
            sys.modules[name] = before
        if isinstance(error, ProjectError) or not isinstance(error, Exception):
            raise
        raise StepError(f"{_place(error, path)} {type(error).__name__}: {_said(error)}") from error
    return module


def _said(error: Exception) -> str:
    return error.msg if isinstance(error, SyntaxError) else str(error)


def _place(error: Exception, path: Path) -> str:
    """`flows/steps.py:12`: the line of the file that failed."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{FILE}:{error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"{FILE}:{lines[-1]}" if lines else FILE
