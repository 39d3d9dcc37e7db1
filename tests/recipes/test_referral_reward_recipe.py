"""docs/recipes/referral_reward.md over a month, beside the campaign that says what a friend is worth."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from month import Month, page

from regulars.campaigns.convert import convert
from regulars.campaigns.desk import Desk
from regulars.ledger import referrals
from small_shop import at


def test_who_brought_a_friend_is_thanked_once_when_the_order_cannot_come_back(tmp_path: Path) -> None:
    month = Month(tmp_path, "referral_reward", "2026-06-01")
    shop = month.shop
    invites = next(block.text for block in page("referral") if block.file == "campaigns/referral.yaml")
    shop.campaign("referral", invites.replace("orders >= 3", "orders >= 2"))
    shop.words("referral/invite")
    for number, name in enumerate(("ana", "vera", "friend", "returns")):
        shop.customer(
            name, language="en", phone=f"+4070000010{number}", email_consent="no" if name == "vera" else "yes"
        )
    for name in ("ana", "ana", "vera"):
        shop.order(name, "2026-05-02 08:00:00")

    def friends_come(desk: Desk) -> None:
        with desk.ledger.writing() as connection:
            found = referrals.codes_for(connection, pa.array(["ana", "vera"]), at("2026-06-01 10:00")).to_pylist()
        codes = {row["customer_id"]: row["code"] for row in found}
        shop.order("friend", "2026-06-03 08:00:00", coupon_code=codes["vera"])
        shop.order("returns", "2026-06-04 08:00:00", coupon_code=codes["ana"])

    def comes_back(desk: Desk) -> None:  # what happens on a morning is given the desk
        shop.orders[-1]["status"] = "refunded"

    month.on("2026-06-04", friends_come)
    month.on("2026-06-10", comes_back)
    for day in ("2026-06-05", "2026-06-11", "2026-06-18", "2026-06-20"):
        month.on(day, lambda desk, day=day: convert(desk, at(f"{day} 08:30")))  # type: ignore[misc]  # bound early

    lived = month.lived()
    assert lived["vera"] == ["Thu 18 Jun 11:00 email reward"], "a service: no consent is asked"
    assert "ana" not in {who for who, letters in lived.items() if any("reward" in one for one in letters)}
