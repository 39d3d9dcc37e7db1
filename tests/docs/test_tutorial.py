"""The tutorial, followed to the letter."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages import REPOSITORY, blocks, shell


def spoken(folder: Path, commands: str) -> str:
    """What a command that must fail says."""
    return shell(f"if {commands.strip()} 2>&1; then exit 1; fi", folder)


@pytest.mark.thorough
@pytest.mark.prefect
def test_the_tutorial_can_be_followed_to_its_end(tmp_path: Path) -> None:
    folder, said, everything = tmp_path, "", ""
    for block in blocks((REPOSITORY / "docs" / "tutorial.md").read_text(encoding="utf-8")):
        if block.language == "diff":
            file = folder / block.file
            old, new = (line[1:] for line in block.text.splitlines())
            text = file.read_text(encoding="utf-8")
            assert old in text, f"{block.file} has no line {old}"
            file.write_text(text.replace(old, new), encoding="utf-8")
        elif block.language:
            said = spoken(folder, block.text) if block.language == "fails" else shell(block.text, folder)
            everything += said
            folder = tmp_path / "casa"
        else:
            assert block.text in said, said
    assert "already-enrolled" in said + everything
    assert "Your shelf is still here" in (folder / ".regulars" / "preview" / "winback-first-email-en.html").read_text(
        encoding="utf-8"
    )
