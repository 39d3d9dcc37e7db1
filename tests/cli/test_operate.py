"""`regulars reconcile` and `regulars doctor`, as somebody types them at three in the morning."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from regulars import clock
from regulars.campaigns.desk import Desk
from regulars.channels import registry
from regulars.ledger import breakers, halts
from regulars.testing import FakeChannel
from small_shop import SmallShop


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeChannel:
    channel = FakeChannel()
    monkeypatch.setattr(registry, "channel_for", lambda *_: channel)
    return channel


@pytest.fixture
def due(hello: SmallShop, fake: FakeChannel) -> SmallShop:
    """Ana's letter is planned, and due now."""
    from shop_days import run_one

    with hello.desk() as desk:
        run_one(desk, "hello", clock.now())
    return hello


def halted(shop: SmallShop, scope: str) -> None:
    with Desk.open(shop.root) as desk, desk.ledger.writing() as connection:
        halts.raise_halt(connection, scope, "too many complaints", clock.now())


def ago(shop: SmallShop) -> None:
    """What is in doubt was sent ten minutes ago: providers are not asked within a minute."""
    from datetime import timedelta

    from sqlalchemy import bindparam, text

    from regulars.ledger.columns import Moment

    earlier = text("update message set sent_at = :at").bindparams(
        bindparam("at", clock.now() - timedelta(minutes=10), type_=Moment())
    )
    with Desk.open(shop.root) as desk, desk.ledger.writing() as connection:
        connection.execute(earlier)


def well(shop: SmallShop, provider: str) -> None:
    """The provider answers again: after a failure nobody asks it for a while."""
    with Desk.open(shop.root) as desk, desk.ledger.writing() as connection:
        breakers.succeeded(connection, provider)


def test_where_all_is_well_nothing_is_in_doubt(regulars: Any, hello: SmallShop) -> None:
    told = regulars("reconcile", at=hello.root)
    assert (told.code, told.out.strip()) == (0, "Nothing is in doubt, and nothing is halted.")
    told = regulars("reconcile", "--format", "json")
    assert json.loads(told.out)["in_doubt"] == []


def test_doctor_is_well_before_there_is_a_ledger(regulars: Any, hello: SmallShop) -> None:
    told = regulars("doctor", "--ledger", at=hello.root)
    assert told.code == 0, told.err
    assert "there is none yet" in told.out
    assert not (hello.root / ".regulars" / "ledger.sqlite").exists()


def test_doubt_is_shown_settled_and_sent_again_on_demand(regulars: Any, due: SmallShop, fake: FakeChannel) -> None:
    fake.will("ambiguous")
    assert regulars("deliver", "--here", at=due.root).code == 4
    told = regulars("doctor")
    assert (told.code, "! in doubt" in told.out, "email of hello" in told.out) == (0, True, True)
    found = json.loads(regulars("reconcile", "--format", "json").out)
    assert [(one["state"], one["messages"]) for one in found["in_doubt"]] == [("ambiguous", 1)]
    assert found["in_doubt"][0]["since"]
    ago(due)
    assert "proven not sent" in regulars("reconcile").out
    assert "regulars reconcile --requeue sends them again" in " ".join(regulars("doctor").out.split())
    assert "planned again" in regulars("reconcile", "--requeue").out
    well(due, fake.name)
    assert regulars("deliver", "--here").code == 0
    assert len(fake.arrived) == 1
    assert "(I1–I9)" in regulars("doctor", "--ledger").out


def test_what_is_halted_goes_on_when_it_is_lifted(regulars: Any, due: SmallShop) -> None:
    halted(due, "campaign hello")
    told = regulars("doctor", at=due.root)
    assert told.code == 4
    assert "regulars reconcile --lift 'campaign hello'" in " ".join(told.out.split())
    assert "too many complaints" in regulars("reconcile").out
    told = regulars("reconcile", "--lift", "campaign hello")
    assert (told.code, "campaign hello" in told.out) == (0, True)
    assert regulars("doctor").code == 0


def test_lifting_what_is_not_halted_is_wrong_use(regulars: Any, hello: SmallShop) -> None:
    told = regulars("reconcile", "--lift", "campaign helo", at=hello.root)
    assert (told.code, told.out) == (2, "")
    assert "`campaign helo` is not halted." in told.err


def test_an_older_copy_of_the_ledger_sends_nothing_until_it_is_believed(
    regulars: Any, due: SmallShop, fake: FakeChannel
) -> None:
    file, copy = due.root / ".regulars/ledger.sqlite", due.root / "copy"
    shutil.copy(file, copy)
    assert regulars("deliver", "--here", at=due.root).code == 0
    shutil.copy(copy, file)
    told = regulars("deliver", "--here")
    assert told.code == 3
    assert "This ledger is an older copy of itself" in told.err
    assert "regulars reconcile --recovered" in told.err
    told = regulars("doctor")
    assert (told.code, "✗ ledger" in told.out) == (4, True)
    told = regulars("reconcile", "--recovered")
    assert told.code == 0
    assert "may have been sent since" in " ".join(told.out.split())
    assert regulars("deliver", "--here").code == 0
    assert len(fake.arrived) == 1
    assert "1 email of hello" in " ".join(regulars("doctor").out.split())


def test_doctor_tells_what_must_never_be(regulars: Any, due: SmallShop) -> None:
    from sqlalchemy import text

    with Desk.open(due.root) as desk, desk.ledger.writing() as connection:
        connection.execute(text("update message set state = 'delivered'"))
    told = regulars("doctor", "--ledger", at=due.root)
    assert (told.code, "I4" in told.out, "I8" in told.out) == (4, True, True)
    found = json.loads(regulars("doctor", "--ledger", "--format", "json").out)
    assert {one["invariant"] for one in found["violations"]} >= {"I4", "I8"}


def test_doctor_asks_for_what_a_live_shop_needs(
    regulars: Any, hello: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENDGRID_API_KEY", "SG.none")
    told = " ".join(regulars("doctor", at=hello.root).out.split())
    assert "live, through SendGrid" in told
    assert "REGULARS_SENDGRID_WEBHOOK_KEY" in told
    assert "REGULARS_PUBLIC_URL" in told
    assert "SG.none" not in told
