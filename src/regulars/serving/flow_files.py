"""The project's own flows, by path: what a developer edits is what runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from regulars.errors import ProjectError

if TYPE_CHECKING:
    from prefect import Flow


def load_flow(root: Path, name: str) -> Flow[..., Any]:
    """The flow `name` of `flows/NAME.py` under `root`. Raises ProjectError where it cannot be loaded."""
    from prefect.exceptions import MissingFlowError, ScriptError
    from prefect.flows import load_flow_from_entrypoint

    path = root / "flows" / f"{name}.py"
    if not path.is_file():
        raise ProjectError(f"There is no flows/{name}.py in {root}.", "`regulars init` lays the flows of a project.")
    try:
        return load_flow_from_entrypoint(f"{path}:{name}", use_placeholder_flow=False)
    except ScriptError as error:
        reason = error.user_exc
        raise ProjectError(
            f"flows/{name}.py cannot be loaded: {type(reason).__name__}: {reason}.", "Mend the file."
        ) from reason
    except MissingFlowError as error:
        raise ProjectError(
            f"flows/{name}.py holds no flow called `{name}`.", "Decorate a function of that name with `@flow`."
        ) from error
