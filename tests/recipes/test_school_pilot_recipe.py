"""docs/recipes/school_pilot.md over its days."""

from __future__ import annotations

from pathlib import Path

from month import Month
from sqlalchemy import text

import shop_days as days
from regulars.campaigns.desk import Desk

TOWN, CLICKING = 240, {"calm": 1, "price": 5}
"""People in the town, and of ten who get a variant how many click."""


def clicks(desk: Desk) -> None:
    """Some of those who got a letter click in it."""
    with desk.ledger.writing() as connection:
        sent = connection.execute(text("select id, variant from message order by customer_id")).all()
        for number, (message_id, variant) in enumerate(sent):
            if number % 10 < CLICKING[variant]:
                connection.execute(text("update message set state = 'clicked' where id = :id"), {"id": message_id})


def month_of(root: Path) -> Month:
    """Days with many people in the town, and four elsewhere."""
    month = Month(root, "school_pilot", "2026-08-20", 5, watched=("10:00",))
    shop = month.shop
    for number in range(TOWN):
        shop.customer(f"cluj{number}", city="Cluj-Napoca", language="en")
    for name in ("ana", "ion", "vera", "dan"):
        shop.customer(name, city="Iași", language="en")
    shop.customer("silent", city="Iași", email_consent="no")
    for customer in [one["customer_id"] for one in shop.customers]:
        shop.row("order_lines", customer, ordered_at="2026-01-05 10:00:00", product="Caiete", category="school")
    shop.customer("other", city="Cluj-Napoca")
    return month


def test_one_town_gets_both_and_the_others_the_better_one_three_days_later(tmp_path: Path) -> None:
    month = month_of(tmp_path)
    month.on("2026-08-22", clicks)
    got = month.lived()
    town = {who: when for who, when in got.items() if who.startswith("cluj")}
    rest = {who: when for who, when in got.items() if who not in town}
    assert {when for (when,) in town.values()} == {"Thu 20 Aug 10:00 email offer"}
    assert TOWN * 0.8 < len(town) < TOWN  # a tenth is held out
    assert {when for (when,) in rest.values()} == {"Sun 23 Aug 10:00 email offer"}
    assert rest.keys() <= {"ana", "ion", "vera", "dan"}
    assert len(rest) > 1
    (trial,) = days.rows(month.shop, "trial")
    assert trial["winner"] == "price", trial["sentence"]
    variants = {row["customer_id"]: row["variant"] for row in days.rows(month.shop, "message")}
    assert {variants[who] for who in town} == {"calm", "price"}
    assert {variants[who] for who in rest} == {"price"}
    assert "15 % off everything for school" in month.texts(next(iter(rest)))[0].replace("\N{NO-BREAK SPACE}", " ")
