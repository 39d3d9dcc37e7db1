"""The projects of this folder, laid over the real data that lies beside the repository; no data is kept in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
SHARED = Path(os.environ.get("REGULARS_SHARED") or REPOSITORY.parent / "shared")

SALTS = {"arms": "0" * 32, "addresses": "1" * 32}
"""Arms are drawn with a salt of the ledger's own: with this one the same people are held out every time."""


def laid(name: str, folder: Path) -> Path:
    """A copy of project `name` in `folder`, its `data/` pointing at the real data. Skips where there is none."""
    data = SHARED / "data" / name
    if not data.is_dir():
        pytest.skip(f"the real data is not there: {data} (REGULARS_SHARED names the folder that has data/)")
    root = folder / name
    shutil.copytree(HERE / name, root)
    (root / "data").symlink_to(data, target_is_directory=True)
    (root / "flows").mkdir()
    for flow in ("campaign", "advance", "conversions"):
        shutil.copy(REPOSITORY / "flows" / f"{flow}.py", root / "flows")
    (root / ".regulars").mkdir()
    (root / ".regulars" / "salts.json").write_text(json.dumps(SALTS))
    return root


def regulars(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What the command line answers, in a process of its own, without anybody's credentials."""
    ours = ("REGULARS_", "SENDGRID_", "TWILIO_", "PREFECT_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    command = [sys.executable, "-c", "from regulars.cli import main; main()", *arguments, "--project", str(root)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)


def census(root: Path, as_of: str, output: Path) -> dict[str, Any]:
    """`regulars segments` as JSON; the row of each customer goes to `output`."""
    told = regulars(root, "segments", "--as-of", as_of, "--format", "json", "--output", str(output))
    assert told.returncode == 0, told.stderr
    counted: dict[str, Any] = json.loads(told.stdout)
    return counted
