"""Orders that the shop told of before its data had them: counted once, whichever comes first."""

from __future__ import annotations

from decimal import Decimal

from regulars.campaigns.convert import Converted, convert
from regulars.ledger import posted
from regulars.ledger.posted import Told
from shop_days import live
from small_shop import SmallShop, at

SENT, LATER = "2026-02-01 10:00", at("2026-02-28 10:00")
CANCELS = "code: coupon_code, counts: \"status <> 'cancelled'\"}"
TWO = (
    "[{send: email, template: gift/one, subject: Salut}, {send: email, after: 3 days, template: gift/two, subject: Da}]"
)


def post(shop: SmallShop, order: str, *, counts: bool = True) -> None:
    told = Told(order, "ana", at("2026-02-03 10:00"), Decimal("80.00"), "RON", "", counts)
    with shop.desk() as desk, desk.ledger.writing() as connection:
        posted.keep(connection, [told], at("2026-02-03 10:01"))


def converted(shop: SmallShop) -> Converted:
    with shop.desk() as desk:
        return convert(desk, LATER)


def test_a_posted_order_counts_until_the_shops_data_has_it_and_then_once(shop: SmallShop) -> None:
    shop.rules = shop.rules.replace("code: coupon_code}", CANCELS)
    shop.customer("ana")
    shop.campaign("gift")
    live(shop, SENT, "gift")
    post(shop, "o1")
    assert (converted(shop).orders, converted(shop).orders) == (1, 0)
    shop.order("ana", "2026-02-03 10:00:00", total=75)
    assert (converted(shop).orders, converted(shop)) == (0, Converted())
    with shop.desk(looking=True) as desk, desk.ledger.reading() as connection:
        assert connection.exec_driver_sql("select order_id, amount from conversion").fetchall() == [("o1", 75)]
    shop.orders[0]["status"] = "cancelled"
    assert converted(shop).withdrawn == 1
    shop.orders.clear()
    assert converted(shop).orders == 1
    post(shop, "o1", counts=False)
    assert (converted(shop).withdrawn, converted(shop)) == (1, Converted())


def test_a_posted_refund_takes_the_credit_back_before_the_shops_data_says_so(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("gift")
    live(shop, SENT, "gift")
    shop.order("ana", "2026-02-03 10:00:00", total=75)
    assert converted(shop).orders == 1
    post(shop, "o1", counts=False)
    assert (converted(shop).withdrawn, converted(shop)) == (1, Converted())


def test_whoever_ordered_by_post_hears_no_more_of_the_campaign(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("gift", messages=TWO, exit="ordered")
    live(shop, SENT, "gift")
    post(shop, "o1")
    live(shop, "2026-02-04 10:30")
    with shop.desk(looking=True) as desk, desk.ledger.reading() as connection:
        told = connection.exec_driver_sql("select end_reason from enrolment").fetchall()
    assert told == [("exit",)]


def test_an_entry_keeps_the_window_its_run_had_whatever_is_edited(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("gift")
    live(shop, SENT, "gift")
    shop.order("ana", "2026-02-10 10:00:00")
    assert converted(shop).orders == 1
    shop.campaign("gift", conversion="{within: 1 day}")
    assert converted(shop) == Converted()
    (shop.root / "campaigns" / "gift.yaml").unlink()
    assert converted(shop) == Converted()


def test_an_order_that_vanished_gives_its_credit_back_unless_the_shop_forgot_its_time(shop: SmallShop) -> None:
    shop.customer("ana")
    shop.campaign("gift")
    live(shop, SENT, "gift")
    for day in (3, 5, 7):
        shop.order("ana", f"2026-02-0{day} 10:00:00")
    assert converted(shop).orders == 3
    del shop.orders[1]
    assert converted(shop).withdrawn == 1
    del shop.orders[0]
    assert converted(shop).withdrawn == 0
