"""Redemptions: which orders carried which code, and where each stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

import shop_days as days
from regulars.campaigns.convert import convert
from regulars.campaigns.desk import Desk
from regulars.campaigns.friends.judging import EVER
from regulars.campaigns.redeeming import redeem
from regulars.people.orders import ORDERS
from small_shop import SmallShop, at

DAY = "2026-02-01 10:00"
GIFT = "[{send: email, template: gift/one, subject: S, offer: {%s, valid: 5 days}}]"


def sent(shop: SmallShop, terms: str = "percent: 20") -> dict[str, str]:
    """Customer → the code that each was sent."""
    for name in ("ana", "ion"):
        shop.customer(name)
    shop.campaign("gift", messages=GIFT % terms)
    shop.words("gift/one", offer="{{ offer.code }}")
    days.run(shop, "gift", DAY)
    days.send(shop, DAY)
    return {row["customer_id"]: row["code"] for row in days.rows(shop, "code", "customer_id, code")}


def standings(shop: SmallShop, when: str = "2026-03-01 10:00") -> dict[str, str]:
    """Order → where it stands."""
    with days.opened(shop, when) as (desk, moment):
        convert(desk, moment)
    return {row["order_id"]: row["standing"] for row in days.rows(shop, "redemption", "order_id, standing")}


def test_an_order_redeems_the_code_that_it_carries_however_it_was_typed(shop: SmallShop) -> None:
    code = sent(shop)["ana"]
    order = shop.order("ana", "2026-02-02 10:00:00", total=80, coupon_code=f" {code[:4].lower()}-{code[4:]} ")
    assert standings(shop) == {order: "used"}
    (row,) = days.rows(shop, "redemption")
    # 80 were paid after 20 per cent of 100.
    assert (row["code"], float(row["discount"]), row["message_name"]) == (code, 20.0, "one")


def test_after_its_end_it_is_late_and_a_second_time_again(shop: SmallShop) -> None:
    codes = sent(shop)
    late = shop.order("ana", "2026-02-07 00:00:01", coupon_code=codes["ana"])
    first = shop.order("ion", "2026-02-06 23:59:59", coupon_code=codes["ion"])
    again = shop.order("ion", "2026-02-07 10:00:00", coupon_code=codes["ion"])
    assert standings(shop) == {late: "late", first: "used", again: "again"}


@pytest.mark.parametrize(("redeem", "standing"), [("anyone", "used"), ("holder", "not theirs")])
def test_the_offer_says_whether_somebody_else_may_use_a_code(shop: SmallShop, redeem: str, standing: str) -> None:
    codes = sent(shop, f"amount: 10, redeem: {redeem}")
    order = shop.order("ion", "2026-02-02 10:00:00", coupon_code=codes["ana"])
    assert standings(shop) == {order: standing}


def test_a_shared_code_is_used_by_those_who_were_given_it_as_often_as_they_like(shop: SmallShop) -> None:
    sent(shop, "amount: 10, code: VIPDAY")
    shop.customer("kate")
    own = [shop.order("ana", f"2026-02-0{day} 10:00:00", coupon_code="vipday") for day in (2, 3)]
    strangers = shop.order("kate", "2026-02-02 10:00:00", coupon_code="VIPDAY")
    assert standings(shop) == {own[0]: "used", own[1]: "used", strangers: "not theirs"}


def test_before_the_message_went_out_it_is_too_early(shop: SmallShop) -> None:
    code = sent(shop)["ana"]
    order = shop.order("ana", "2026-02-01 10:00:00", coupon_code=code)
    with days.opened(shop, DAY) as (desk, _), desk.ledger.writing() as connection:
        connection.execute(text("update message set sent_at = null"))
    assert standings(shop) == {}
    with days.opened(shop, "2026-02-02 10:00") as (desk, moment):
        redeem(desk, desk.placed(EVER, moment), EVER, moment)
    assert [row["standing"] for row in days.rows(shop, "redemption")] == ["too early"]
    assert days.rows(shop, "redemption", "order_id") == [{"order_id": order}]


def test_a_cancelled_order_redeems_nothing_any_more(shop: SmallShop) -> None:
    shop.rules = shop.rules.replace("code: coupon_code}", "code: coupon_code, counts: \"status <> 'cancelled'\"}")
    codes = sent(shop)
    first = shop.order("ana", "2026-02-02 10:00:00", coupon_code=codes["ana"])
    second = shop.order("ana", "2026-02-03 10:00:00", coupon_code=codes["ana"])
    assert standings(shop) == {first: "used", second: "again"}
    shop.orders[0]["status"] = "cancelled"
    assert standings(shop) == {second: "used"}


class Placed(NamedTuple):
    """An order of the tests, by minutes since the message went out."""

    customer: str
    code: int
    minute: int


CODES = 2
ANY = st.lists(
    st.builds(
        Placed, st.sampled_from(["ana", "ion", "zoe"]), st.integers(0, CODES - 1), st.sampled_from([-5, 5, 10, 20_000])
    ),
    max_size=6,
)


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, list[str]]]:
    """The desk of a shop that sent two codes, one of them for its holder alone."""
    shop = SmallShop(Path(tmp_path_factory.mktemp("redeemed")) / "shop")
    codes = sent(shop)
    with shop.desk() as desk:
        with desk.ledger.writing() as connection:
            connection.execute(text("update code set holder_only = (customer_id = 'ion')"))
        yield desk, sorted(codes.values())


def table(orders: list[tuple[int, Placed]], codes: list[str]) -> pa.Table:
    rows = [
        {
            "order_id": f"o{number}",
            "customer_id": order.customer,
            "at": at(DAY) + timedelta(minutes=order.minute),
            "amount": Decimal("50.00"),
            "code": codes[order.code],
        }
        for number, order in orders
    ]
    return pa.Table.from_pylist(rows, schema=ORDERS)


def written(desk: Desk) -> list[Any]:
    with desk.ledger.reading() as connection:
        return [tuple(row) for row in connection.execute(text("select * from redemption order by order_id"))]


@settings(max_examples=12)
@given(orders=ANY, data=st.data())
def test_orders_give_the_same_rows_in_whatever_sequence_they_arrive(laid: Any, orders: Any, data: Any) -> None:
    desk, codes = laid
    numbered, until = list(enumerate(orders)), at("2026-12-31 10:00")
    redeem(desk, table(numbered, codes), EVER, until)
    at_once = written(desk)
    assert redeem(desk, table(numbered, codes), EVER, until) == 0
    redeem(desk, ORDERS.empty_table(), EVER, until)
    assert written(desk) == []
    shuffled = data.draw(st.permutations(numbered))
    for number in range(1, len(shuffled) + 1):
        redeem(desk, table(shuffled[:number], codes), EVER, until)
    assert written(desk) == at_once
    # A part of the time, asked again alone, changes nothing either.
    middle = at(DAY) + timedelta(minutes=7)
    later = [one for one in numbered if one[1].minute > 7]
    assert redeem(desk, table(later, codes), middle, until) == 0
    uses = [row for row in at_once if "used" in row]
    assert len(uses) <= CODES
