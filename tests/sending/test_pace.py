"""How fast messages leave, and that nobody takes what waits for its turn."""

from __future__ import annotations

from threading import Event

import pytest

import shop_days as days
from regulars import clock
from regulars.campaigns.deliver import opened
from regulars.campaigns.desk import Desk
from regulars.campaigns.pace import most_at_once
from regulars.channels.contract import Outgoing
from regulars.ledger import buckets, outbox
from regulars.testing import FakeChannel
from small_shop import SmallShop


@pytest.fixture
def paced(shop: SmallShop, fake: FakeChannel, monkeypatch: pytest.MonkeyPatch) -> SmallShop:
    """Three letters are due, SendGrid takes ten a second, and a lease is two seconds long."""
    fake.name = "sendgrid"
    monkeypatch.setenv("REGULARS_SENDGRID_RATE", "10")
    monkeypatch.setenv("REGULARS_LEASE_SECONDS", "2")
    for customer in ("ana", "dan", "ion"):
        shop.customer(customer)
    shop.campaign("hello")
    days.run(shop, "hello", clock.now())
    return shop


class Watched(Event):
    """A stop that nobody sets; whoever waits for it lets other workers look for leases that are over."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk, self.waited = desk, 0.0

    def wait(self, timeout: float | None = None) -> bool:
        self.waited += timeout or 0
        told = super().wait(timeout)
        outbox.release(self.desk.ledger, self.desk.ledger.present())
        return told


def test_what_waits_longer_than_a_lease_is_not_given_to_another_worker(paced: SmallShop, fake: FakeChannel) -> None:
    with paced.desk() as desk:
        desk.people(clock.now())
        # Others have asked before: it will be more than three seconds, and the lease is two.
        buckets.reserve(desk.ledger, "sendgrid", 45, 10, desk.ledger.present())
        stop = Watched(desk)
        with opened(desk, "email", "test", stop=stop) as delivery:
            assert delivery.chunk(100, clock.now()).counts == {"accepted": 3}
        assert stop.waited > 2
    assert len(fake.arrived) == 3


def test_who_is_stopped_while_waiting_gives_everything_back(paced: SmallShop, fake: FakeChannel) -> None:
    with paced.desk() as desk:
        buckets.reserve(desk.ledger, "sendgrid", 100, 10, desk.ledger.present())
        stop = Event()
        stop.wait = lambda _seconds=None: stop.set() or True  # type: ignore[method-assign]  # told to stop at once
        with opened(desk, "email", "test", stop=stop) as delivery:
            delivery.chunk(100, clock.now())
    assert set(days.states(paced).values()) == {"one planned"}
    assert fake.asked == []


def test_the_rate_of_text_messages_counts_segments(
    shop: SmallShop, fake: FakeChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regulars.campaigns import pace

    fake.name = "twilio"
    monkeypatch.setenv("REGULARS_TWILIO_RATE", "2")
    wave = [[Outgoing(f"m{n}", "", "sms", "+40700000001", text="ă" * 100, sender="Casa", segments=2)] for n in range(3)]
    with shop.desk() as desk:
        assert most_at_once(desk, fake) == 30
        assert pace._costs(desk, fake, wave) == {"twilio Casa": (6.0, 2.0)}


def test_without_a_rate_nobody_waits(shop: SmallShop, fake: FakeChannel) -> None:
    fake.name = "sendgrid"
    with shop.desk() as desk:
        assert most_at_once(desk, fake) is None
