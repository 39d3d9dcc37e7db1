"""Who gets what, and who does not."""

from __future__ import annotations

from regulars import clock
from regulars.campaigns import running
from regulars.campaigns.deliver import deliver
from small_shop import SmallShop, at


def test_somebody_in_the_audience_gets_the_message(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.order("ana", "2026-01-05 10:00:00")
    shop.customer("ion")
    shop.campaign("hello", audience="orders >= 1")
    with shop.desk() as desk, clock.frozen(at("2026-02-01 10:00")):
        selected = running.select(desk, "hello", clock.now())
        assert (selected.audience, selected.send) == (1, {"email": 1})
        assert running.enrol(desk, selected.run_id, 0).new == 1
        running.finish(desk, selected.run_id)
        assert deliver(desk, "email", 100, clock.now(), "test").counts == {"accepted": 1}
    (message,) = (shop.root / ".regulars" / "outbox").rglob("*.eml")
    assert "ana@example.com" in message.read_text()


def test_a_customer_without_consent_is_never_selected(shop: SmallShop) -> None:
    shop.customer("ana", email_consent="no")
    shop.customer("ion", email_consent="")
    shop.campaign("hello")
    with shop.desk() as desk:
        selected = running.select(desk, "hello", at("2026-02-01 10:00"))
    assert selected.withheld == {"no-consent": 2}
    assert selected.send == {}
