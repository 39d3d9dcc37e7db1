"""docs/recipes/referral.md over a month."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from month import Month

from regulars.campaigns.convert import convert
from regulars.campaigns.desk import Desk
from regulars.ledger import referrals
from small_shop import at


def test_regulars_are_asked_once_until_they_have_brought_a_friend(tmp_path: Path) -> None:
    month = Month(tmp_path, "referral", "2026-06-01")
    shop = month.shop
    for name, orders in {"ana": 3, "ion": 2, "vera": 4, "one": 1}.items():
        shop.customer(name, language="en")
        for number in range(orders):
            shop.order(name, f"2026-05-{number + 1:02} 10:00:00")
    shop.order("ion", "2026-06-10 08:00:00")
    shop.customer("silent", email_consent="no")
    shop.customer("lapsed")
    for number in range(3):
        shop.order("silent", f"2026-05-{number + 1:02} 10:00:00")
        shop.order("lapsed", f"2025-11-{number + 1:02} 10:00:00")
    # A third order on the 17th; but by then a friend has come with a code of theirs, and keeps what they ordered.
    shop.customer("brought")
    for day in ("2026-05-01", "2026-05-02", "2026-06-17"):
        shop.order("brought", f"{day} 08:00:00")
    shop.customer("friend", phone="+40700000002")

    def sends_a_friend(desk: Desk) -> None:
        with desk.ledger.writing() as connection:
            (row,) = referrals.codes_for(connection, pa.array(["brought"]), at("2026-05-01 10:00")).to_pylist()
        shop.order("friend", "2026-06-02 12:00:00", coupon_code=row["code"])

    month.on("2026-06-03", sends_a_friend)
    month.on("2026-06-04", lambda desk: convert(desk, at("2026-06-04 00:10")))
    month.on("2026-06-17", lambda desk: convert(desk, at("2026-06-17 00:10")))

    assert month.lived() == {
        "ana": ["Tue 2 Jun 11:00 email invite"],
        "vera": ["Tue 2 Jun 11:00 email invite"],
        "ion": ["Tue 16 Jun 11:00 email invite"],
    }
