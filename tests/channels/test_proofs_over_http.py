"""A proof leaves by the shop's real channel where there is one, and a refusal is told."""

from __future__ import annotations

import json

import pytest

from regulars import clock
from regulars.campaigns.trying.proofs import Proof, prove
from regulars.testing import FakeSendGrid
from small_shop import SmallShop, at


@pytest.fixture
def live(shop: SmallShop, sendgrid: FakeSendGrid, monkeypatch: pytest.MonkeyPatch) -> SmallShop:
    """A shop with SendGrid, and Ana of its team."""
    monkeypatch.setenv("SENDGRID_API_KEY", sendgrid.api_key)
    monkeypatch.setenv("REGULARS_SENDGRID_URL", sendgrid.url)
    shop.rules = shop.rules.replace("site:", "team: {ana: Ana <ana@casaverde.example>}\n  site:")
    shop.customer("c1")
    shop.campaign("hello")
    return shop


def proved(shop: SmallShop) -> list[Proof]:
    with shop.desk(looking=True) as desk, clock.frozen(at("2026-02-01 10:00")):
        return prove(desk, "hello", "ana", at("2026-02-01 10:00"), language="ro")


def test_a_proof_goes_to_the_provider_with_its_mark(live: SmallShop, sendgrid: FakeSendGrid) -> None:
    (told,) = proved(live)
    assert told.outcome == "accepted"
    (request,) = sendgrid.requests
    asked = json.loads(request.body)
    (person,) = asked["personalizations"]
    assert person["to"][0]["email"] == "ana@casaverde.example"
    assert (person.get("subject") or asked["subject"]) == "[TEST] Salut"
    assert not (live.root / ".regulars" / "outbox").exists()


def test_what_the_provider_refuses_is_told_without_the_address(live: SmallShop, sendgrid: FakeSendGrid) -> None:
    sendgrid.will(400)
    (told,) = proved(live)
    assert told.outcome.startswith("rejected")
    assert "casaverde" not in told.outcome
