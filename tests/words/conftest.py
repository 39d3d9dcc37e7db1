"""A shop's words: the sample templates, small projects written in a test, and invented people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regulars.words.links import Links
from regulars.words.render import Words
from regulars.words.sources import Sources

ROOT = Path(__file__).resolve().parents[2]
MESSAGE = "0192f0c5b1a27c3d8e4f5a6b7c8d9e0f"
SHOP = {
    "name": "Casa Verde",
    "currency": "RON",
    "timezone": "Europe/Bucharest",
    "address": "Str. Lungă 7, Cluj-Napoca",
    "site": "https://casaverde.example",
}
NAMES = {"ro": "Ștefania", "ru": "Олег", "en": "Kate"}
WITH_AMOUNT = ("birthday/gift",)
INVITES = ("referral/invite", "referral/reward", "nps/promoter")
WITHOUT_OFFER = ("welcome/hello", "thanks/order", "nps/ask", "nps/passive", "nps/sorry", *INVITES)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shop() -> dict[str, Any]:
    return SHOP


@pytest.fixture(scope="session")
def words() -> Words:
    """The sample shop's own templates."""
    return Words(ROOT, ["ro", "ru", "en"], "ro", SHOP)


@pytest.fixture
def written() -> Callable[..., Words]:
    """Words from texts given in the test: `written({"a.en.txt": "…"})`."""
    return lambda files, languages=("en",): Words(Sources(files), list(languages), languages[0], SHOP)


@pytest.fixture(scope="session")
def context() -> Callable[..., dict[str, Any]]:
    """What a message of the sample shop knows: `context("discount/due", "ro")`."""

    def of(template: str, language: str, *, name: bool = True, goods: int = 2, short: bool = False) -> dict[str, Any]:
        links = Links("test-key", "", SHOP["site"])
        recommended = [{"product": f"Ceai {n}", "category": "ceai", "price": f"{n}.50"} for n in range(11, 11 + goods)]
        found: dict[str, Any] = {
            "customer": {"first_name": NAMES[language] if name else None, "recommended": recommended},
            "links": links.of(MESSAGE, short=short),
        }
        if template == "nps/ask":
            link = links.answer(MESSAGE, short=short)
            found["survey"] = {"kind": "nps", "scores": list(range(11)), "link": link}
        if template == "referral/reward":
            given = {"kind": "amount", "value": 80.0, "code": "R4T9QNX2KBD", "valid_until": "2027-11-29"}
            found["row"] = given | {"friends": 3.0, "gift": ""}
        if template in INVITES:
            found["referral"] = {"code": "K7MPQ2XVTAH", "link": links.referral("K7MPQ2XVTAH")}
        if template not in WITHOUT_OFFER:
            worth = (
                {"kind": "amount", "amount": "25.00"} if template in WITH_AMOUNT else {"kind": "percent", "percent": 10}
            )
            found["offer"] = {**worth, "code": "W4R9TNX2KBD", "valid_until": "2026-12-05"}
        return found

    return of
