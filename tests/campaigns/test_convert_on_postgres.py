"""A ledger in PostgreSQL gives the same credit as one in SQLite."""

from __future__ import annotations

from decimal import Decimal

import pytest

from regulars import clock
from regulars.campaigns import running
from regulars.campaigns.convert import Converted, convert
from regulars.campaigns.deliver import deliver
from small_shop import SmallShop, at

pytestmark = pytest.mark.postgres
SENT = at("2026-02-01 10:00")
LATER = at("2026-02-28 10:00")
GIFT = "[{send: email, template: gift/one, subject: Salut, offer: {percent: 10, valid: 7 days}}]"


def test_postgresql_gives_the_same_credit(shop: SmallShop, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGULARS_LEDGER", postgres_url)
    counts = "code: coupon_code, counts: \"status <> 'cancelled'\"}"
    shop.rules = shop.rules.replace("code: coupon_code}", counts)
    shop.customer("ana")
    shop.order("ana", "2026-01-05 10:00:00")
    shop.customer("ion", phone="+40700000002")
    shop.campaign("gift", messages=GIFT)
    shop.words("gift/one", offer="{{ offer.code }} {{ referral.code }}")
    shop.campaign("invite", audience="orders >= 1", holdout="0%", conversion="{of: referral, within: 60 days}")
    shop.words("invite/one", offer="{{ referral.code }}")
    with shop.desk() as desk, clock.frozen(SENT):
        for name in ("gift", "invite"):
            selected = running.select(desk, name, SENT)
            running.enrol(desk, selected.run_id, 0)
            running.finish(desk, selected.run_id)
        deliver(desk, "email", 100, SENT, "test")
        with desk.ledger.reading() as connection:
            codes = dict(connection.exec_driver_sql("select customer_id, code from code").fetchall())
            friend = connection.exec_driver_sql("select code from referral_code where customer_id = 'ana'").scalar()
    shop.order("ana", "2026-02-03 10:00:00", total=50, coupon_code=codes["ana"].lower())
    shop.order("ion", "2026-02-04 10:00:00", total=70.25, coupon_code=str(friend))
    shop.order("ion", "2026-02-05 10:00:00", total=30)
    with shop.desk() as desk, clock.frozen(LATER):
        found = convert(desk, LATER)
        assert (found.by_evidence, found.revenue) == ({"code": 1, "referral": 1, "window": 1}, Decimal("150.25"))
        assert found.referrals == 1
        assert convert(desk, LATER) == Converted()
    shop.orders[-2]["status"] = "cancelled"
    with shop.desk() as desk, clock.frozen(LATER):
        assert convert(desk, LATER).withdrawn == 1
