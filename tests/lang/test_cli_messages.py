"""What the command line says to arguments that have no meaning: tests/messages/_cli, a command and its answer each.

After a sentence has been improved: `REGULARS_WRITE_MESSAGES=1 pytest tests/lang/test_cli_messages.py`.
"""

import os
import re
import shutil
from pathlib import Path

import pytest

from regulars.cli.entry import run as _run

MESSAGES = Path(__file__).parents[1] / "messages"
CASES = sorted((MESSAGES / "_cli").glob("*.txt"))


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """The small shop without a mistake, as the folder one stands in."""
    shutil.copytree(MESSAGES / "_project", tmp_path / "shop")
    monkeypatch.chdir(tmp_path / "shop")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_argument_is_told(case, shop, capsys):
    command, _, expected = case.read_text("utf-8").partition("\n")
    code = _run(command.removeprefix("$ regulars ").split())
    said = capsys.readouterr()
    told = f"{said.err}[{code}]\n".replace(str(Path.cwd()), "/shop")
    told = re.sub(r"(?:\w+, ){5,}\w+", "all verbs", told)
    if os.environ.get("REGULARS_WRITE_MESSAGES"):
        case.write_text(f"{command}\n{told}", encoding="utf-8")
        return
    assert said.out == "", "an error leaves stdout to answers"
    assert told == expected
    assert code in (1, 2)
    assert "Traceback" not in told
