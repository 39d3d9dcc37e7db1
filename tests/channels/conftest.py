"""Fixtures of the channels' tests: providers that pretend, and the providers' own descriptions of their requests."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from regulars.testing import FakeSendGrid, FakeTwilio


@pytest.fixture
def sendgrid() -> Iterator[FakeSendGrid]:
    with FakeSendGrid() as provider:
        yield provider


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio() as provider:
        yield provider


@pytest.fixture(scope="session")
def description_of():
    """The provider's OpenAPI description by file name, or a skip where the shared folder is not there."""
    shared = Path(os.environ.get("REGULARS_SHARED") or Path(__file__).parents[3] / "shared")

    def read(name: str) -> dict[str, Any]:
        file = shared / "specs" / name
        if not file.exists():
            pytest.skip(f"{file.name} is not there: set REGULARS_SHARED to the folder that holds specs/")
        return json.loads(file.read_text())

    return read
