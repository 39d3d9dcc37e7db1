"""Reading the documentation as its readers do: code blocks in order, each with the file that the text names for it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, and the last file named in backticks just above it."""

    language: str
    text: str
    file: str


def section(page: str, heading: str) -> str:
    """The text under `heading` of a page in the repository, up to the next heading of its level."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    level = heading.split(" ", 1)[0]
    assert f"\n{heading}\n" in text, f"{page} has no heading {heading}"
    rest = text.split(f"\n{heading}\n", 1)[1]
    return re.split(rf"\n{re.escape(level)} ", rest, maxsplit=1)[0]


def blocks(text: str) -> list[Block]:
    """The fenced blocks of `text`, in order."""
    found, end = [], 0
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        named = re.findall(r"`([\w./-]+\.\w+)`", text[end : match.start()])
        found.append(Block(match[1], match[2], named[-1] if named else ""))
        end = match.end()
    return found


def shell(commands: str, folder: Path) -> str:
    """What `commands` print on stdout, run in `folder` with `regulars` on the path; the test fails where one fails."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
    return done.stdout
