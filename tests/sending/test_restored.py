"""An older copy of the ledger is put back: what it has forgotten is not sent a second time."""

from __future__ import annotations

from typing import Any

import pytest

import shop_days as days
from regulars.campaigns import reconcile
from regulars.campaigns.standstill import RestoredError
from regulars.ledger import checks, halts, witness
from regulars.testing import FakeChannel
from small_shop import SmallShop

BEFORE, DAY, LATER, NEXT_DAY = "2026-02-01 09:00", "2026-02-01 10:00", "2026-02-01 12:00", "2026-02-02 10:00"


@pytest.fixture
def restored(shop: SmallShop, backup: Any, fake: FakeChannel) -> SmallShop:
    """Three letters went out after the copy was made that is in place now."""
    for customer in ("ana", "dan", "ion"):
        shop.customer(customer)
    shop.campaign("hello", send_within="3 days")
    days.run(shop, "hello", DAY)
    backup.keep()
    assert days.send(shop, DAY) == {"accepted": 3}
    backup.put_back()
    return shop


def recover(shop: SmallShop, when: str) -> reconcile.Settled:
    with days.opened(shop, when) as (desk, moment):
        return reconcile.recover(desk, moment)


def settle(shop: SmallShop, when: str) -> reconcile.Settled:
    with days.opened(shop, when) as (desk, moment):
        return reconcile.settle(desk, moment)


def halted(shop: SmallShop) -> dict[str, str]:
    with shop.desk() as desk, desk.ledger.reading() as connection:
        return halts.in_force(connection)


def sound(shop: SmallShop) -> bool:
    with shop.desk() as desk:
        return not checks.violations(desk.ledger)


def forget_the_witness(shop: SmallShop) -> None:
    """As on a machine that never sent before."""
    (shop.root / ".regulars" / witness.FILE).unlink()


def test_it_sends_nothing_until_somebody_has_looked(restored: SmallShop, fake: FakeChannel) -> None:
    for moment in (LATER, NEXT_DAY):
        with pytest.raises(RestoredError, match="older copy of itself"):
            days.send(restored, moment)
    assert halted(restored) == {"ledger": "restored"}
    assert len(fake.arrived) == 3


def test_every_other_machine_refuses_too(restored: SmallShop) -> None:
    with pytest.raises(RestoredError):
        days.send(restored, LATER)
    forget_the_witness(restored)
    with pytest.raises(RestoredError):
        days.send(restored, LATER, "sms")


def test_without_a_witness_an_event_proves_it(restored: SmallShop, fake: FakeChannel, tell: Any) -> None:
    forget_the_witness(restored)
    tell(LATER, "delivered", fake.arrived[0])
    with pytest.raises(RestoredError):
        days.send(restored, LATER)


def test_what_was_due_is_in_doubt_and_is_not_sent(restored: SmallShop, fake: FakeChannel) -> None:
    settled = recover(restored, LATER)
    assert (settled.doubted, settled.accepted, settled.lifted) == (3, 0, ["ledger"])
    assert days.send(restored, NEXT_DAY) == {}
    assert set(days.states(restored).values()) == {
        "one ambiguous: planned in an older copy of the ledger; it may have been sent since"
    }
    assert len(fake.arrived) == 3
    assert sound(restored)


def test_events_that_came_meanwhile_settle_it(restored: SmallShop, fake: FakeChannel, tell: Any) -> None:
    tell(LATER, "delivered", *fake.arrived[:2])
    assert recover(restored, LATER).accepted == 2
    tell(NEXT_DAY, "delivered", fake.arrived[2])
    assert halted(restored) == {}, "what was lost before is told of for weeks"
    assert settle(restored, NEXT_DAY).accepted == 1
    assert [row["state"] for row in days.rows(restored, "message")] == ["accepted"] * 3
    assert days.send(restored, NEXT_DAY) == {}
    assert sound(restored)


def test_a_letter_that_the_provider_dropped_is_not_taken_for_sent(
    restored: SmallShop, fake: FakeChannel, tell: Any
) -> None:
    tell(LATER, "dropped", fake.arrived[0])
    assert recover(restored, LATER).accepted == 0


def test_what_is_planned_afterwards_goes_out(restored: SmallShop, fake: FakeChannel) -> None:
    recover(restored, LATER)
    restored.customer("eva")
    days.run(restored, "hello", NEXT_DAY)
    assert days.send(restored, NEXT_DAY) == {"accepted": 1}
    assert fake.arrived[-1].to == "eva@example.com"


def test_who_enters_again_is_not_written_to_twice(shop: SmallShop, backup: Any, fake: FakeChannel, tell: Any) -> None:
    shop.campaign("hello", send_within="3 days")
    shop.customer("ana")
    days.run(shop, "hello", BEFORE)
    days.send(shop, BEFORE)
    backup.keep()
    shop.customer("dan")
    days.run(shop, "hello", DAY)
    assert days.send(shop, DAY) == {"accepted": 1}
    backup.put_back()
    tell(LATER, "delivered", fake.arrived[1])
    recover(shop, LATER)
    assert days.run(shop, "hello", NEXT_DAY).enter == 1, "the copy has never heard of dan"
    days.send(shop, NEXT_DAY)
    assert days.states(shop)["dan"] == "one accepted: the provider told that it went out before"
    assert [letter.to for letter in fake.arrived] == ["ana@example.com", "dan@example.com"]
    assert sound(shop)


def test_a_second_copy_is_found_out_as_well(restored: SmallShop, backup: Any) -> None:
    recover(restored, LATER)
    backup.keep()
    restored.customer("eva")
    days.run(restored, "hello", NEXT_DAY)
    days.send(restored, NEXT_DAY)
    backup.put_back()
    with pytest.raises(RestoredError):
        days.send(restored, NEXT_DAY)
