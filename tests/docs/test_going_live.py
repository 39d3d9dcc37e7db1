"""The page about going live, followed as far as it goes without a provider."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages import REPOSITORY, blocks, shell

PAGE = REPOSITORY / "docs" / "how-to" / "going_live.md"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("live")
    shell("regulars init casa", folder)
    return folder / "casa"


def test_its_steps_can_be_followed_and_the_doctor_is_content(shop: Path) -> None:
    said, written = "", ""
    for block in blocks(PAGE.read_text(encoding="utf-8")):
        match block.language:
            case "bash":
                said = shell(block.text, shop)
            case "ini":
                written += block.text
                (shop / ".env").write_text(written, encoding="utf-8")
            case "":
                for line in block.text.splitlines():
                    assert line.split() in [one.split() for one in said.splitlines()], said
    assert list((shop / ".regulars" / "outbox").rglob("*.eml"))


def test_the_doctor_names_what_its_steps_would_have_set(shop: Path) -> None:
    (shop / ".env").write_text("SENDGRID_API_KEY=SG.your-key\n", encoding="utf-8")
    said = " ".join(shell("regulars doctor", shop).split())
    assert "set REGULARS_SENDGRID_WEBHOOK_KEY" in said
    assert "set REGULARS_PUBLIC_URL" in said
